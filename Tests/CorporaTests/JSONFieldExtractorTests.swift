import Bytes
import Foundation
import Testing

@testable import Corpora

@Suite struct JSONFieldExtractorTests {
    private static func text(_ line: [UInt8], field: String = "text") throws -> String {
        let bytes = try JSONFieldExtractor(field: FieldPath(field)).text(in: line.span)
        return try #require(String(validating: bytes, as: UTF8.self))
    }

    private static func text(_ line: String, field: String = "text") throws -> String {
        try text(Array(line.utf8), field: field)
    }

    @Test(
        "what JSON allows is read",
        arguments: [
            (#"{"text":"grain"}"#, "grain"),
            (#"{"text":""}"#, ""),
            (" \t\r{ \"text\" \t:\r \"a b\" } \t\r", "a b"),
            (#"{"a":1,"text":"x","b":[1,{"text":"y"}]}"#, "x"),
            (#"{"b":{"text":"inner"},"text":"outer"}"#, "outer"),
            (#"{"text":"first","text":"last"}"#, "last"),
            (#"{"text":7,"text":"last"}"#, "last"),
            (#"{"te\u0078t":"escaped key"}"#, "escaped key"),
            (#"{"text":"\"\\\/\b\f\n\r\t"}"#, "\"\\/\u{8}\u{C}\n\r\t"),
            (#"{"text":"\u0041\u00e9\u20AC\uFFFF"}"#, "A\u{E9}\u{20AC}\u{FFFF}"),
            (#"{"text":"\ud83d\ude00 \uDBFF\uDFFF"}"#, "\u{1F600} \u{10FFFF}"),
            (#"{"text":"\u0000"}"#, "\0"),
            ("{\"text\":\"\u{7F} \u{2028} \u{FEFF} é € 😀\"}", "\u{7F} \u{2028} \u{FEFF} é € 😀"),
            (
                #"{"n":[0,-0,1,-12,0.5,1e5,1E+5,1.25e-10,123456789012345678901234567890],"#
                    + #""text":"n"}"#,
                "n"
            ),
            (#"{"l":[true,false,null,{},[],"",{"a":{}}],"text":"l"}"#, "l"),
            (#"{"":"empty key","text":"x"}"#, "x"),
            ("{\"\u{E9}\":1,\"text\":\"x\"}", "x"),
        ])
    func accepted(line: String, expected: String) throws {
        #expect(try Self.text(line) == expected)
    }

    @Test("any name can be the field's")
    func names() throws {
        #expect(try Self.text(#"{"":"x"}"#, field: "") == "x")
        #expect(try Self.text(#"{"inh\u00e4lt":"x"}"#, field: "inhält") == "x")
        #expect(try Self.text(#"{"a.b":"x","a":{"b":"y"}}"#, field: "a\\.b") == "x")
        #expect(try Self.text(#"{"a\"b":"x"}"#, field: "a\"b") == "x")
    }

    @Test(
        "what JSON forbids is refused with the place",
        arguments: [
            ("", .endsEarly, 0),
            ("  ", .endsEarly, 2),
            ("{", .endsEarly, 1),
            (#"{"text""#, .endsEarly, 7),
            (#"{"text":"#, .endsEarly, 8),
            (#"{"text":"a"#, .endsEarly, 10),
            (#"{"text":"a\"#, .endsEarly, 11),
            (#"{"text":"a\u00"#, .endsEarly, 14),
            (#"{"text":"a""#, .endsEarly, 11),
            (#"{"text":tru"#, .endsEarly, 11),
            (#"{"text":-"#, .endsEarly, 9),
            (#"{"text":[1"#, .endsEarly, 10),
            (#"["text"]"#, .notAnObject, 0),
            (#""text""#, .notAnObject, 0),
            ("7", .notAnObject, 0),
            ("text", .notAnObject, 0),
            (#"{"text":"a"} x"#, .trailingBytes, 13),
            (#"{"text":"a"}{"text":"b"}"#, .trailingBytes, 12),
            (#"{"text":"a",}"#, .unexpectedByte(0x7D, expected: "a key in quotes"), 12),
            (#"{,"text":"a"}"#, .unexpectedByte(0x2C, expected: "a key in quotes"), 1),
            (#"{text:"a"}"#, .unexpectedByte(0x74, expected: "a key in quotes"), 1),
            (#"{'text':'a'}"#, .unexpectedByte(0x27, expected: "a key in quotes"), 1),
            (#"{"text" "a"}"#, .unexpectedByte(0x22, expected: "':'"), 8),
            (#"{"text":"a" "b":1}"#, .unexpectedByte(0x22, expected: "',' or '}'"), 12),
            (#"{"a":[1 2],"text":"a"}"#, .unexpectedByte(0x32, expected: "',' or ']'"), 8),
            (#"{"a":[1,],"text":"a"}"#, .unexpectedByte(0x5D, expected: "a JSON value"), 8),
            (#"{"a":[,1],"text":"a"}"#, .unexpectedByte(0x2C, expected: "a JSON value"), 6),
            (#"{"a":{"b"},"text":"a"}"#, .unexpectedByte(0x7D, expected: "':'"), 9),
            (#"{"a":{"b":1,},"text":"a"}"#, .unexpectedByte(0x7D, expected: "a key in quotes"), 12),
            (#"{"a":[1},"text":"a"}"#, .unexpectedByte(0x7D, expected: "',' or ']'"), 7),
            (#"{"a":True,"text":"a"}"#, .unexpectedByte(0x54, expected: "a JSON value"), 5),
            (#"{"a":trux,"text":"a"}"#, .unexpectedByte(0x74, expected: "a JSON value"), 5),
            (#"{"a":NaN,"text":"a"}"#, .unexpectedByte(0x4E, expected: "a JSON value"), 5),
            (#"{"a":+1,"text":"a"}"#, .unexpectedByte(0x2B, expected: "a JSON value"), 5),
            (#"{"a":.5,"text":"a"}"#, .unexpectedByte(0x2E, expected: "a JSON value"), 5),
            (#"{"a":01,"text":"a"}"#, .badNumber, 5),
            (#"{"a":-01,"text":"a"}"#, .badNumber, 5),
            (#"{"a":-,"text":"a"}"#, .badNumber, 5),
            (#"{"a":-Infinity,"text":"a"}"#, .badNumber, 5),
            (#"{"a":1.,"text":"a"}"#, .badNumber, 5),
            (#"{"a":1e,"text":"a"}"#, .badNumber, 5),
            (#"{"a":1e+,"text":"a"}"#, .badNumber, 5),
            (#"{"a":0x10,"text":"a"}"#, .unexpectedByte(0x78, expected: "',' or '}'"), 6),
            (#"{"a":1 /* b */,"text":"a"}"#, .unexpectedByte(0x2F, expected: "',' or '}'"), 7),
            ("{\"text\":\"a\tb\"}", .controlCharacter(9), 10),
            ("{\"text\":\"a\u{0}b\"}", .controlCharacter(0), 10),
            ("{\"text\":\"a\u{1F}\"}", .controlCharacter(0x1F), 10),
            ("{\"te\u{1}xt\":\"a\"}", .controlCharacter(1), 4),
            (#"{"text":"\x41"}"#, .badEscape, 9),
            (#"{"text":"\u00g0"}"#, .badEscape, 9),
            (#"{"text":"\U0041"}"#, .badEscape, 9),
            (#"{"text":"\'"}"#, .badEscape, 9),
            (#"{"text":"\ud83d"}"#, .loneSurrogate, 9),
            (#"{"text":"\ude00"}"#, .loneSurrogate, 9),
            (#"{"text":"\ud83d\ud83d"}"#, .loneSurrogate, 9),
            (#"{"text":"\ud83d\n"}"#, .loneSurrogate, 9),
            (#"{"text":"\ud83dxxxxxxxx"}"#, .loneSurrogate, 9),
            (#"{"a":"\ude00","text":"a"}"#, .loneSurrogate, 6),
            (#"{"other":"a"}"#, .missingField("text"), 0),
            ("{}", .missingField("text"), 0),
            (#"{"Text":"a"}"#, .missingField("text"), 0),
            (#"{"a":{"text":"b"}}"#, .missingField("text"), 0),
            (#"{"text":null}"#, .fieldIsNotText("text"), 8),
            (#"{"text":["a"]}"#, .fieldIsNotText("text"), 8),
            (#"{"text":"a","text":7}"#, .fieldIsNotText("text"), 19),
            ("\u{FEFF}{\"text\":\"a\"}", .notAnObject, 0),
        ] as [(String, JSONError.Reason, Int)])
    func refused(line: String, reason: JSONError.Reason, offset: Int) {
        #expect(throws: JSONError(reason: reason, offset: offset)) { try Self.text(line) }
    }

    @Test("every sequence of two bytes, and of three and four at the edges, is UTF-8 or refused")
    func utf8() {
        func check(_ sequence: [UInt8]) {
            // Quotes, escapes and control characters are the other tests' business.
            if sequence.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) { return }
            for padding in [0, 5] {
                let content = Array(repeating: UInt8(ascii: "x"), count: padding) + sequence
                let line = Array(#"{"text":""#.utf8) + content + Array(#""}"#.utf8)
                let expected = String(validating: content, as: UTF8.self)
                #expect((try? Self.text(line)) == expected, "\(sequence)")
            }
        }
        let edges: [UInt8] = [0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0, 0xE0, 0xFF]
        for first in UInt8(0x20)...255 {
            check([first])
            for second in UInt8(0x20)...255 where first >= 0x80 { check([first, second]) }
        }
        for first in UInt8(0xE0)...255 {
            for second in edges {
                for third in edges {
                    check([first, second, third])
                    for fourth in edges where first >= 0xF0 {
                        check([first, second, third, fourth])
                    }
                }
            }
        }
    }

    @Test("nesting is accepted up to the limit and refused beyond")
    func nesting() throws {
        func line(depth: Int, _ open: String, _ close: String) -> String {
            // The object of the line is the first level.
            let count = depth - 1
            return #"{"a":"# + String(repeating: open, count: count) + "1"
                + String(repeating: close, count: count) + #","text":"x"}"#
        }
        let limit = JSONFieldExtractor.nestingLimit
        for (open, close) in [("[", "]"), (#"{"k":"#, "}")] {
            #expect(try Self.text(line(depth: limit, open, close)) == "x")
            #expect {
                try Self.text(line(depth: limit + 1, open, close))
            } throws: { error in
                (error as? JSONError)?.reason == .tooDeep(limit: limit)
            }
        }
    }

    @Test("a line that is cut anywhere is refused")
    func cuts() {
        let line = Array(
            #"{"a":[1.5e3,true,{"b":"\ud83d\ude00é"}],"text":"gr\u00e4in","c":null}"#.utf8)
        for end in 0..<line.count {
            #expect(throws: JSONError.self) { try Self.text(Array(line[..<end])) }
        }
    }

    @Test("random objects are read as Foundation reads them")
    func fuzz() throws {
        var generator = SeededGenerator(state: 1)
        for round in 0..<1_500 {
            let line = Array(randomObject(&generator).utf8)
            let object = try #require(
                JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
            let expected = try #require(object["text"] as? String)
            let text = try Self.text(line)
            #expect(Array(text.unicodeScalars) == Array(expected.unicodeScalars), "round \(round)")
        }
    }

    @Test("changed bytes never make an object that Foundation would refuse")
    func mutations() throws {
        var generator = SeededGenerator(state: 2)
        for _ in 0..<3_000 {
            var line = Array(randomObject(&generator).utf8)
            for _ in 0...Int.random(in: 0...2, using: &generator) {
                let index = Int.random(in: line.indices, using: &generator)
                let marks = Array(#"{}[]",:\u0-. "#.utf8)
                line[index] =
                    Bool.random(using: &generator)
                    ? marks.randomElement(using: &generator)!
                    : UInt8.random(in: 0...255, using: &generator)
                // Foundation refuses numbers that are too large for a Double, which JSON allows.
                if line[index] | 0x20 == UInt8(ascii: "e") { line[index] = UInt8(ascii: "-") }
            }
            if let text = try? Self.text(line) {
                let object = try? JSONSerialization.jsonObject(with: Data(line)) as? [String: Any]
                #expect(object != nil, "\(String(decoding: line, as: UTF8.self)) gave \(text)")
            }
        }
    }

    /// An object with a text field among others, written in many ways.
    private func randomObject(_ generator: inout SeededGenerator) -> String {
        var members = (0..<Int.random(in: 0...4, using: &generator)).map { index in
            "\(space(&generator))\"k\(index)\"\(space(&generator)):" + randomValue(2, &generator)
        }
        let place = Int.random(in: 0...members.count, using: &generator)
        members.insert(
            space(&generator) + "\"text\":" + space(&generator) + randomString(&generator)
                + space(&generator), at: place)
        return "{" + members.joined(separator: ",") + "}" + space(&generator)
    }

    private func randomValue(_ depth: Int, _ generator: inout SeededGenerator) -> String {
        let inner = { (generator: inout SeededGenerator) in randomValue(depth - 1, &generator) }
        let value: String
        switch Int.random(in: 0...(depth > 0 ? 6 : 4), using: &generator) {
        case 0: value = ["true", "false", "null"].randomElement(using: &generator)!
        case 1: value = String(Int32.random(in: .min ... .max, using: &generator))
        case 2: value = String(Double.random(in: -1e9...1e9, using: &generator))
        case 3: value = ["0", "-0", "1e5", "2E-3", "0.25e+1"].randomElement(using: &generator)!
        case 4: value = randomString(&generator)
        case 5:
            let count = Int.random(in: 0...3, using: &generator)
            value = "[" + (0..<count).map { _ in inner(&generator) }.joined(separator: ",") + "]"
        default:
            let count = Int.random(in: 0...3, using: &generator)
            let members = (0..<count).map { "\"m\($0)\":" + inner(&generator) }
            value = "{" + members.joined(separator: ",") + "}"
        }
        return space(&generator) + value + space(&generator)
    }

    private func randomString(_ generator: inout SeededGenerator) -> String {
        var result = "\""
        for _ in 0..<Int.random(in: 0...30, using: &generator) {
            switch Int.random(in: 0...9, using: &generator) {
            case 0:
                result += [#"\n"#, #"\""#, #"\\"#, #"\/"#, #"\t"#].randomElement(using: &generator)!
            case 1:
                result += #"\u00"# + String(Int.random(in: 16...255, using: &generator), radix: 16)
            case 2: result += #"\uD83D\uDE"# + ["00", "4f"].randomElement(using: &generator)!
            case 3: result += ["é", "ß", "Ж", "中", "€", "😀"].randomElement(using: &generator)!
            default:
                result += ["a", "quern", " ", "the grain of", "}", "[", ","]
                    .randomElement(using: &generator)!
            }
        }
        return result + "\""
    }

    private func space(_ generator: inout SeededGenerator) -> String {
        ["", "", "", " ", "\t", "\r", "  "].randomElement(using: &generator)!
    }
}
