public import ChatTemplates

/// Conversation as ids, of which a model learns some.
public struct LearnedConversation: Equatable, Sendable {
    /// The ids.
    public var ids: [TokenID] = []
    /// The tokens that are to be learned, in order.
    public var answers: [Range<Int>] = []
    /// The text of the ids.
    public var text = ""

    /// No conversation.
    public init() {}
}

extension ConversationTemplate {
    /// The ids of a conversation, and those of them that a model is to learn: what it would have
    /// written itself, up to the token that ends each answer.
    ///
    /// Where the template says by `generation` blocks what a model writes, it is that. Otherwise it
    /// is what follows the beginning of an answer, as the template renders that behind the messages
    /// before, up to the last control token that the message brings; or, where earlier messages
    /// look otherwise later on, the contents of the assistant's messages with what is between them
    /// and the control token behind. Messages that are not to be learned from have no part in it. A
    /// token that is made of both sides of a bound is not learned.
    ///
    /// O(text · the assistant's messages).
    ///
    /// - Parameters:
    ///   - messages: the messages, in order.
    ///   - encoder: an encoder of the template's vocabulary.
    ///   - clock: the day that the template may write.
    public func learn(
        _ messages: [ChatMessage], with encoder: BytePairEncoder, clock: TemplateClock? = nil
    ) throws(ConversationError) -> LearnedConversation {
        let rendered = try render(messages, clock: clock)
        let characters = rendered.text.characters
        var isLearned = [Bool](repeating: false, count: characters.count)
        let owners = characters.map { $0.origin.source.map { $0 / Part.allCases.count } }
        if marksAnswers {
            for range in Self.ranges(of: characters.map { $0.isGenerated }) {
                let owner = range.lazy.compactMap { owners[$0] }.first
                guard owner.map({ messages[$0].isLearned }) ?? true else { continue }
                for index in range { isLearned[index] = true }
            }
        } else {
            let controls = rendered.controls
            for (number, message) in messages.enumerated()
            where message.role == .assistant && message.isLearned {
                let last = owners.lastIndex(of: number)
                var start = owners.firstIndex(of: number)
                if let beginning = length(
                    of: messages[..<number], beginsAnswer: true, in: characters, clock),
                    beginning <= start ?? characters.count
                {
                    start = beginning
                }
                guard let start else { continue }
                var end = max(start, last.map { $0 + 1 } ?? start)
                if let limit = length(
                    of: messages[...number], beginsAnswer: false, in: characters, clock),
                    let close = controls.last(where: { $0.range.upperBound <= limit }),
                    close.range.lowerBound >= end
                {
                    end = close.range.upperBound
                } else if let close = rendered.control(behind: end) {
                    end = close.range.upperBound
                }
                for index in start..<end { isLearned[index] = true }
            }
        }
        do throws(TokenizationError) {
            return try rendered.learned(isLearned, with: encoder)
        } catch {
            throw .notEncodable(error)
        }
    }

    /// The length of the text of the first messages, where that is the beginning of the whole text.
    private func length(
        of messages: ArraySlice<ChatMessage>, beginsAnswer: Bool,
        in characters: [TemplateText.Character], _ clock: TemplateClock?
    ) -> Int? {
        guard let before = try? text(of: Array(messages), beginsAnswer: beginsAnswer, clock),
            before.count <= characters.count,
            zip(before.characters, characters).allSatisfy({ $0.scalar == $1.scalar })
        else { return nil }
        return before.count
    }

