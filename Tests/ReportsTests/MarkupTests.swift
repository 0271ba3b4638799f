import Foundation
import Pipeline
import Testing
import Work

@testable import Reports

#if canImport(FoundationXML)
    import FoundationXML
#endif

@Suite struct MarkupTests {
    /// Elements, text and attributes of a document, as a parser of XML finds them.
    final class Parsed: NSObject, XMLParserDelegate {
        var elements: [String] = []
        var text = ""
        var attributes: [String: String] = [:]

        init(_ bytes: [UInt8]) throws {
            super.init()
            let parser = XMLParser(data: Data(bytes))
            parser.delegate = self
            try #require(parser.parse(), "\(String(describing: parser.parserError))")
        }

        func parser(
            _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
            qualifiedName: String?, attributes: [String: String] = [:]
        ) {
            elements.append(name)
            self.attributes.merge(attributes) { $1 }
        }

        func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }
    }

    /// What a person sees of a text.
    private func shown(_ text: String) -> String {
        text.unicodeScalars.map(MarkupText.shown).joined()
    }

    private func check(_ text: String) throws {
        var page = Markup()
        page.element("p", ["title": text]) { page in
            page.text(text)
            page.data(text)
        }
        let parsed = try Parsed(page.bytes)
        #expect(parsed.elements == ["p", "bdi"], "\(text.debugDescription)")
        #expect(
            Array(parsed.text.unicodeScalars) == Array((shown(text) + shown(text)).unicodeScalars),
            "\(text.debugDescription)")
        // A parser of XML makes a space of each line in an attribute.
        let expected = shown(text).map { $0 == "\n" || $0 == "\t" ? " " : String($0) }.joined()
        #expect(
            Array((parsed.attributes["title"] ?? "").unicodeScalars)
                == Array(expected.unicodeScalars), "\(text.debugDescription)")
    }

    @Test func `texts that look like markup come back as they are`() throws {
        for text in [
            "</p><script>alert(1)</script>", "\" onload=\"alert(1)", "'><img src=x onerror=a()>",
            "&lt;", "&#60;script&#62;", "]]>", "<!--", "-->", "<![CDATA[", "a & b", "\u{2028}",
            "\u{202E}gnp.exe", "\0", "\u{1B}[31m", "\u{FFFE}", "\u{7F}\u{85}", "\u{1F600}",
        ] {
            try check(text)
        }
    }

    @Test func `every character comes back, or what stands for it`() throws {
        // All of the first page, and some of every other.
        var numbers: [Int] = Array(0..<0x300)
        for number in stride(from: 0x300, to: 0x110000, by: 251) { numbers.append(number) }
        numbers += [0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069, 0xFDD0, 0xFFFD, 0xFFFF]
        numbers.append(0x10FFFF)
        var text = ""
        for number in numbers where number != 0x0D {
            guard let scalar = Unicode.Scalar(UInt32(number)) else { continue }
            text.unicodeScalars.append(scalar)
            text += "|"
        }
        try check(text)
    }

    @Test func `any string comes back`() throws {
        var generator = RandomGenerator(seed: 11)
        var alphabet: [Unicode.Scalar] = Array("<>&\"'/=! \n\tab;#x0-[]".unicodeScalars)
        alphabet += ["\u{0}", "\u{202E}", "\u{E9}"]
        for _ in 0..<500 {
            var text = ""
            for _ in 0..<Int(generator.next() % 24) {
                text.unicodeScalars.append(alphabet[Int(generator.next() % UInt64(alphabet.count))])
            }
            try check(text)
        }
    }

    @Test func `data for the script cannot end it`() throws {
        var page = Markup()
        page.json(id: "a", JSONWord.quoted("</script><script>alert(1)</script><!--"))
        let text = page.string
        #expect(text.components(separatedBy: "<").count == 3)
        let start = try #require(text.firstIndex(of: ">"))
        let end = try #require(text.range(of: "</script>")?.lowerBound)
        let json = Data(text[text.index(after: start)..<end].utf8)
        #expect(
            try JSONDecoder().decode(String.self, from: json)
                == "</script><script>alert(1)</script><!--")
    }
}
