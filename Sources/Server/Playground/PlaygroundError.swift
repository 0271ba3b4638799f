/// Fault of a request to the playground, for the person who made it.
public struct PlaygroundError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What is wrong, and what to do.
    public let message: String
    /// The member of the request that is at fault; nil for the request as a whole.
    public let parameter: String?

    init(_ message: String, parameter: String? = nil) {
        self.message = message
        self.parameter = parameter
    }

    /// The message.
    public var description: String { message }
}
