/// What somebody and an assistant say to each other: what instruction tuning learns from.
public struct Conversation: Sendable, Equatable {
    /// Who speaks.
    public enum Speaker: Sendable, Equatable {
        /// Who sets the scene, before anybody else.
        case system
        /// The person who asks.
        case user
        /// Who answers.
        case assistant
    }

    /// What one of them says.
    public struct Turn: Sendable, Equatable {
        /// Who speaks.
        public var speaker: Speaker
        /// The words.
        public var text: String

        /// A turn.
        public init(speaker: Speaker, text: String) {
            self.speaker = speaker
            self.text = text
        }
    }

    /// The turns in their order: at most one of the system's, which comes first, and at least one of
    /// the assistant's.
    public var turns: [Turn]
    /// Where the conversation was found.
    public var origin: DocumentOrigin
}
