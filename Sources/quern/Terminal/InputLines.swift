/// Standard input line by line.
struct InputLines {
    private var unread: [UInt8] = []
    private var isAtEnd = false

    /// The next line without its end; nil behind the last. Bytes that are no UTF-8 become U+FFFD.
    ///
    /// - Parameter prompt: shown where a person is asked for the line.
    mutating func next(prompt: String) throws -> String? {
        if Terminal.readsFromPerson { Terminal.writeMessage(prompt) }
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread.removeSubrange(...end) }
                var line = unread[..<end]
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                return String(decoding: line, as: UTF8.self)
            }
            if isAtEnd {
                defer { unread = [] }
                return unread.isEmpty ? nil : String(decoding: unread, as: UTF8.self)
            }
            if let bytes = try Terminal.readInput() { unread += bytes } else { isAtEnd = true }
        }
    }
}
