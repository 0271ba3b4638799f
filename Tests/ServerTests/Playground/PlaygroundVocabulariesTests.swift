import Foundation
import Testing
import Tokenization

@testable import Server

@Suite struct PlaygroundVocabulariesTests {
    private let fixture: PlaygroundFixture
    private var playground: Playground { fixture.playground }

    init() throws { fixture = try PlaygroundFixture() }

    /// Writes a vocabulary that has learned `text` to the folder.
    @discardableResult private func makeVocabulary(
        _ name: String, _ text: String = "grind the grain, grind the grain",
        at folder: String? = nil
    ) throws -> Vocabulary {
        let vocabulary = try PlaygroundFixture.vocabulary(text)
        try vocabulary.write(toDirectory: (folder ?? fixture.vocabularies) + "/" + name)
        return vocabulary
    }

    private func write(_ text: String, to name: String) throws {
        let directory = fixture.vocabularies + "/" + name
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(filePath: directory + "/tokenizer.json"))
    }

    private func names() throws -> [String] {
        let list = try JSONSerialization.jsonObject(with: playground.vocabularies())
        return try #require(list as? [[String: String]]).compactMap { $0["name"] }
    }

    private func cut(_ text: String, by names: [String]) throws -> [String: Any] {
        try object(playground.tokens(body(["text": text, "vocabularies": names])))
    }

    /// The ids and bytes of a vocabulary of an answer.
    private func listed(_ shown: [String: Any]) throws -> (ids: [Int], bytes: [[UInt8]]) {
        try tokens(shown["tokens"])
    }

    /// The error of a request for a vocabulary.
    private func problem(with name: String) throws -> PlaygroundError? {
        let data = try body(["text": "a", "models": ["mill"], "vocabularies": [name]])
        return refusal { () throws(PlaygroundError) in try playground.tokens(data) }
    }

    @Test func `a folder that is not there has no vocabularies`() throws {
        #expect(String(decoding: playground.vocabularies(), as: UTF8.self) == "[]")
        #expect(try problem(with: "mill")?.parameter == "vocabularies")
    }

    @Test func `a text is cut by vocabularies of models and of the folder side by side`() throws {
        let text = "grind the mill é"
        let other = try makeVocabulary("grain")
        let request = try body(["text": text, "models": ["mill"], "vocabularies": ["grain"]])
        let answer = try object(playground.tokens(request))
        let models = try #require(answer["models"] as? [[String: Any]])
        let vocabularies = try #require(answer["vocabularies"] as? [[String: Any]])
        #expect(models.map { $0["model"] as? String } == ["mill"])
        #expect(vocabularies.map { $0["vocabulary"] as? String } == ["grain"])
        for (shown, vocabulary) in [(models[0], fixture.vocabulary), (vocabularies[0], other)] {
            let found = try listed(shown)
            #expect(found.ids == BytePairEncoder(vocabulary).encode(text).map(\.index))
            #expect(found.bytes.flatMap(\.self) == Array(text.utf8))
            #expect(shown["vocabulary_size"] as? Int == vocabulary.count)
            #expect((shown["words"] as? [Any])?.count == 4)
        }
        // One alone needs no model.
        let alone = try cut(text, by: ["grain"])
        #expect((alone["models"] as? [Any])?.isEmpty == true)
        #expect((alone["vocabularies"] as? [Any])?.count == 1)
    }

    @Test func `what is that of a model of the same name is not listed again`() throws {
        try fixture.vocabulary.write(toDirectory: fixture.vocabularies + "/mill")
        try fixture.vocabulary.write(toDirectory: fixture.vocabularies + "/copy")
        try makeVocabulary("rnn")
        #expect(try names() == ["copy", "rnn"])
        // A name means the model's in one list and the folder's in the other.
        let request = try body(["text": "grind", "models": ["rnn"], "vocabularies": ["rnn"]])
        let answer = try object(playground.tokens(request))
        let ids = try ["models", "vocabularies"].map { key in
            try listed(#require((answer[key] as? [[String: Any]])?.first)).ids
        }
        #expect(ids[0] != ids[1])
    }

    @Test func `a link is no vocabulary, and neither is anything outside`() throws {
        let outside = fixture.runs + "/outside"
        try makeVocabulary("secret", at: outside)
        try makeVocabulary("real")
        try makeVocabulary(".hidden")
        try makeVocabulary("real/inner")
        let (manager, folder) = (FileManager.default, fixture.vocabularies)
        try manager.createSymbolicLink(
            atPath: folder + "/link", withDestinationPath: outside + "/secret")
        for name in ["half", "empty", "odd", "file.json"] {
            try manager.createDirectory(
                atPath: folder + "/" + name, withIntermediateDirectories: true)
        }
        let file = outside + "/secret/tokenizer.json"
        try manager.createSymbolicLink(
            atPath: folder + "/half/tokenizer.json", withDestinationPath: file)
        try manager.createDirectory(
            atPath: folder + "/odd/tokenizer.json", withIntermediateDirectories: true)
        try manager.copyItem(atPath: file, toPath: folder + "/plain.json")
        try manager.copyItem(atPath: file, toPath: folder + "/file.json/tokenizer.json")
        #expect(try names() == ["file.json", "real"])
        for name in [
            "link", "half", "empty", "odd", ".hidden", "plain.json", "real/inner", "real/",
            "real/.", "./real", "real/../real", "../runs/outside/secret", outside + "/secret",
            file, "", ".", "..", "/", "real\0", "Real", "mill",
        ] {
            #expect(try problem(with: name)?.parameter == "vocabularies", "\(name)")
        }
        #expect(try problem(with: "real") == nil)
        #expect(try problem(with: "file.json") == nil)
    }

    @Test func `a broken vocabulary says why, and the others stay`() throws {
        try makeVocabulary("whole")
        let deep = String(repeating: "[", count: 100_000)
        let long = String(repeating: "a", count: 100_000)
        for text in ["", "{", "[]", "{}", deep, "{\"model\": \(deep)", "{\"\(long)\": \(long)"] {
            try write(text, to: "broken")
            let error = try #require(try problem(with: "broken"))
            #expect(error.parameter == "vocabularies")
            #expect(error.message.hasPrefix("the vocabulary broken cannot be used: "))
            #expect((50...600).contains(error.message.utf8.count), "\(error)")
            #expect(try names() == ["broken", "whole"])
            #expect(try problem(with: "whole") == nil)
        }
        // Mended, it is read as it is now.
        try makeVocabulary("broken")
        #expect(try problem(with: "broken") == nil)
    }

    @Test func `a vocabulary is read when it is asked for, and a few are kept`() throws {
        let folder = playground.vocabularyFolder
        let all = (0..<70).map { "v" + String(100 + $0) }
        for name in all { try makeVocabulary(name, "the \(name) turns the \(name)") }
        #expect(try names() == Array(all.prefix(64)))
        #expect(folder.keptNames.isEmpty)
        #expect(try problem(with: all[63]) == nil)
        #expect(try problem(with: all[64]) != nil)
        for name in all.prefix(9) { #expect(try problem(with: name) == nil) }
        #expect(folder.keptNames == Array(all[1...8]))
        #expect(try problem(with: all[1]) == nil)
        #expect(folder.keptNames == Array(all[2...8] + [all[1]]))
        // What takes the place of a file is read anew.
        let new = try makeVocabulary(all[2], "quite other words, quite other words")
        let text = "quite other words"
        let answer = try cut(text, by: [all[2]])
        let shown = try #require((answer["vocabularies"] as? [[String: Any]])?.first)
        #expect(
            try listed(shown).ids == BytePairEncoder(new).encode(text).map(\.index))
    }

    @Test func `special tokens that are looked for in every text are words`() throws {
        let vocabulary = try makeVocabulary("grain")
        let special = try #require(vocabulary.endOfText)
        let path = fixture.vocabularies + "/grain/tokenizer.json"
        let file = try String(contentsOfFile: path, encoding: .utf8)
        let other = file.replacing("\"special\": true", with: "\"special\": false")
        #expect(file != other)
        try write(other, to: "everywhere")
        let mark = "<|endoftext|>"
        for text in [mark, mark + mark, "the" + mark, mark + " the", "a the\(mark)the \(mark)b"] {
            let answer = try cut(text, by: ["everywhere"])
            let shown = try #require((answer["vocabularies"] as? [[String: Any]])?.first)
            let found = try listed(shown)
            #expect(found.bytes.flatMap(\.self) == Array(text.utf8))
            #expect(found.ids.contains(special.index))
            var next = 0
            for word in try #require(shown["words"] as? [[String: Any]]) {
                #expect(word["first"] as? Int == next)
                for tree in try #require(word["trees"] as? [Any]) {
                    #expect((tree as? Int ?? (tree as? [Any])?.first as? Int) == found.ids[next])
                    next += 1
                }
            }
            #expect(next == found.ids.count)
        }
    }

    @Test func `lists of names are bounded together`() throws {
        try makeVocabulary("grain")
        let wrong: [([String: Any], String)] = [
            (["vocabularies": []], "models"), (["vocabularies": "grain"], "vocabularies"),
            (["vocabularies": [1]], "vocabularies"),
            (["models": "mill", "vocabularies": ["grain"]], "models"),
            (["vocabularies": Array(repeating: "grain", count: 9)], "vocabularies"),
            (
                [
                    "models": Array(repeating: "mill", count: 4),
                    "vocabularies": Array(repeating: "grain", count: 5),
                ], "vocabularies"
            ),
        ]
        for (request, parameter) in wrong {
            let data = try body(request.merging(["text": "a"]) { $1 })
            let error = refusal { () throws(PlaygroundError) in try playground.tokens(data) }
            #expect(error?.parameter == parameter, "\(request)")
        }
    }
}
