import Corpora
import Foundation
import Testing

@testable import Refinement

@Suite struct DocumentLineTests {
    @Test("a line is JSON that gives the text and its place back")
    func roundTrip() throws {
        let controls = String(String.UnicodeScalarView((0..<0x80).map { Unicode.Scalar($0)! }))
        for (text, path, position) in [
            ("", "a.jsonl", .line(3)), (controls, "-", .part(1)),
            ("é漢😀\u{2028}\"\\", "fol\"der/ä\n.txt", .part(12)),
            ("grain", "a.json", .item(7)), ("flour", "a.parquet", .row(9)),
        ] as [(String, String, DocumentOrigin.Position)] {
            var line: [UInt8] = []
            try DocumentLine.append(
                Document(
                    text: Array(text.utf8), origin: DocumentOrigin(path: path, position: position)),
                to: &line)
            #expect(line.last == 0x0A && line.count { $0 == 0x0A } == 1)
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
            #expect(object["text"] as? String == text)
            let source = try #require(object["source"] as? [String: Any])
            #expect(source["path"] as? String == path)
            switch position {
            case .line(let number): #expect(source["line"] as? Int == number)
            case .part(let number): #expect(source["part"] as? Int == number)
            case .item(let number): #expect(source["item"] as? Int == number)
            case .row(let number): #expect(source["row"] as? Int == number)
            }
        }
    }

    @Test(
        "what is not UTF-8 is refused with its place",
        arguments: [[0xFF], [0x61, 0xC3], [0xED, 0xA0, 0x80]])
    func invalid(bytes: [UInt8]) {
        let origin = DocumentOrigin(path: "b.txt", position: .part(2))
        var line: [UInt8] = []
        let error = #expect(throws: RefinementError.self) {
            try DocumentLine.append(Document(text: bytes, origin: origin), to: &line)
        }
        #expect("\(error!)".hasPrefix("b.txt, document 2: the text is not UTF-8"))
    }
}
