/// Reason for which a server does not serve.
public enum ServerError: Error, Equatable, Sendable {
    /// Nothing can listen at the address.
    case cannotListen(host: String, port: Int, reason: String)
}

extension ServerError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .cannotListen(let host, let port, let reason):
            "nothing can listen at \(host), port \(port): \(reason.lowercased())"
        }
    }
}
