/// Text of server-sent events.
///
/// Source: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.
enum ServerSentEvent {
    /// The event with `json`, which has no line breaks, for data.
    static func data(_ json: [UInt8]) -> [UInt8] {
        Array("data: ".utf8) + json + Array("\n\n".utf8)
    }

    /// The event behind the last.
    static let done = Array("data: [DONE]\n\n".utf8)

    /// A line that says nothing but that the connection lives.
    static let ping = Array(": ping\n\n".utf8)
}
