import Testing

@testable import Tokenization

@Suite struct UnicodeClassesTests {
    private func count(_ classes: UnicodeClass) -> Int {
        let tables = UnicodeClasses.shared.tables
        return (0...0x10FFFF as ClosedRange<UInt32>).count { tables.codePoint($0).isAny(classes) }
    }

    @Test("the table has the letters, numbers and marks of Unicode 16")
    func counts() {
        #expect(count(.letter) == 141_028)
        #expect(count(.number) == 1_911)
        #expect(count(.mark) == 2_501)
        #expect(count(.uppercase) == 1_858 + 31)
        #expect(count(.lowercase) == 2_258)
        #expect(count(.punctuation) == 855 + 8_514)
        #expect(count(.whitespace) == 25)
        #expect(count(.newline) == 2)
    }

    @Test("the table agrees with the standard library on every code point")
    func standardLibrary() {
        let tables = UnicodeClasses.shared.tables
        var different: [UInt32] = []
        for value in 0...0x10FFFF as ClosedRange<UInt32> {
            var expected: UnicodeClass = []
            let category = PinnedUnicode.category(value)
            switch category?.first {
            case "L": expected.insert(.letter)
            case "N": expected.insert(.number)
            case "M": expected.insert(.mark)
            case "P", "S": expected.insert(.punctuation)
            default: break
            }
            if category == "Lu" || category == "Lt" { expected.insert(.uppercase) }
            if category == "Ll" { expected.insert(.lowercase) }
            if Unicode.Scalar(value)?.properties.isWhitespace == true {
                expected.insert(.whitespace)
            }
            if value == 0x0A || value == 0x0D { expected.insert(.newline) }
            if tables.codePoint(value) != expected { different.append(value) }
        }
        #expect(different == [])
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
