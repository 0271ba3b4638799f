import Testing

@testable import Pipeline

@Suite struct StopStringsTests {
    @Test("every short text, cut everywhere, ends where the first stop string begins")
    func exhaustively() {
        let letters: [UInt8] = [97, 98]
        var texts: [[UInt8]] = [[]]
        for length in 1...7 {
            texts += texts.filter { $0.count == length - 1 }.flatMap { text in
                letters.map { text + [$0] }
            }
        }
        for strings in [["ab"], ["aab", "ba"], ["a"], ["abab", "bb"], ["aaab", "aab", "bab"]] {
            let stops = strings.map { Array($0.utf8) }
            for text in texts {
                let first = text.indices.first { start in
                    stops.contains { text[start...].starts(with: $0) }
                }
                for size in 1...3 {
                    var matcher = StopStrings(strings)
                    var found: [UInt8] = []
                    for start in stride(from: 0, to: text.count, by: size) {
                        found += matcher.append(Array(text[start...].prefix(size)))
                        // Text that was handed on is never taken back.
                        #expect(text[..<(first ?? text.count)].starts(with: found))
                    }
                    #expect(matcher.hasStopped == (first != nil))
                    found += matcher.finish()
                    #expect(found == Array(text[..<(first ?? text.count)]))
                }
            }
        }
    }

    @Test("without stop strings everything comes at once")
    func none() {
        var matcher = StopStrings([])
        #expect(matcher.append([1, 2, 3]) == [1, 2, 3])
        #expect(matcher.finish() == [] && !matcher.hasStopped)
    }
}
