import Bytes
import Foundation
import Testing

@testable import Corpora

@Suite struct PolicyTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func bytes(_ name: String) -> [UInt8]? {
        FileManager.default.contents(atPath: folder.path + "/" + name).map { Array($0) }
    }

    @Test("what is put into quarantine is there byte for byte, with place and reason")
    func quarantine() throws {
        let bad: [[UInt8]] = [
            Array("{\"text\":7}".utf8), Array("{\"text\":\"".utf8) + [0xFF] + Array("\"}\r".utf8),
            Array("{\"text\":\"cut".utf8),
        ]
        let good = Array("{\"text\":\"good\"}".utf8)
        let lines = try folder.write(
            "a.jsonl", Array([good, bad[0], good, bad[1], bad[2]].joined(separator: [10])))
        let table = try folder.write("b.csv", "text,id\ngood,1\nshort\n\"good\",2\n")
        let text = try folder.write("c.txt", Array("good|ba".utf8) + [0xC3] + Array("d|good".utf8))
        var configuration = CorpusConfiguration(
            inputs: [lines, table, text], textSeparator: "|", invalidUTF8: .fail,
            onError: .quarantine)
        configuration.quarantinePath = folder.path + "/kept"
        var reader = try CorpusReader(configuration)
        let texts = try readAll(&reader).map { String(decoding: $0.text, as: UTF8.self) }
        #expect(texts == Array(repeating: "good", count: 6))
        #expect(reader.progress.quarantinedLines == 5)
        #expect(reader.progress.skippedLines == 5)

        let kept = bad + [Array("short".utf8), Array("ba".utf8) + [0xC3] + Array("d".utf8)]
        #expect(bytes("kept") == kept.flatMap { $0 + [10] })
        let reasons = try #require(bytes("kept.reasons.jsonl")).split(separator: 10)
        let places: [(String, String, Int)] = [
            (lines, "line", 2), (lines, "line", 4), (lines, "line", 5), (table, "line", 3),
            (text, "document", 2),
        ]
        var offset = 0
        for (index, line) in reasons.enumerated() {
            let object = try #require(
                JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
            #expect(object["path"] as? String == places[index].0)
            #expect(object[places[index].1] as? Int == places[index].2)
            #expect(object["offset"] as? Int == offset)
            #expect(object["bytes"] as? Int == kept[index].count)
            #expect((object["reason"] as? String)?.isEmpty == false)
            offset += kept[index].count + 1
        }
        #expect(reasons.count == 5)
    }

    @Test("of what is too large the first bytes are kept, with its place", arguments: [1, 7, 64])
    func tooLarge(bufferByteCount: Int) throws {
        let long = String(repeating: "mill ", count: 20)
        let inputs = [
            try folder.write("a.jsonl", "{\"text\":\"a\"}\n{\"text\":\"\(long)\"}\n7\n"),
            try folder.write(
                "b.txt", "short\n\nof\nmany\nlines\nthat\nare\nshort\n\n\(long)\nx\n\nz"),
        ]
        var configuration = CorpusConfiguration(
            inputs: inputs, documents: .blankLine, onError: .quarantine,
            maximumDocumentByteCount: 20)
        configuration.quarantinePath = folder.path + "/kept"
        var reader = try CorpusReader(configuration, sizes: .small(bufferByteCount))
        let texts = try readAll(&reader).map { String(decoding: $0.text, as: UTF8.self) }
        #expect(texts == ["a", "short", "z"])
        let fronts = [
            "{\"text\":\"mill mill m", "7", "of\nmany\nlines\nthat\na", "mill mill mill mill ",
        ]
        #expect(bytes("kept") == fronts.flatMap { Array($0.utf8) + [10] })
        let reasons = try #require(bytes("kept.reasons.jsonl")).split(separator: 10)
        let objects = try reasons.map {
            try #require(JSONSerialization.jsonObject(with: Data($0)) as? [String: Any])
        }
        #expect(objects.map { $0["line"] as? Int } == [2, 3, 3, 10])
        #expect(objects.map { $0["is_cut"] as? Bool } == [true, nil, true, true])
        #expect(objects.map { $0["bytes"] as? Int } == [20, 1, 20, 20])
        #expect(objects.map { $0["offset"] as? Int } == [0, 21, 23, 44])

        // A page at most, however large a document may be.
        configuration.inputs = [
            try folder.write("c.jsonl", "{\"text\":\"\(String(repeating: "x", count: 9_000))\"}\n")
        ]
        configuration.maximumDocumentByteCount = 8_000
        var other = try CorpusReader(configuration, sizes: .small(bufferByteCount))
        #expect(try readAll(&other).isEmpty)
        #expect(bytes("kept")?.count == Quarantine.frontByteCount + 1)
    }

    @Test("quarantines of several readers are joined as if there had been one")
    func joined() throws {
        // One name has in it what is looked for in an object.
        let names = ["a.jsonl", "b,\"offset\":7,.jsonl", "c.jsonl", "d.jsonl"]
        var inputs: [String] = []
        for (number, name) in names.enumerated() {
            let bad = (0..<number * 40_000 % 90_000).map { "bad \(number) \($0)" }
            inputs.append(
                try folder.write(
                    name, (["{\"text\":\"good\"}"] + bad).joined(separator: "\n")))
        }
        func read(_ inputs: [String], _ name: String) throws -> Int {
            var configuration = CorpusConfiguration(inputs: inputs, onError: .quarantine)
            configuration.quarantinePath = folder.path + "/" + name
            var reader = try CorpusReader(configuration)
            while try reader.next() != nil {}
            return reader.progress.quarantinedLines
        }
        #expect(try read(inputs, "whole") == 40_000 + 80_000 + 30_000)
        let parts = try [[0, 1], [2], [3]].enumerated().map { number, members in
            _ = try read(members.map { inputs[$0] }, "part-\(number)")
            return folder.path + "/part-\(number)"
        }
        try Quarantine.join(parts, to: folder.path + "/joined")
        for ending in ["", ".reasons.jsonl"] {
            let whole = try #require(bytes("whole" + ending))
            #expect(whole.count > 1 << 20 && bytes("joined" + ending) == whole)
        }
        try Quarantine.join([], to: folder.path + "/joined")
        #expect(bytes("joined") == nil && bytes("joined.reasons.jsonl") == nil)
    }

    @Test("nothing to keep leaves no files, also not those of an earlier run")
    func emptyQuarantine() throws {
        let path = try folder.write("a.txt", "good")
        try folder.write("kept", "old")
        try folder.write("kept.reasons.jsonl", "old")
        var configuration = CorpusConfiguration(inputs: [path], onError: .quarantine)
        configuration.quarantinePath = folder.path + "/kept"
        #expect(try readTexts(configuration) == ["good"])
        #expect(bytes("kept") == nil && bytes("kept.reasons.jsonl") == nil)
    }

    @Test("a reader that is given up leaves no quarantine")
    func abandoned() throws {
        let path = try folder.write("a.jsonl", "7\n{\"text\":\"a\"}\n{\"text\":\"b\"}\n")
        var configuration = CorpusConfiguration(inputs: [path], onError: .quarantine)
        configuration.quarantinePath = folder.path + "/kept"
        func readOne() throws {
            var reader = try CorpusReader(configuration)
            #expect(try reader.next() != nil)
        }
        try readOne()
        let left = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(left == ["a.jsonl"])
    }

    @Test("bytes that are not UTF-8 are refused, replaced or kept, and counted")
    func invalidUTF8() throws {
        let bytes = Array("a".utf8) + [0xFF] + Array("b|good".utf8)
        let path = try folder.write("a.txt", bytes)
        func read(_ policy: InvalidUTF8Policy) throws -> ([[UInt8]], Int) {
            var reader = try CorpusReader(
                CorpusConfiguration(inputs: [path], textSeparator: "|", invalidUTF8: policy))
            return (try readAll(&reader).map(\.text), reader.progress.invalidUTF8Documents)
        }
        let good = Array("good".utf8)
        let kept = try read(.keep)
        #expect(kept == ([[0x61, 0xFF, 0x62], good], 1))
        let replaced = try read(.replace)
        #expect(replaced == ([Array("a\u{FFFD}b".utf8), good], 1))
        let origin = DocumentOrigin(path: path, position: .part(1))
        #expect(throws: CorpusError.invalidUTF8(origin: origin, column: 2)) { try read(.fail) }
    }

    @Test("in JSON, bytes that are not text and lone surrogates are refused or replaced")
    func invalidJSON() throws {
        let lines: [(String, String)] = [
            (#"{"text":"a\ud800b"}"#, "a\u{FFFD}b"),
            (#"{"text":"\udc00\ud800"}"#, "\u{FFFD}\u{FFFD}"),
            (#"{"text":"\ud800\ud83d\ude00"}"#, "\u{FFFD}😀"),
            (#"{"text":"\ud800\n"}"#, "\u{FFFD}\n"),
            (#"{"text":"\ud800A"}"#, "\u{FFFD}A"), (#"{"a\udfff":1,"text":"x"}"#, "x"),
        ]
        for (line, expected) in lines {
            let path = try folder.write("a.jsonl", line)
            var configuration = CorpusConfiguration(inputs: [path], invalidUTF8: .replace)
            #expect(try readTexts(configuration) == [expected])
            for policy in [InvalidUTF8Policy.keep, .fail] {
                configuration.invalidUTF8 = policy
                #expect(throws: CorpusError.self) { try readTexts(configuration) }
            }
        }
        let bytes = Array("{\"text\":\"".utf8) + [0xE2, 0x82, 0x41] + Array("\"}".utf8)
        let path = try folder.write("b.jsonl", bytes)
        #expect(
            try readTexts(CorpusConfiguration(inputs: [path], invalidUTF8: .replace))
                == ["\u{FFFD}A"])
        #expect(throws: CorpusError.self) { try readTexts(CorpusConfiguration(inputs: [path])) }
    }

    @Test("replacing agrees with the standard library for all short strings of border bytes")
    func repair() {
        let borders: [UInt8] = [
            0x41, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0xC2, 0xE0, 0xE1, 0xED, 0xEF, 0xF0,
            0xF1, 0xF4, 0xF5,
        ]
        var strings: [[UInt8]] = [[]]
        for _ in 0..<4 {
            strings = [[]] + strings.flatMap { front in borders.map { front + [$0] } }
        }
        var differences = 0
        for string in strings {
            let expected = Array(String(decoding: string, as: UTF8.self).utf8)
            if (repairedUTF8(string.span) ?? string) != expected { differences += 1 }
        }
        #expect(differences == 0)
    }

    @Test(
        "text is cut at lines or blank lines",
        arguments: [
            (DocumentDivision.line, ["one", "two", "three", "\u{FEFF}four"], [1, 2, 5, 6]),
            (.blankLine, ["one\ntwo", "three\n\u{FEFF}four"], [1, 5]),
            (.file, ["one\ntwo\n\n \t\nthree\n\u{FEFF}four\n\n"], [1]),
        ])
    func divisions(division: DocumentDivision, expected: [String], places: [Int]) throws {
        let text = "one\ntwo\n\n \t\nthree\n\u{FEFF}four\n\n"
        for ending in ["\n", "\r\n"] where division != .file || ending == "\n" {
            let path = try folder.write("a.txt", text.replacing("\n", with: ending))
            for buffer in [1, 3, 4096] {
                var reader = try CorpusReader(
                    CorpusConfiguration(inputs: [path], documents: division),
                    sizes: .small(buffer))
                let documents = try readAll(&reader)
                #expect(
                    documents.map { String(decoding: $0.text, as: UTF8.self) }
                        == expected.map { $0.replacing("\n", with: ending) })
                #expect(documents.map(\.origin.position.number) == places)
            }
        }
    }

    @Test("a paragraph above the limit is passed over")
    func longParagraph() throws {
        let path = try folder.write(
            "a.txt", "one\n\n1234\n5678\n9\n\ntwo\n\n1234567890123\n\nthree")
        var configuration = CorpusConfiguration(
            inputs: [path], documents: .blankLine, onError: .skip, maximumDocumentByteCount: 9)
        #expect(try readTexts(configuration) == ["one", "two", "three"])
        configuration.onError = .fail
        let origin = DocumentOrigin(path: path, position: .line(3))
        #expect(throws: CorpusError.documentTooLarge(origin: origin, limit: 9)) {
            try readTexts(configuration)
        }
    }

    @Test("a field lies as deep as its path says")
    func paths() throws {
        let line =
            #"{"meta":{"body":{"text":"deep"},"a.b":"dot","c\\":"slash"},"#
            + #""text":"top","list":[{"text":"no"}]}"#
        let path = try folder.write("a.jsonl", line)
        for (field, expected) in [
            ("meta.body.text", "deep"), ("text", "top"), (#"meta.a\.b"#, "dot"),
            (#"meta.c\\"#, "slash"), (#"meta.c\"#, "slash"),
        ] {
            #expect(
                try readTexts(CorpusConfiguration(inputs: [path], textField: field)) == [expected])
        }
        for field in [
            "meta", "meta.body", "meta.text", "text.text", "list.text", "meta.body.text.x",
        ] {
            #expect(throws: CorpusError.self) {
                try readTexts(CorpusConfiguration(inputs: [path], textField: field))
            }
        }
        // The last of equal keys counts, on every level.
        let twice = try folder.write("b.jsonl", #"{"a":{"b":"x"},"a":{"c":"y"}}"#)
        #expect(throws: CorpusError.self) {
            try readTexts(CorpusConfiguration(inputs: [twice], textField: "a.b"))
        }
    }

    @Test("inputs can be named in a file")
    func list() throws {
        try folder.write("a b.txt", "one")
        try folder.write("c.txt", "two")
        let list = try folder.write("list", "\(folder.path)/a b.txt\r\n\n\(folder.path)/c*\n")
        #expect(try readTexts(CorpusConfiguration(inputsFrom: list)) == ["one", "two"])
        #expect(
            try CorpusConfiguration(inputsFrom: list).inputPaths().count == 2)
    }
}
