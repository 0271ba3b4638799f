import Corpora
import Foundation
import Testing

@Suite struct ConversationReaderTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(
        _ inputs: [String], onError: CorpusErrorPolicy = .fail
    ) throws -> (conversations: [Conversation], skipped: [CorpusError]) {
        var reader = try ConversationReader(inputs: inputs, onError: onError)
        var conversations: [Conversation] = []
        while let conversation = try reader.next() { conversations.append(conversation) }
        #expect(reader.conversationCount == conversations.count)
        #expect(reader.skippedLines == reader.skipped.count)
        return (conversations, reader.skipped)
    }

    @Test(
        "the forms of data sets are understood",
        arguments: [
            #"{"messages":[{"role":"user","content":"Who?"},"#
                + #"{"role":"assistant","content":"God."}]}"#,
            #"{"id":7,"conversations":[{"from":"human","value":"Who?"},"#
                + #"{"from":"gpt","value":"God."}]}"#,
            #"{"instruction":"Who?","input":"","output":"God."}"#,
            #"{"instruction":"Who?","output":"God.","system":""}"#,
        ])
    func forms(line: String) throws {
        let path = try folder.write("a.jsonl", line + "\n")
        let turns = try read([path]).conversations.map(\.turns)
        #expect(
            turns == [
                [.init(speaker: .user, text: "Who?"), .init(speaker: .assistant, text: "God.")]
            ])
    }

    @Test("an input follows its instruction, and a system message comes before everything")
    func alpaca() throws {
        let path = try folder.write(
            "a.jsonl", #"{"instruction":"Shout.","input":"amen","output":"AMEN","system":"Obey."}"#)
        let conversation = try #require(try read([path]).conversations.first)
        #expect(
            conversation.turns == [
                .init(speaker: .system, text: "Obey."),
                .init(speaker: .user, text: "Shout.\n\namen"),
                .init(speaker: .assistant, text: "AMEN"),
            ])
    }

    @Test("plain, compressed, in folders and of several files, with the line that each came from")
    func places() throws {
        let line = #"{"instruction":"a","output":"b"}"#
        try folder.write("data/x.jsonl", "\(line)\n\n\(line)\n")
        try folder.write("data/y.jsonl.zst", try compress("\(line)\n"))
        let found = try read([folder.path + "/data"]).conversations.map { $0.origin.description }
        #expect(
            found == [
                "\(folder.path)/data/x.jsonl, line 1", "\(folder.path)/data/x.jsonl, line 3",
                "\(folder.path)/data/y.jsonl.zst, line 1",
            ])
    }

    @Test(
        "a line that is no conversation is refused with its place and what is wrong",
        arguments: [
            ("{\"messages\":[", "JSON"), ("[1]", "JSON object"), ("{}", "none of the forms"),
            (#"{"messages":"x"}"#, "list"),
            (#"{"messages":[]}"#, "nothing to learn"),
            (#"{"messages":[{"role":"user","content":"a"}]}"#, "nothing to learn"),
            (#"{"messages":[{"role":"assistant"}]}"#, "message 1 lacks"),
            (#"{"messages":[{"role":"tool","content":"a"}]}"#, "\"tool\""),
            (#"{"messages":[{"role":"assistant","content":["a"]}]}"#, "string"),
            (
                #"{"messages":[{"role":"assistant","content":"a"},"#
                    + #"{"role":"system","content":"b"}]}"#,
                "must come first"
            ),
            (#"{"instruction":"a"}"#, "none of the forms"),
            (#"{"instruction":1,"output":"b"}"#, "string"),
            (
                #"{"messages":[{"role":"assistant","content":"a"}],"messages":[]}"#,
                "\"messages\" appears twice"
            ),
            ("{\"instruction\":\"\\ud800\",\"output\":\"b\"}", "surrogate"),
            ("{\"instruction\":\"a\u{1}\",\"output\":\"b\"}", "JSON"),
        ])
    func refused(line: String, reason: String) throws {
        let good = #"{"instruction":"a","output":"b"}"#
        let path = try folder.write("bad.jsonl", "\(good)\n\(line)\n\(good)\n")
        let error = #expect(throws: CorpusError.self) { try read([path]) }
        let text = try #require(error?.description)
        #expect(text.hasPrefix("\(path), line 2: "))
        #expect(text.contains(reason), "\(text)")
        let (conversations, skipped) = try read([path], onError: .skip)
        #expect(conversations.count == 2)
        #expect(skipped.map(\.description) == [text])
    }

    @Test("damaged lines are refused or read, and nothing else happens")
    func damaged() throws {
        let whole = Array(
            #"{"messages":[{"role":"user","content":"é\n"},{"role":"assistant","content":"b"}]}"#
                .utf8)
        var generator = SeededGenerator(state: 3)
        for _ in 0..<400 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                let place = Int.random(in: 0..<bytes.count, using: &generator)
                switch Int.random(in: 0..<3, using: &generator) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes[place], at: place)
                }
            }
            let path = try folder.write("damaged.jsonl", bytes)
            let (conversations, _) = try read([path], onError: .skip)
            for conversation in conversations {
                #expect(conversation.turns.contains { $0.speaker == .assistant })
            }
        }
    }
}
