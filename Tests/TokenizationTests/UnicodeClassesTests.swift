import Bytes
import Testing

@testable import Tokenization

@Suite struct UnicodeClassesTests {
    @Test("the table has the classes of Unicode 16")
    func everyCodePoint() {
        let tables = UnicodeClasses.shared.tables
        var counts = [Int](repeating: 0, count: 8)
        var different: [UInt32] = []
        for value in 0...0x10FFFF as ClosedRange<UInt32> {
            let found = tables.codePoint(value)
            if found != expected(value) { different.append(value) }
            for bit in 0..<8 where found.rawValue >> bit & 1 == 1 { counts[bit] += 1 }
        }
        #expect(different == [])
        func count(_ classes: UnicodeClass) -> Int {
            counts[classes.rawValue.trailingZeroBitCount]
        }
        // As the Unicode Character Database has them.
        #expect(count(.letter) == 141_028)
        #expect(count(.number) == 1_911)
        #expect(count(.mark) == 2_501)
        #expect(count(.uppercase) == 1_858 + 31)
        #expect(count(.lowercase) == 2_258)
        #expect(count(.punctuation) == 855 + 8_514)
        #expect(count(.whitespace) == 25)
        #expect(count(.newline) == 2)
    }

    /// The classes of a code point by the standard library's properties.
    private func expected(_ value: UInt32) -> UnicodeClass {
        guard let category = PinnedUnicode.category(value) else { return [] }
        var classes: UnicodeClass =
            switch category.utf8.first {
            case UInt8(ascii: "L"): .letter
            case UInt8(ascii: "N"): .number
            case UInt8(ascii: "M"): .mark
            case UInt8(ascii: "P"), UInt8(ascii: "S"): .punctuation
            default: []
            }
        if category == "Lu" || category == "Lt" { classes.insert(.uppercase) }
        if category == "Ll" { classes.insert(.lowercase) }
        if Unicode.Scalar(value)?.properties.isWhitespace == true { classes.insert(.whitespace) }
        if value == 0x0A || value == 0x0D { classes.insert(.newline) }
        return classes
    }

    @Test("well-formed sequences are one character and other bytes are one each")
    func decoding() {
        var generator = SeededGenerator(3)
        for _ in 0..<2_000 {
            let bytes = (0..<4).map { _ in
                [
                    0x20, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xDF, 0xE0, 0xED,
                    0xEF, 0xF0, 0xF4, 0xF5, 0xFF,
                ].randomElement(using: &generator) ?? UInt8(0)
            }
            let expected = PatternMatcher.characters(of: bytes)
            var index = 0
            var found: [UInt32?] = []
            ByteView.with(bytes.span) { view in
                while index < view.count {
                    let (value, length) = decodeCodePoint(view, index)
                    found.append(value)
                    index += length
                }
            }
            #expect(found == expected.map(\.value?.value), "\(bytes)")
        }
    }
}
