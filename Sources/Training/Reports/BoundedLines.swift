package import Files

/// Lines of a file, read in parts, of which none is held that is longer than a limit.
package struct BoundedLines {
    /// A line without its end.
    package struct Line {
        /// Its bytes; nil where there are too many.
        package var bytes: ArraySlice<UInt8>?
        /// Whether the file ends with it, and it has no end of its own.
        package var isOpen: Bool
    }

    private let file: OpenFile
    private let lengthLimit: Int
    private var part: [UInt8]
    /// Bytes of ``part`` that were read and are not handed out.
    private var unread = 0..<0
    private var offset = 0

    /// Lines of `file`.
    ///
    /// - Parameters:
    ///   - lengthLimit: the most bytes of a line.
    ///   - partLength: bytes that are read at once.
    package init(file: OpenFile, lengthLimit: Int = 1 << 20, partLength: Int = 1 << 18) {
        self.file = file
        self.lengthLimit = lengthLimit
        part = Array(repeating: 0, count: partLength)
    }

    /// The next line; nil behind the last. O(length).
    package mutating func next() throws -> Line? {
        var line: [UInt8] = []
        var isTooLong = false
        while true {
            if unread.isEmpty {
                let count = try file.read(into: &part, at: offset)
                if count == 0 {
                    guard !line.isEmpty || isTooLong else { return nil }
                    return Line(bytes: isTooLong ? nil : line[...], isOpen: true)
                }
                offset += count
                unread = 0..<count
            }
            let end = part[unread].firstIndex(of: UInt8(ascii: "\n"))
            let bytes = part[unread.lowerBound..<(end ?? unread.upperBound)]
            isTooLong = isTooLong || line.count + bytes.count > lengthLimit
            if isTooLong { line = [] } else { line += bytes }
            unread = (end.map { $0 + 1 } ?? unread.upperBound)..<unread.upperBound
            if end != nil { return Line(bytes: isTooLong ? nil : line[...], isOpen: false) }
        }
    }
}
