/// A combination of settings that makes no sense together.
public struct InvalidTrial: Codable, Equatable, Sendable {
    /// The name that the trial would have.
    public var name: String
    /// The reason.
    public var reason: String
}
