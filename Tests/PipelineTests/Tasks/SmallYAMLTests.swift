import Bytes
import Testing

@testable import Pipeline

@Suite struct SmallYAMLTests {
    /// The value as compact JSON.
    private func json(_ text: String) throws(SmallYAML.Fault) -> String {
        var json = JSONText(isCompact: true)
        json.value(nil, try SmallYAML.value(of: text))
        return String(decoding: json.bytes.filter { $0 != UInt8(ascii: " ") }, as: UTF8.self)
    }

    @Test(
        "files of settings mean what PyYAML finds in them",
        arguments: [
            ("a: b\nc: 1\n", #"{"a":"b","c":1}"#),
            ("---\na: 'it''s'   # so\nb: \"x\\ny\"\n", #"{"a":"it's","b":"x\ny"}"#),
            ("a:\n  b:\n    c: d\ne: f", #"{"a":{"b":{"c":"d"}},"e":"f"}"#),
            ("a:\n- b\n- c\nd: 1", #"{"a":["b","c"],"d":1}"#),
            ("a:\n  - x: 1\n    y: 2\n  - x: 3", #"{"a":[{"x":1,"y":2},{"x":3}]}"#),
            ("l:\n-\n  a: [0]\n  b: q\n-\n  a: [1, 2]", #"{"l":[{"a":[0],"b":"q"},{"a":[1,2]}]}"#),
            ("a: {b: {c: d.jsonl}, e: [f, 'g']}", #"{"a":{"b":{"c":"d.jsonl"},"e":["f","g"]}}"#),
            ("a: [yes, 'no', ~, -1.5e3]", #"{"a":[true,"no",null,-1.5e3]}"#),
            ("a:\nb: null\n", #"{"a":null,"b":null}"#),
            ("a: |\n  x\n   y\n\n  z\nb: c", #"{"a":"x\ny\n\nz\n","b":"c"}"#),
            ("a: |-\n  x\n", #"{"a":"x"}"#),
            ("a: http://x:1 # c\n# d\n\nb: x#y", #"{"a":"http://x:1","b":"x#y"}"#),
            ("- - a\n  - b\n- c", #"[["a","b"],"c"]"#), ("\"k k\": v", #"{"kk":"v"}"#),
            ("", "null"), ("# nothing\n", "null"), ("plain", #""plain""#),
        ])
    func values(text: String, expected: String) throws {
        #expect(try json(text) == expected)
    }

    @Test(
        "what is not known is refused with its line",
        arguments: [
            ("a: b\na: c", 2), ("a: &x b", 1), ("a: !function f.g", 1), ("a: >\n  b", 1),
            ("a: [b\n", 1), ("a: 'b", 1), ("a: b\n  c", 2), ("a: b\n c: d", 2),
            ("  a: b\nc: d", 2), ("a: \"\\q\"", 1), ("a: [b] c", 1), ("a:\n\tb: c", 2),
            ("a: {b c}", 1), ("- a\n  b: c", 2), ("a: b\nplain", 2),
        ])
    func faults(text: String, line: Int) {
        #expect {
            try SmallYAML.value(of: text)
        } throws: {
            ($0 as? SmallYAML.Fault)?.line == line
        }
    }

    @Test func `nesting has a limit, in blocks and in brackets`() {
        let block = (0..<100).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
        #expect(throws: SmallYAML.Fault.self) { try SmallYAML.value(of: block) }
        let flow = "a: " + String(repeating: "[", count: 10_000)
        #expect(throws: SmallYAML.Fault.self) { try SmallYAML.value(of: flow) }
        let dashes = String(repeating: "- ", count: 10_000)
        #expect(throws: SmallYAML.Fault.self) { try SmallYAML.value(of: dashes) }
    }

    @Test func `no text brings it down`() {
        var random = MersenneTwister(seed: 11)
        let parts = [
            "a", ":", " ", "\n", "- ", "[", "]", "{", "}", ",", "'", "\"", "\\", "|", "#", "  ",
            "é",
            "---", "\t", "\r", "0", "x41", "u", "a: ",
        ]
        for _ in 0..<4_000 {
            let text = (0..<random.below(24)).map { _ in parts[random.below(parts.count)] }
            _ = try? SmallYAML.value(of: text.joined())
        }
    }
}
