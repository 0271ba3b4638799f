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
            #"{"instruction":"Who?","context":"","response":"God."}"#,
            #"{"prompt":"Who?","completion":"God.","messages_id":3}"#,
            #"{"prompt":"Who?","response":"God."}"#, #"{"question":"Who?","answer":"God."}"#,
            #"{"prompt":["Why?"],"messages":[{"role":"user","content":"Who?"},"#
                + #"{"role":"assistant","content":"God."}]}"#,
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

    @Test("columns of Parquet hold messages as JSON, or questions and answers")
    func columns() throws {
        let messages = #"[{"role":"user","content":"Who?"},{"role":"assistant","content":"God."}]"#
        let wanted: [Conversation.Turn] = [
            .init(speaker: .user, text: "Who?"), .init(speaker: .assistant, text: "God."),
        ]
        try folder.write(
            "a.parquet", try parquet([("id", ["1"]), ("messages", [" \(messages)\n"])]))
        try folder.write(
            "b.parquet",
            try parquet([
                ("instruction", ["Who?", "Shout."]), ("input", [nil, "\"amen\""]),
                ("output", ["God.", "AMEN"]), ("system", [nil, "Obey."]),
            ]))
        let found = try read([folder.path])
        #expect(
            found.conversations.map(\.turns) == [
                wanted, wanted,
                [
                    .init(speaker: .system, text: "Obey."),
                    .init(speaker: .user, text: "Shout.\n\n\"amen\""),
                    .init(speaker: .assistant, text: "AMEN"),
                ],
            ])
        #expect(
            found.conversations.map { "\($0.origin)" }
                == ["a.parquet, row 1", "b.parquet, row 1", "b.parquet, row 2"].map {
                    folder.path + "/" + $0
                })
    }

    @Test(
        "a row that is no conversation is told with its place",
        arguments: [
            (#"[{"role":"user"}]"#, "message 1 lacks"), ("[", "is not JSON: byte 2"),
            ("[], \"system\": \"x\"", "is not JSON: byte 3"), (nil, "none of the forms"),
        ] as [(String?, String)])
    func badRows(messages: String?, reason: String) throws {
        let path = try folder.write(
            "a.parquet", try parquet([("messages", [messages]), ("n", ["1"])]))
        let error = #expect(throws: CorpusError.self) { try read([path]) }
        #expect(error?.description.contains("\(path), row 1") == true)
        #expect(error?.description.contains(reason) == true)
        #expect(try read([path], onError: .skip).skipped.count == 1)
    }

    @Test("a Parquet file without such columns names those that it has")
    func otherColumns() throws {
        let path = try folder.write("a.parquet", try parquet([("text", ["x"])]))
        let error = #expect(throws: CorpusError.self) { try read([path]) }
        #expect(error?.description.contains("only \"text\"") == true)
    }

    @Test("a file named .json is an array of conversations, or holds them one after another")
    func arrays() throws {
        let records = [
            "{\n \"instruction\": \"Who?\",\n \"input\": \"\",\n \"output\": \"God.\"}",
            #"{"messages":[{"role":"assistant","content":"Amen."}]}"#,
        ]
        let array = try folder.write("a.json", "[" + records.joined(separator: ",\n") + "]")
        let rows = try folder.write("b.json", records.joined(separator: "\n"))
        let line = try folder.write("c.jsonl", records[1] + "\n")
        let found = try read([array, rows, line]).conversations
        #expect(found.count == 5)
        #expect(Set(found.map(\.origin.path)) == [array, rows, line])
        #expect(found.filter { $0.turns.last?.text == "Amen." }.count == 3)
        try folder.write("a.json", "[\(records[0]), {\"a\": 1}, 3]")
        let (kept, skipped) = try read([array], onError: .skip)
        #expect(kept.count == 1 && skipped.count == 2)
        #expect(skipped[0].description.contains("item 2: it has none of the forms"))
        var reader = try ConversationReader(inputs: [rows, line])
        while try reader.next() != nil {}
        #expect(reader.progress.totalBytes == reader.progress.bytesRead)
        #expect(reader.progress.sources.count == 2)
    }

    @Test(
        "files of other formats are refused by name",
        arguments: ["a.csv", "a.tsv.gz", "a.tar", "a.tgz", "a.warc.gz", "a.wet"])
    func otherFormats(name: String) throws {
        let path = try folder.write(name, "user,assistant\n")
        let error = try #require(throws: CorpusError.self) { try read([path]) }
        #expect(error.description.contains("holds no conversations; use JSON lines"))
    }

    @Test("calls of tools, thoughts, parts and weights are read")
    func parts() throws {
        let call = #"{"function": {"name": "f", "arguments": {"b": 1.0, "a": "x"}}}"#
        let path = try folder.write(
            "a.jsonl",
            #"{"messages":[{"role":"developer","content":[{"type":"text","text":"p"},"#
                + #"{"type":"text","text":"q"}]},{"role":"user","content":"r"},"#
                + #"{"role":"assistant","content":null,"reasoning_content":"hm","weight":0,"#
                + #""tool_calls":["# + call + #"]},{"role":"tool","content":"2","name":"f","#
                + #""tool_call_id":"7"},{"role":"assistant","content":"s","weight":1}]}"# + "\n")
        let turns = try #require(try read([path]).conversations.first).turns
        #expect(turns.map(\.speaker) == [.developer, .user, .assistant, .tool, .assistant])
        #expect(turns[0].text == "p\nq")
        #expect(turns[2].isWithoutText && turns[2].reasoning == "hm" && !turns[2].isLearned)
        #expect(turns[2].toolCalls == "[" + call + "]")
        #expect(turns[3].name == "f" && turns[3].toolCallID == "7")
        #expect(turns[4].isLearned && turns[4].toolCalls == nil)
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
            (#"{"messages":[{"role":"tool","content":"a"}]}"#, "nothing to learn"),
            (#"{"messages":[{"role":"function","content":"a"}]}"#, "\"function\""),
            (#"{"messages":[{"role":"assistant","content":["a"]}]}"#, "string"),
            (#"{"messages":[{"role":"assistant","content":null}]}"#, "message 1 lacks"),
            (
                #"{"messages":[{"role":"assistant","content":[{"type":"image_url"}]}]}"#,
                "\"image_url\""
            ),
            (
                #"{"messages":[{"role":"user","content":"a","tool_calls":[{}]},"#
                    + #"{"role":"assistant","content":"a"}]}"#, "calls tools"
            ),
            (#"{"messages":[{"role":"assistant","content":"a","weight":0.5}]}"#, "weight 0.5"),
            (
                #"{"messages":[{"role":"assistant","content":"a","train":false}]}"#,
                "by its weights"
            ),
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
