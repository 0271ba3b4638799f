import Foundation
import Models
import Testing
import Work

@testable import Training

@Suite struct OutlierDetectorTests {
    /// A detector that has seen `count` steps with a loss near 3 and a gradient near 1.
    private func detector(after count: Int) -> OutlierDetector {
        var detector = OutlierDetector()
        var generator = RandomGenerator(seed: 1)
        for _ in 0..<count {
            let finding = detector.check(
                loss: 3 + 0.1 * generator.normal(), gradientNorm: 1 + 0.05 * generator.normal(),
                limit: 6)
            #expect(finding == nil)
        }
        return detector
    }

    @Test("nothing is an outlier until there is enough to compare with")
    func beginning() {
        var early = detector(after: 63)
        #expect(early.check(loss: 100, gradientNorm: 100, limit: 6) == nil)
        var late = detector(after: 64)
        #expect(late.check(loss: 100, gradientNorm: 1, limit: 6) != nil)
    }

    @Test("far above the mean is an outlier, far below is not, and each figure is looked at")
    func sides() throws {
        let start = detector(after: 300)
        func check(_ loss: Double, _ norm: Double, limit: Double = 6) -> OutlierDetector.Finding? {
            var detector = start
            return detector.check(loss: loss, gradientNorm: norm, limit: limit)
        }
        #expect(check(3, 1) == nil)
        #expect(check(0.1, 0.1) == nil)
        #expect(check(9, 9, limit: 0) == nil)
        guard case .loss(let deviations)? = check(4, 9) else { throw Unexpected() }
        #expect((8...13).contains(deviations))
        guard case .gradientNorm(let longer)? = check(3, 1.5) else { throw Unexpected() }
        #expect((8...13).contains(longer))
    }

    private struct Unexpected: Error {}

    @Test("what is not finite is found at once, and not remembered", arguments: [0.0, 6.0])
    func notFinite(_ limit: Double) {
        for (loss, norm) in [(Double.nan, 1.0), (3, .infinity), (.infinity, .nan)] {
            var detector = OutlierDetector()
            #expect(detector.check(loss: loss, gradientNorm: norm, limit: limit) == .notFinite)
            #expect(detector == OutlierDetector())
        }
    }

    @Test("a lasting change is an outlier for a while only")
    func change() {
        var detector = detector(after: 200)
        var found = 0
        for _ in 0..<200 where detector.check(loss: 8, gradientNorm: 1, limit: 6) != nil {
            found += 1
        }
        #expect((1...20).contains(found))
        #expect(detector.check(loss: 8, gradientNorm: 1, limit: 6) == nil)
    }

    @Test("it comes back from JSON as it was, to the last bit")
    func coding() throws {
        let detector = detector(after: 140)
        let data = try JSONEncoder().encode(detector)
        #expect(try JSONDecoder().decode(OutlierDetector.self, from: data) == detector)
    }
}
