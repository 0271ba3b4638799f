import Models
import Pipeline
import Testing
import Tokenization

@Suite struct ChatSessionTests {
    private let template: ChatTemplate
    private let model: GPT

    init() throws {
        template = try ChatTemplate(
            TinyModel.vocabulary().adding(specialTokens: ChatTemplate.specialTokens))
        model = try TinyModel.model(
            of: template.vocabulary, layers: 1, heads: 2, width: 16, positions: 96)
    }

    private func makeSession(
        system: String? = nil, temperature: Double = 0.8, seed: UInt64 = 42, stop: [String] = []
    ) throws -> ChatSession {
        var generation = GenerationConfiguration()
        generation.maximumTokenCount = 8
        generation.temperature = temperature
        (generation.seed, generation.stopStrings) = (seed, stop)
        return try ChatSession(
            model: model, template: template, system: system, configuration: generation,
            threadCount: 2)
    }

    private func ask(_ session: inout ChatSession, _ question: String) throws -> String {
        var answer = ""
        try session.ask(question) {
            answer += $0
            return true
        }
        return answer
    }

    @Test func `answers join the conversation, and the same conversation has the same answers`()
        throws
    {
        var session = try makeSession()
        let first = try ask(&session, "turn")
        let second = try ask(&session, "again")
        #expect(
            session.messages == [
                .init(role: .user, content: "turn"), .init(role: .assistant, content: first),
                .init(role: .user, content: "again"), .init(role: .assistant, content: second),
            ])
        var other = try makeSession()
        #expect(try ask(&other, "turn") == first)
        #expect(try ask(&other, "again") == second)
        session.clear()
        #expect(session.messages.isEmpty)
    }

    @Test func `what is read is the system message and the last messages, whole questions first`()
        throws
    {
        var session = try makeSession(system: "grind", temperature: 0)
        for number in 0..<12 {
            let before = session.messages
            _ = try ask(&session, "stone \(number)")
            #expect(session.messages.count == before.count + 2)
            #expect(session.unreadCount % 2 == 0)
            #expect(session.unreadCount < session.messages.count - 1)
            // As if nothing had been said before: what is left out has no part in the answer.
            var short = try makeSession(system: "grind", temperature: 0)
            let rest = Array(session.messages[session.unreadCount...].dropLast(2))
            short.recall(rest)
            _ = try ask(&short, "stone \(number)")
            #expect(short.messages == Array(session.messages[session.unreadCount...]))
            #expect(short.unreadCount == 0)
        }
        #expect(session.unreadCount > 0)
    }

    @Test func `a question that leaves no room is refused and forgotten`() throws {
        var session = try makeSession()
        #expect(throws: PipelineError.self) {
            try ask(&session, String(repeating: "corn ", count: 100))
        }
        #expect(session.messages.isEmpty)
        #expect(try ask(&session, "corn").utf8.count < 200)
    }

    @Test func `an answer ends before a stop string, wherever tokens cut it`() throws {
        var count = 0
        for seed in 0..<16 as Range<UInt64> {
            var whole = try makeSession(seed: seed)
            let answer = Array(try ask(&whole, "turn").unicodeScalars)
            for start in answer.indices {
                for end in start + 1..<min(answer.count, start + 4) + 1 {
                    // Bytes that are no character look like this one, and are none.
                    guard !answer[start..<end].contains("\u{FFFD}") else { continue }
                    let first = answer.indices.first {
                        answer[$0...].starts(with: answer[start..<end])
                    }
                    let expected = String(String.UnicodeScalarView(answer[..<first!]))
                    let stop = String(String.UnicodeScalarView(answer[start..<end]))
                    var session = try makeSession(seed: seed, stop: ["never said", stop])
                    let found = try ask(&session, "turn")
                    #expect(found.unicodeScalars.elementsEqual(expected.unicodeScalars))
                    #expect(session.messages.last?.content == found)
                    count += 1
                }
            }
        }
        #expect(count > 50)
    }

    @Test func `after a stop string the conversation goes on as if the answer was no longer`()
        throws
    {
        var whole = try makeSession(temperature: 0)
        let answer = try ask(&whole, "turn").unicodeScalars
        let stop = String(try #require(answer.dropFirst(2).first { $0 != "\u{FFFD}" }))
        var session = try makeSession(temperature: 0, stop: [stop])
        var other = try makeSession(temperature: 0, stop: [stop])
        #expect(try ask(&session, "turn").unicodeScalars.count < answer.count)
        other.recall(session.messages)
        #expect(try ask(&session, "again") == ask(&other, "again"))
    }

    @Test func `what could have begun a stop string is part of an answer without it`() throws {
        var whole = try makeSession()
        let answer = try ask(&whole, "turn")
        let last = try #require(answer.last { $0 != "\u{FFFD}" })
        var session = try makeSession(stop: ["\(last)\(answer) and more"])
        #expect(try ask(&session, "turn") == answer)
        #expect(session.messages == whole.messages)
    }

    @Test func `an answer that is stopped is kept as far as it went`() throws {
        var session = try makeSession()
        var pieces = 0
        try session.ask("turn") { _ in
            pieces += 1
            return pieces < 3
        }
        #expect(pieces <= 3)
        #expect(session.messages.count == 2)
    }
}
