import Foundation
import Testing

@testable import Corpora

@Suite struct TextEncodingTests {
    private static let encodings: [(String.Encoding, String, mark: [UInt8])] = [
        (.utf16LittleEndian, "utf-16le", []), (.utf16BigEndian, "utf-16be", []),
        (.utf16LittleEndian, "utf-16", [0xFF, 0xFE]), (.utf16BigEndian, "utf-16", [0xFE, 0xFF]),
        (.utf32LittleEndian, "utf-32", [0xFF, 0xFE, 0, 0]),
    ]

    @Test(
        "UTF-16 is refused by its name, in every format",
        arguments: ["a.txt", "a.jsonl", "a.csv", "a.tsv", "a.json"])
    func refused(name: String) throws {
        let text = "text\nGreat was the flour of the mill, and the millstones were heard afar.\n"
        for (encoding, iconvName, mark) in Self.encodings {
            let folder = try TemporaryFolder()
            let path = folder.path + "/" + name
            try Data(mark + text.data(using: encoding)!).write(to: URL(fileURLWithPath: path))
            for buffer in [64, 4096] {
                #expect {
                    var reader = try CorpusReader(
                        CorpusConfiguration(inputs: [path]), sizes: .small(buffer))
                    _ = try readAll(&reader)
                } throws: { error in
                    "\(error)".contains("iconv -f \(iconvName) -t utf-8")
                }
            }
        }
    }

    @Test("what is not UTF-16 is not taken for it")
    func accepted() {
        let texts = [
            "", "a", "\u{0}a\u{0}a", "\u{FEFF}text", "a\u{0}b\u{0}",
            "In the beginning was the Word",
            String(repeating: "\u{0}", count: 64),
            "a\u{0}b\u{0}c\u{0}d\u{0}e\u{0}f\u{0}g\u{0}h and so on",
        ]
        for text in texts { #expect(TextEncodingMark(of: Array(text.utf8.prefix(64))) == nil) }
    }
}
