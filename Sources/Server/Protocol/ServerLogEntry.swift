/// An answer, for a log: nothing of what was asked but the path.
public struct ServerLogEntry: Sendable, Equatable {
    /// Method of the request.
    public let method: String
    /// Path of the request. What names nothing here is as the client wrote it, cut to 100 bytes,
    /// with control characters escaped.
    public let path: String
    /// Status of the answer.
    public let status: Int
    /// Seconds from the request to the end of the answer.
    public let seconds: Double
    /// Whether the client took all of the answer.
    public let isWhole: Bool

    init(method: String, path: String, status: Int, seconds: Double, isWhole: Bool) {
        self.method = Self.printable(method)
        self.path = Self.printable(path)
        self.status = status
        self.seconds = seconds
        self.isWhole = isWhole
    }

    /// The front of a text that a client wrote, on one line and without what moves a cursor.
    private static func printable(_ text: String) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            guard result.utf8.count < 100 else { return result + "…" }
            let isPlain = (0x20...0x7E).contains(scalar.value) && scalar != "\\"
            result += isPlain ? String(scalar) : "\\u{\(String(scalar.value, radix: 16))}"
        }
        return result
    }
}
