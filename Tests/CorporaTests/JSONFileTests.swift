import Foundation
import Testing

@testable import Corpora

@Suite struct JSONFileTests {
    private func read(
        _ text: String, onError: CorpusErrorPolicy = .fail, buffer: Int = 4096,
        limit: Int = 1 << 20
    ) throws -> ReadFile {
        try ReadFile(text, name: "a.json", onError: onError, buffer: buffer, limit: limit)
    }

    @Test(
        "arrays of objects or strings, and objects, are read across every end of the buffer",
        arguments: [
            ("[]", []), (" [ \n ] \n", []), ("\u{FEFF}[\"a\"]", ["a"]),
            (#"["one","two]","three\"[,\\"]"#, ["one", "two]", "three\"[,\\"]),
            (#"[{"text":"one"} , {"a":[1,{"b":"}"}],"text":"two"}]"#, ["one", "two"]),
            ("[\n  {\n    \"text\": \"pretty\"\n  },\n  \"bare\"\n]\n", ["pretty", "bare"]),
            (#"{"text":"one"}"#, ["one"]),
            ("{\n  \"text\": \"pretty\",\n  \"a\": [[]]\n}\n", ["pretty"]),
            ("{\"text\":\"one\"}\n{\"text\":\"two\"}\n", ["one", "two"]),
            (#"{"text":"one"}{"text":"two"}  "#, ["one", "two"]),
            (#"["Grütze \ud83c\udf3e"]"#, ["Grütze 🌾"]),
        ])
    func accepted(text: String, expected: [String]) throws {
        for buffer in 1...text.utf8.count + 1 {
            let found = try read(text, buffer: buffer)
            #expect(found.texts == expected)
            #expect(found.numbers == Array(1...(expected.count + 1)).dropLast())
        }
    }

    @Test(
        "what is no array or objects is refused as a file, with the place",
        arguments: [
            ("", "there is no JSON value"), (" \n", "there is no JSON value"),
            ("7", "byte 1: expected an array"), ("\"a\"", "byte 1: expected an array"),
            ("[", "ends inside its array"), ("[\"a\"", "ends inside its array"),
            ("[\"a\",", "ends inside its array"), ("[\"a\",]", "byte 6: expected an element"),
            ("[,\"a\"]", "byte 2: expected an element"),
            ("[\"a\",,\"b\"]", "byte 6: expected an element"),
            ("[\"a\"] x", "byte 7: something follows"), ("[\"a\"]]", "byte 6: something follows"),
            ("[\"a\"}", "byte 5: expected ',' or ']'"),
            ("{\"text\":\"a\"} x", "byte 14: expected another object"),
        ])
    func refusedFile(text: String, reason: String) throws {
        for buffer in [1, 2, 5, 4096] {
            #expect {
                try read(text, buffer: buffer)
            } throws: { error in
                guard case CorpusError.malformedFile(_, let found) = error else { return false }
                return found.contains(reason)
            }
            let kept = try read(text, onError: .skip, buffer: buffer)
            #expect(kept.progress.brokenFiles.first?.description.contains(reason) == true)
        }
    }

    @Test("an element that cannot be read is one, and the others are kept")
    func refusedElement() throws {
        let text = #"[{"text":7}, "one" "two", {"text":"good"}, {x}, 5, {"text":"end"}]"#
        let found = try read(text, onError: .skip)
        #expect(found.texts == ["good", "end"])
        #expect(found.numbers == [3, 6])
        #expect(found.progress.skippedLines == 4)
        #expect(throws: CorpusError.self) { try read(text) }
    }

    @Test("a value cut short at the end of objects is one that cannot be read")
    func cutShort() throws {
        let found = try read("{\"text\":\"one\"}\n{\"text\":\"tw", onError: .skip)
        #expect(found.texts == ["one"])
        #expect(found.progress.skippedLines == 1)
    }

    @Test("an element above the limit is passed over in bounded memory")
    func limit() throws {
        let long = String(repeating: "x", count: 5_000)
        for buffer in [1, 100, 4096] {
            let found = try read(
                "[\"a\",\"\(long)\",\"b\"]", onError: .skip, buffer: buffer, limit: 4_000)
            #expect(found.texts == ["a", "b"])
        }
    }

    @Test("random files are read alike across all ends of buffers, and as another reader does")
    func fuzz() throws {
        let parts = [
            "[", "]", "{", "}", ",", ":", "\"", "\\", "\"a\"", "\"text\"", "{\"text\":\"b\"}", " ",
            "\n", "1",
        ]
        var generator = SeededGenerator(state: 31)
        func outcome(_ text: String, _ policy: CorpusErrorPolicy, _ buffer: Int) -> String {
            do {
                let found = try read(text, onError: policy, buffer: buffer)
                return "\(found.texts) \(found.numbers) \(found.progress.skippedLines)"
            } catch {
                // The folder has another name each time.
                let message = "\(error)"
                let path = message.range(of: "a.json")
                return String(message[(path?.upperBound ?? message.startIndex)...])
            }
        }
        for _ in 0..<250 {
            let count = Int.random(in: 0...12, using: &generator)
            let inner = (0..<count).map { _ in parts.randomElement(using: &generator)! }.joined()
            let text = Bool.random(using: &generator) ? "[\(inner)]" : inner
            for policy in [CorpusErrorPolicy.fail, .skip] {
                let expected = outcome(text, policy, 4096)
                for buffer in [1, 2, 3, 7] {
                    #expect(outcome(text, policy, buffer) == expected, "\(text)")
                }
            }
            guard text.drop(while: \.isWhitespace).first == "[",
                let found = try? read(text)
            else { continue }
            let array = try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [Any]
            let texts = array?.map { ($0 as? String) ?? ($0 as? [String: Any])?["text"] as? String }
            #expect(texts?.filter { $0 != "" && $0 != " " && $0 != "\n" } == found.texts, "\(text)")
        }
    }
}
