import Bytes
import Foundation
import Testing

@testable import Corpora

/// Texts that a JSON reader must accept and must refuse, by the categories of the well-known
/// parsing test suite (Nicolas Seriot, "Parsing JSON is a Minefield"): arrays, numbers, objects,
/// strings, structure.
@Suite struct JSONGrammarTests {
    private func isAccepted(_ value: [UInt8]) -> Bool {
        let line = Array(#"{"text":"x","value":"#.utf8) + value + Array("}".utf8)
        let extractor = JSONFieldExtractor(field: FieldPath("text"))
        return (try? extractor.text(in: line.span)) == Array("x".utf8)
    }

    /// Whether a whole line is an object with a text.
    private func isAccepted(line: [UInt8]) -> Bool {
        (try? JSONFieldExtractor(field: FieldPath("text")).text(in: line.span)) != nil
    }

    @Test(
        "values that must be accepted",
        arguments: [
            // Arrays.
            "[[] ]", "[]", "[\"\"]", "[\"a\"]", "[false]", "[null, 1, \"1\", {}]", "[null]",
            "[1\n]",
            " [1]", "[1,null,null,null,2]", "[2] ", "[ ]", "[[[[[]]]]]",
            // Numbers.
            "123e65", "0e+1", "0e1", " 4", "-0.000000000000000000000000000000000000001", "20e1",
            "-0",
            "-123", "-1", "1E22", "1E-2", "1E+2", "123e45", "123.456e78", "1e-2", "1e+2", "123",
            "123.456789", "0", "0.0", "-0.0", "1.5E+9999",
            "100000000000000000000000000000000000000",
            // Objects.
            #"{"asd":"sdf", "dfg":"fgh"}"#, #"{"asd":"sdf"}"#, #"{"a":"b","a":"c"}"#,
            #"{"a":"b","a":"b"}"#, "{}", #"{"":0}"#, #"{"foo\u0000bar": 42}"#,
            #"{ "min": -1.0e+28, "max": 1.0e+28 }"#, #"{"x":[{"id": "xxxxxxxx"}], "id": "xxxx"}"#,
            #"{"a":[]}"#, "{\n\"a\": \"b\"\n}",
            #"{"title":"\u041f\u043e\u043b\u0442\u043e\u0440\u0430 "#
                + #"\u0417\u0435\u043c\u043b\u0435" }"#,
            // Strings.
            #""\u0060\u012a\u12AB""#, #""\uD801\udc37""#, #""\ud83d\ude39\ud83d\udc8d""#,
            #""\"\\\/\b\f\n\r\t""#, #""\\u0000""#, #""\"""#, #""a/*b*/c/*d//e""#, #""\\a""#,
            #""\\n""#, #""\u0012""#, #""\uFFFF""#, "\"asd\"", "\"\u{10FFFF}\"", "\"\u{FFFF}\"",
            #""\u0000""#, #""\u002c""#, "\"π\"", "\"\u{1BFFF}\"", "\" \"", #""\uDBFF\uDFFE""#,
            #""new\u00A0line""#, "\"\u{2028}\"", "\"\u{2029}\"", #""\u0061\u30af\u30EA\u30b9""#,
            "\"\u{7F}\"", #""\u0022""#, #""\u005C""#, "\"€𝄞\"", #""\uD834\uDd1e""#, "\"a\u{7F}a\"",
            // Structure.
            "false", "42", "-0.1", "null", "\"a string\"", "true", "\"\"", "[true] \n", " [] ",
            "\t\r\n [ \t\r\n1\t\r\n, \t\r\n2 \t\r\n] \t\r\n",
        ])
    func accepted(value: String) {
        #expect(isAccepted(Array(value.utf8)))
    }

    @Test(
        "values that must be refused",
        arguments: [
            // Arrays.
            "[1 true]", "[\"\": 1]", "[\"\"],", "[,1]", "[1,,2]", "[\"x\",,]", "[\"x\"]]",
            "[\"\",]",
            "[\"x\"", "[x", "[3[4]]", "[:1]", "[,]", "[-]", "[   , \"\"]", "[\"a\",\n4\n,1,",
            "[1,]",
            "[1,,]", "[\"\u{B}a\"\\f]", "[*]", "[\"\"", "[1,", "[1,\n1\n,1", "[{}", "[1\u{A0}]",
            // Literals.
            "[fals]", "[nul]", "[tru]", "nulll", "True", "TRUE", "falsey", "undefined",
            "nul\\u006c",
            // Numbers.
            "++1234", "+1", "+Inf", "-01", "-1.0.", "-2.", ".-1", ".2e-3", "0.1.2", "0.3e+", "0.3e",
            "0.e1", "0E+", "0E", "0e+", "0e", "1.0e+", "1.0e-", "1.0e", "1 000.0", "1eE2", "2.e+3",
            "2.e-3", "2.e3", "9.e+", "Inf", "NaN", "\u{FF11}", "1+2", "0x1", "0x42", "Infinity",
            "0e+-1", "-123.123foo", "-Infinity", "-foo", "- 1", "-012", "-.123", "-1x", "1ea", "1.",
            ".123", "1.2a-3", "1.8011670033376514H-308", "012", "0_1", "1,000.5", "--1", "1e1.5",
            "00",
            // Objects.
            "{\"bad\", \"truth\"}", #"{[: "x"}"#, "{\"x\", null}", #"{"x"::"b"}"#, "{🇨🇭}",
            #"{"a":"a" 123}"#, #"{key: 'value'}"#, #"{"a" b}"#, #"{:"b"}"#, #"{"a" "b"}"#,
            #"{"a":"#,
            #"{"a""#, "{1:1}", "{9999E9999:1}", "{null:null,null:null}", #"{"id":0,,,,,}"#,
            #"{'a':0}"#, #"{"id":0,}"#, #"{"a":"b"}/**/"#, #"{"a":"b"}/**//"#, #"{"a":"b"}//"#,
            #"{"a":"b",,"c":"d"}"#, #"{a: "b"}"#, #"{"a":"a"#, #"{ "foo" : "bar", "a" }"#,
            #"{"a":"b"}#"#, "{\"a\":/*comment*/\"b\"}", "{true:1}", "{{}:1}",
            // Strings.
            #"["\uD800\"]"#, #"["\uD800\u"]"#, #"["\uD800\u1"]"#, #"["\uD800\u1x"]"#, "[é]",
            #"["\x00"]"#, #"["\\\"]"#, "[\"\\\t\"]", "[\"\\🌀\"]", #"["\"]"#, #"["\u00A"]"#,
            #"["\uD834\uDd"]"#, #"["\uD800\uD800\x"]"#, #"["\a"]"#, #"["\uqqqq"]"#,
            #"[\u0020"asd"]"#,
            #"[\n]"#, "\"", "['single quote']", "abc", #"["\"#, "[\"new\nline\"]", "[\"\t\"]",
            #""\UA66D""#, #""x"x"#, "[\"a\u{0}a\"]", "\"\u{1F}\"", #""\u 0041""#, #""\u+041""#,
            #""\u004G""#, #""\0""#, #""\'""#, "`a`", "“a”",
            // Structure.
            "<.>", "[<null>]", "[1]x", "[1]]", "[\"asd]", "aå", "[True]", "1]", #"{"x": true,"#,
            "[][]",
            "]", "{]", "{}}", "{\"\":", "[", "", "[\u{0}]", "2@", #"{}}"#, "[\"a", "{\"a",
            "[{\"a\":",
            "*", #"{"a":"b"}#{}"#, "[\\u000A\"\"]", "[1", "[ false, nul", "[ true, fals",
            "[ false, tru", #"{"asd":"asd""#, "å", "\u{2060}", "[\u{2060}]", "\u{FEFF}1", "[\u{C}]",
            "\u{B}1", "\u{A0}1", "[\"x\", truth]", "/*1*/1", "1//", "#", "[,", "{,", "{\"a\":[}",
            "[}",
            "[{]}", "[[1)", "(1)", ",", ":", "1 2", "\"a\" \"b\"", "{} {}", "tru e", "null,",
            "[1;2]",
        ])
    func refused(value: String) {
        #expect(!isAccepted(Array(value.utf8)))
    }

    @Test("bytes that are no text are refused in strings, keys and between")
    func bytes() {
        let sequences: [[UInt8]] = [
            [0xFF], [0x80], [0xC0, 0xAF], [0xE0, 0x80, 0xAF], [0xED, 0xA0, 0x80],
            [0xF0, 0x80, 0x80, 0x80],
            [0xF4, 0xBF, 0xBF, 0xBF], [0xF5, 0x80, 0x80, 0x80], [0xE5], [0xE2, 0x82],
            [0xF0, 0x9F, 0x98],
            [0xC3], [0xFC, 0x83, 0xBF, 0xBF, 0xBF, 0xBF],
        ]
        for sequence in sequences {
            #expect(!isAccepted([0x22] + sequence + [0x22]))
            #expect(!isAccepted([0x22, 0x61] + sequence + [0x61, 0x22]))
            #expect(!isAccepted([0x7B, 0x22] + sequence + [0x22, 0x3A, 0x30, 0x7D]))
            #expect(!isAccepted([0x5B] + sequence + [0x5D]))
            #expect(!isAccepted([0x22, 0x5C] + sequence + [0x22]))
        }
        // UTF-16, with and without a mark.
        for mark in [[], [0xFF, 0xFE]] as [[UInt8]] {
            let wide = Array(#"{"text":"x"}"#.utf8).flatMap { [$0, UInt8(0)] }
            #expect(!isAccepted(line: mark + wide))
        }
    }

    @Test("a line that is no object is refused, whatever JSON it is")
    func notObjects() {
        for line in ["[]", "1", "null", "\"text\"", "[{\"text\":\"x\"}]", "", " "] {
            #expect(!isAccepted(line: Array(line.utf8)))
        }
    }

    @Test("a bomb of nesting is refused in memory and time that its depth does not choose")
    func bombs() {
        for opening in ["[", "{\"a\":", "[{\"\":"] {
            let bomb = Array(String(repeating: opening, count: 200_000).utf8)
            #expect(!isAccepted(bomb))
        }
        let depth = JSONFieldExtractor.nestingLimit - 1
        let deepest = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        #expect(isAccepted(Array(deepest.utf8)))
        #expect(!isAccepted(Array("[\(deepest)]".utf8)))
        // A path does not go deeper than that either.
        let path = Array(repeating: "a", count: 10_000).joined(separator: ".")
        let nested = String(repeating: "{\"a\":", count: 10_000)
        let extractor = JSONFieldExtractor(field: FieldPath(path))
        #expect(throws: JSONError.self) { try extractor.text(in: Array(nested.utf8).span) }
    }

    @Test("each value of the table, cut anywhere or with any byte put in, is read or refused")
    func damage() {
        let values = [
            #"{"a":[1.5e3,-0,true,null,"\u00e9\ud83d\ude00 π \\"],"b":{}}"#,
            #"[[{"x":"\n"}],false]"#,
        ]
        for value in values {
            let bytes = Array(value.utf8)
            for end in 0..<bytes.count { #expect(!isAccepted(Array(bytes[..<end]))) }
            for place in bytes.indices {
                for byte in UInt8.min...UInt8.max {
                    var changed = bytes
                    changed[place] = byte
                    // A text that is accepted here must be accepted by another reader too.
                    if isAccepted(changed) {
                        let object = try? JSONSerialization.jsonObject(
                            with: Data(changed), options: .fragmentsAllowed)
                        #expect(object != nil, "\(String(decoding: changed, as: UTF8.self))")
                    }
                }
            }
        }
    }
}
