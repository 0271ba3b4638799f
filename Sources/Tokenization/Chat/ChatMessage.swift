/// Message of one side of a conversation.
public struct ChatMessage: Hashable, Sendable {
    /// Role of the message's author.
    public enum Role: String, Codable, CaseIterable, Sendable {
        /// Setting of the scene: what the assistant is to be.
        case system
        /// The person who asks.
        case user
        /// The model that answers.
        case assistant
    }

    /// Role of the author.
    public var role: Role
    /// The text, which is ordinary text whatever it looks like.
    public var content: String

    /// A message.
    public init(role: Role, content: String) {
        self.role = role
        self.content = content
    }
}
