import Bytes
import Testing

@Suite struct UTF8CheckTests {
    /// Offset of the first byte that the standard library repairs.
    private func expected(_ bytes: [UInt8]) -> Int {
        for count in stride(from: bytes.count, through: 0, by: -1)
        where String(validating: bytes[..<count], as: UTF8.self) != nil {
            return count
        }
        return 0
    }

    @Test("all strings of bytes at the borders of the format, up to four long")
    func exhaustive() {
        let borders: [UInt8] = [
            0x00, 0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xC1, 0xC2, 0xDF, 0xE0,
            0xE1, 0xEC, 0xED, 0xEE, 0xEF, 0xF0, 0xF1, 0xF3, 0xF4, 0xF5, 0xFF,
        ]
        var strings: [[UInt8]] = [[]]
        for _ in 0..<3 { strings += strings.flatMap { front in borders.map { front + [$0] } } }
        for string in Set(strings) {
            #expect(endOfValidUTF8(string.span, from: 0) == expected(string), "\(string)")
        }
    }

    @Test("a fault is found wherever it stands among longer text")
    func places() {
        for length in 0..<40 {
            for place in 0..<length {
                var bytes = [UInt8](repeating: 0x61, count: length)
                #expect(endOfValidUTF8(bytes.span, from: 0) == length)
                bytes[place] = 0xFF
                #expect(endOfValidUTF8(bytes.span, from: 0) == place)
            }
        }
        let text = Array("grain and Grütze and 麦 and 🌾, over and over".utf8)
        #expect(endOfValidUTF8(text.span, from: 0) == text.count)
    }
}
