/// JSON text that a person has written: its value, and where in the text each part of it stands.
///
/// ```swift
/// let written = try WrittenJSON(Array("{\"steps\": [1,\n 2]}".utf8))
/// written.place(of: "steps[1]")  // line 2, column 2
/// ```
package struct WrittenJSON: Sendable {
    /// The value.
    package private(set) var value = JSONValue.null
    private let text: [UInt8]
    /// Offsets of the keys, and of elements of lists, by their paths, such as "a.b" and "a.c[0]".
    private var offsets: [String: Int] = [:]

    /// Reads all of `text`, before which a byte order mark may stand. O(bytes).
    ///
    /// - Throws: `WrittenJSONError` with the place of the fault and what to do about it.
    package init(_ text: [UInt8]) throws(WrittenJSONError) {
        // Some editors put the mark before the text.
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let text = text.starts(with: mark) ? Array(text.dropFirst(mark.count)) : text
        self.text = text
        var offsets: [String: Int] = [:]
        do throws(JSONError) {
            value = try JSONPullReader<JSONError>.with(text.span) { (reader) throws(JSONError) in
                let value = try Self.read(&reader, "", &offsets)
                try reader.finish()
                return value
            }
        } catch {
            throw WrittenJSONError(error, in: text)
        }
        self.offsets = offsets
    }

    /// Place of the key or element at `path`; nil if the text has none.
    package func place(of path: String) -> TextPlace? {
        offsets[path].map { TextPlace(offset: $0, in: text) }
    }

    private static func read(
        _ reader: inout JSONPullReader<JSONError>, _ path: String, _ offsets: inout [String: Int]
    ) throws(JSONError) -> JSONValue {
        switch reader.peek() {
        case UInt8(ascii: "{"):
            var members: [JSONValue.Member] = []
            var keys: Set<ExactName> = []
            try reader.open(UInt8(ascii: "{"))
            while try reader.next(until: UInt8(ascii: "}"), isFirst: members.isEmpty) {
                let start = reader.position
                let key = try reader.readKey(&keys)
                let place = path.isEmpty ? key : path + "." + key
                offsets[place] = start
                members.append(
                    JSONValue.Member(key: key, value: try read(&reader, place, &offsets)))
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try reader.open(UInt8(ascii: "["))
            while try reader.next(until: UInt8(ascii: "]"), isFirst: elements.isEmpty) {
                let place = "\(path)[\(elements.count)]"
                offsets[place] = reader.position
                elements.append(try read(&reader, place, &offsets))
            }
            return .array(elements)
        default: return try reader.readValue()
        }
    }
}

/// Line and column of a text, both counted from 1.
package struct TextPlace: Equatable, Sendable, CustomStringConvertible {
    package let line: Int
    /// Characters of the line up to the place, it included.
    package let column: Int

    /// Place of the byte at `offset` of `text`. O(offset).
    package init(offset: Int, in text: [UInt8]) {
        let before = text[..<min(offset, text.count)]
        let newline = UInt8(ascii: "\n")
        line = 1 + before.count { $0 == newline }
        let start = before.lastIndex(of: newline).map { $0 + 1 } ?? 0
        column = 1 + String(decoding: before[start...], as: UTF8.self).count
    }

    package var description: String { "line \(line), column \(column)" }
}
