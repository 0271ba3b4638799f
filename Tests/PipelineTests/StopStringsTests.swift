import Testing

@testable import Pipeline

@Suite struct StopStringsTests {
    /// The text before the first of `strings` that is complete in `text`; nil where none is. Every
    /// beginning of the text is looked at, the shortest first.
    private static func plain(_ text: [UInt8], _ strings: [String]) -> [UInt8]? {
        for count in 1...max(text.count, 1) {
            let seen = text.prefix(count)
            let ending = strings.map { Array($0.utf8) }.filter { seen.suffix($0.count) == $0[...] }
            if let longest = ending.map(\.count).max() { return Array(seen.dropLast(longest)) }
        }
        return nil
    }

    private static func check(_ text: [UInt8], _ strings: [String], size: Int) {
        let expected = plain(text, strings)
        var matcher = StopStrings(strings)
        var found: [UInt8] = []
        for start in stride(from: 0, to: text.count, by: size) {
            found += matcher.append(Array(text[start...].prefix(size)))
            // Text that was handed on is never taken back.
            #expect((expected ?? text).starts(with: found))
        }
        #expect(matcher.hasStopped == (expected != nil))
        found += matcher.finish()
        #expect(found == expected ?? text, "\(strings) in \(text), by \(size)")
    }

    @Test func `every short text, cut everywhere, ends before the first complete string`() {
        let letters: [UInt8] = [97, 98]
        var texts: [[UInt8]] = [[]]
        for length in 1...7 {
            texts += texts.filter { $0.count == length - 1 }.flatMap { text in
                letters.map { text + [$0] }
            }
        }
        for strings in [["ab"], ["aab", "ba"], ["a"], ["abab", "bb"], ["aaab", "aab", "bab"]] {
            for text in texts {
                for size in 1...3 { Self.check(text, strings, size: size) }
            }
        }
    }

    @Test func `a string within the beginning of another is found`() {
        for size in 1...6 {
            Self.check(Array("bcdefg".utf8), ["fg", "efgh"], size: size)
            var matcher = StopStrings(["efgh", "fg"])
            #expect(matcher.append(Array("bcdefgh".utf8)) == Array("bcde".utf8))
            #expect(matcher.hasStopped)
        }
    }

    @Test func `random strings of few letters end random texts where the plain search does`() {
        var generator = SystemRandomNumberGenerator()
        func text(_ length: Int, of letters: Int) -> [UInt8] {
            (0..<length).map { _ in 97 + UInt8.random(in: 0..<UInt8(letters), using: &generator) }
        }
        for _ in 0..<4_000 {
            let letters = Int.random(in: 1...4, using: &generator)
            let strings = (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                String(
                    decoding: text(Int.random(in: 1...6, using: &generator), of: letters),
                    as: UTF8.self)
            }
            let length = Int.random(in: 0...40, using: &generator)
            let size = Int.random(in: 1...8, using: &generator)
            Self.check(text(length, of: letters), strings, size: size)
        }
    }

    @Test func `without stop strings everything comes at once`() {
        var matcher = StopStrings([])
        #expect(matcher.append([1, 2, 3]) == [1, 2, 3])
        #expect(matcher.finish() == [] && !matcher.hasStopped)
    }
}
