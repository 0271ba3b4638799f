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
        /// A program that the model has called.
        case tool
        /// Setting of the scene, in the models that tell it from the system's.
        case developer
    }

    /// Role of the author.
    public var role: Role
    /// The text, which is ordinary text whatever it looks like.
    public var content: String
    /// Whether there is no text, and not only an empty one: of a message that only calls tools.
    public var isWithoutContent = false
    /// Thoughts before the text; nil for none.
    public var reasoning: String?
    /// Calls of tools, as a list in JSON; nil for none.
    public var toolCalls: String?
    /// Call that the message of a tool answers; nil where it is not said.
    public var toolCallID: String?
    /// Name of the author, or of the tool; nil where it is not said.
    public var name: String?
    /// Whether the message, if it is the assistant's, is learned from.
    public var isLearned = true

    /// A message.
    public init(role: Role, content: String) {
        self.role = role
        self.content = content
    }

    /// Whether there is nothing but a role and a text.
    public var isPlain: Bool {
        !isWithoutContent && reasoning == nil && toolCalls == nil && toolCallID == nil
            && name == nil
    }
}
