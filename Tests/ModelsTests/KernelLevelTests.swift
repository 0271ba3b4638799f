import Models
import Testing

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

@Suite struct KernelLevelTests {
    @Test("levels have names of their own, and a mixed one follows the one that it equals")
    func names() {
        let levels = KernelLevel.allCases
        #expect(Set(levels.map(\.description)).count == levels.count)
        for (level, next) in zip(levels, levels.dropFirst()) where next.precision == .mixed {
            #expect(level.precision == .float32)
            #expect(next.description.hasSuffix("Mixed"))
        }
    }

    @Test("the best level is the last that is available")
    func best() {
        let available = KernelLevel.allCases.filter(\.isAvailable)
        #expect(KernelLevel.best(.mixed) == available.last)
        #expect(KernelLevel.best == available.last { $0.precision == .float32 })
        #expect(KernelLevel.environmentFault == nil)
    }

    @Test("a process that names an available level has that")
    func chosen() async {
        await #expect(processExitsWith: .success) {
            setenv("QUERN_LEVEL", "plainMixed", 1)
            precondition(KernelLevel.best == .plain && KernelLevel.best(.mixed) == .plainMixed)
        }
    }

    @Test("a process that names no available level can ask, or ends when it needs one")
    func wrong() async throws {
        let result = await #expect(
            processExitsWith: .failure, observing: [\.standardErrorContent]
        ) {
            setenv("QUERN_LEVEL", "abacus", 1)
            precondition(KernelLevel.environmentFault?.contains("plain, plainMixed") == true)
            _ = KernelLevel.best
        }
        let message = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
        #expect(message.contains("QUERN_LEVEL is \"abacus\", which is no level"))
    }
}
