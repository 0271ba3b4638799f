import Foundation
import Testing
import Work

@testable import Refinement

@Suite struct DocumentFilterTests {
    private func broken(_ text: String, _ change: (inout DocumentFilter) -> Void) -> String? {
        var filter = DocumentFilter()
        change(&filter)
        return filter.brokenRule(of: Array(text.utf8).span)?.rawValue
    }

    @Test("without limits everything passes")
    func nothing() {
        for text in ["", "a", "!!!", "x\nx\nx"] { #expect(broken(text) { _ in } == nil) }
    }

    @Test("a limit is the last value that passes")
    func limits() {
        let text = "é one two"  // 10 bytes, 3 words
        #expect(broken(text) { $0.minimumByteCount = 10 } == nil)
        #expect(broken(text) { $0.minimumByteCount = 11 } == "min_bytes")
        #expect(broken(text) { $0.maximumByteCount = 10 } == nil)
        #expect(broken(text) { $0.maximumByteCount = 9 } == "max_bytes")
        #expect(broken(text) { $0.minimumWordCount = 3 } == nil)
        #expect(broken(text) { $0.minimumWordCount = 4 } == "min_words")
        #expect(broken(text) { $0.maximumWordCount = 3 } == nil)
        #expect(broken(text) { $0.maximumWordCount = 2 } == "max_words")
    }

    @Test("lines that stood before are counted without blank ones and white space around them")
    func repeatedLines() {
        // Five lines of 3 + 3 + 5 + 3 + 1 bytes, of which two stood before.
        let text = "abc\n\n  abc \nother\r\nabc\nz"
        #expect(broken(text) { $0.maximumRepeatedLineShare = 0.4 } == nil)
        #expect(broken(text) { $0.maximumRepeatedLineShare = 0.39 } == "max_repeated_lines")
        #expect(broken(text) { $0.maximumRepeatedLineByteShare = 6.0 / 15 } == nil)
        #expect(
            broken(text) { $0.maximumRepeatedLineByteShare = 0.39 } == "max_repeated_line_bytes")
        #expect(broken("\n \n") { $0.maximumRepeatedLineShare = 0 } == nil)
    }

    @Test("non-letters are ASCII without letters and white space")
    func nonLetters() {
        // Of nine bytes that are seen three are none: 1, 2 and !
        #expect(broken("ab é 12 cd!") { $0.maximumNonLetterShare = 1.0 / 3 } == nil)
        #expect(broken("ab é 12 cd!") { $0.maximumNonLetterShare = 0.33 } == "max_non_letters")
        #expect(broken(" \n\t") { $0.maximumNonLetterShare = 0 } == nil)
        for byte in 0..<128 {
            let character = Character(Unicode.Scalar(UInt8(byte)))
            let isNone = !character.isLetter && !character.isWhitespace
            let found = broken(String(character)) { $0.maximumNonLetterShare = 0.5 }
            #expect((found != nil) == isNone, "\(byte)")
        }
    }

    @Test("limits that make no sense are refused with their key")
    func validation() throws {
        for (key, value) in [
            ("min_bytes", "-1"), ("max_words", "-5"), ("max_repeated_lines", "1.5"),
            ("max_non_letters", "-0.1"), ("minhash_bands", "0"), ("minhash_rows", "101"),
            ("shingle_words", "0"), ("near_duplicate_similarity", "-0.1"), ("part_bytes", "0"),
            ("compression_level", "20"), ("memory", "\"1M\""),
        ] {
            let configuration = try JSONDecoder().decode(
                RefinementConfiguration.self, from: Data("{\"\(key)\": \(value)}".utf8))
            let error = #expect(throws: RefinementError.self) {
                try configuration.validate(threadCount: 2)
            }
            #expect("\(error!)".hasPrefix("corpus.refine.\(key) "), "\(error!)")
        }
        var filter = DocumentFilter()
        (filter.minimumWordCount, filter.maximumWordCount) = (9, 3)
        #expect(throws: RefinementError.self) { try filter.validate() }
        try RefinementConfiguration().validate(threadCount: 256 / 16)
    }

    @Test("a configuration is one object, and comes back from it")
    func coding() throws {
        var configuration = RefinementConfiguration()
        configuration.filter.minimumWordCount = 7
        configuration.nearDuplicates.rowCount = 9
        configuration.shuffles = true
        configuration.scratchDirectory = "/scratch"
        let data = try JSONEncoder().encode(configuration)
        #expect(
            try JSONDecoder().decode(RefinementConfiguration.self, from: data) == configuration)
        let keys = try #require(JSONSerialization.jsonObject(with: data) as? [String: Any]).keys
        #expect(Set(keys).isSubset(of: RefinementConfiguration.settingKeys.map(\.name)))
        #expect(keys.contains("min_words") && keys.contains("minhash_rows"))
    }
}