    private static func ranges(of flags: [Bool]) -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        for (index, flag) in flags.enumerated() where flag {
            if ranges.last?.upperBound == index {
                ranges[ranges.count - 1] = ranges[ranges.count - 1].lowerBound..<index + 1
            } else {
                ranges.append(index..<index + 1)
            }
        }
        return ranges
    }

    /// The token that ends an answer by the template: the control token behind the content of one;
    /// nil where none follows.
    public var turnEnd: TokenID? {
        let messages = [
            ChatMessage(role: .user, content: "a"), ChatMessage(role: .assistant, content: "b"),
        ]
        let clock = TemplateClock(year: 2026, month: 1, day: 1)
        guard let rendered = try? render(messages, clock: clock),
            let last = rendered.text.characters.lastIndex(where: {
                $0.origin.source.map { $0 / Part.allCases.count == 1 } ?? false
            })
        else { return nil }
        return rendered.control(behind: last + 1)?.id
    }
}

extension RenderedConversation {
    /// Bytes of a character in UTF-8.
    private static func byteCount(_ character: TemplateText.Character) -> Int {
        character.scalar < 0x80
            ? 1 : character.scalar < 0x800 ? 2 : character.scalar < 0x10000 ? 3 : 4
    }

    /// The control tokens, each with its characters.
    var controls: [(id: TokenID, range: Range<Int>)] {
        // Bytes before each character.
        var places = [0]
        for character in text.characters {
            places.append(places[places.count - 1] + Self.byteCount(character))
        }
        var controls: [(id: TokenID, range: Range<Int>)] = []
        var index = 0
        eachPiece { piece in
            guard case .control(let id, let place) = piece else { return }
            while places[index] < place { index += 1 }
            let start = index
            let end = place + vocabulary.bytes(of: id).count
            while index + 1 < places.count, places[index] < end { index += 1 }
            controls.append((id, start..<index))
        }
        return controls
    }

    /// The control token that stands behind a place, with nothing but the template's own spaces
    /// between.
    func control(behind start: Int) -> (id: TokenID, range: Range<Int>)? {
        guard let found = controls.first(where: { $0.range.lowerBound >= start }) else {
            return nil
        }
        let between = text.characters[start..<found.range.lowerBound]
        return between.allSatisfy { $0.origin == .template && $0.isSpace } ? found : nil
    }

    /// The ids, and those whose characters are all learned.
    func learned(
        _ isLearned: [Bool], with encoder: BytePairEncoder
    ) throws(TokenizationError) -> LearnedConversation {
        var flags: [Bool] = []
        for (character, flag) in zip(text.characters, isLearned) {
            flags += repeatElement(flag, count: Self.byteCount(character))
        }
        var result = LearnedConversation()
        result.text = string
        func add(_ ids: [TokenID], _ learned: (Int) -> Bool) {
            for (index, id) in ids.enumerated() {
                if learned(index) {
                    let place = result.ids.count
                    if let last = result.answers.last, last.upperBound == place {
                        result.answers[result.answers.count - 1] = last.lowerBound..<place + 1
                    } else {
                        result.answers.append(place..<place + 1)
                    }
                }
                result.ids.append(id)
            }
        }
        try eachPiece { (piece) throws(TokenizationError) in
            switch piece {
            case .control(let id, let place): add([id]) { _ in flags[place] }
            case .text(let bytes, let place):
                var ids: [TokenID] = []
                try Self.encode(bytes, at: place, with: encoder, into: &ids)
                let lengths = ids.map { vocabulary.bytes(of: $0).count }
                if lengths.reduce(0, +) == bytes.count {
                    var start = place
                    add(ids) { index in
                        defer { start += lengths[index] }
                        return flags[start..<start + lengths[index]].allSatisfy(\.self)
                    }
                } else {
                    // Ids that do not stand for the bytes tell no places: then each side of a bound
                    // is a text of its own.
                    var start = 0
                    while start < bytes.count {
                        let flag = flags[place + start]
                        let end = (start..<bytes.count).first { flags[place + $0] != flag }
                        var part: [TokenID] = []
                        try Self.encode(
                            Array(bytes[start..<(end ?? bytes.count)]), at: place + start,
                            with: encoder, into: &part)
                        add(part) { _ in flag }
                        start = end ?? bytes.count
                    }
                }
            }
        }
        return result
    }
}
