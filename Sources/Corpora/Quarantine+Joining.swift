import Files

extension Quarantine {
    /// Puts what several readers kept into one quarantine at `path`, in their order: the same bytes
    /// as if one reader had read what they read.
    ///
    /// Memory is that of two buffers. What was at `path` goes, also when nothing was kept.
    ///
    /// - Parameter parts: the paths of the quarantines of those readers that kept something.
    package static func join(_ parts: [String], to path: String) throws(CorpusError) {
        var whole = Quarantine(path: path)
        for part in parts { try whole.append(part) }
        try whole.commit()
    }

    private mutating func append(_ part: String) throws(CorpusError) {
        do throws(FileError) {
            try begin()
        } catch {
            throw .file(error)
        }
        let start = offset
        var rest: [UInt8] = []
        try forEachBlock(of: Self.reasonsPath(part)) { quarantine, block throws(FileError) in
            var moved: [UInt8] = []
            rest += block
            var line = rest[...]
            while let end = line.firstIndex(of: UInt8(ascii: "\n")) {
                moved += Self.moved(line[...end], by: start)
                line = line[(end + 1)...]
            }
            rest = Array(line)
            try unsafe quarantine.files!.reasons.write(moved.span.bytes)
        }
        try forEachBlock(of: part) { quarantine, block throws(FileError) in
            quarantine.offset += block.count
            try unsafe quarantine.files!.lines.write(Array(block).span.bytes)
        }
    }

    /// The object in `line` for bytes that stand `distance` bytes further on.
    private static func moved(_ line: ArraySlice<UInt8>, by distance: Int) -> [UInt8] {
        // In a text of JSON the quotation marks would have backslashes before them.
        let key = Array(",\"offset\":".utf8)
        guard let place = line.firstRange(of: key) else { return Array(line) }
        let digits = line[place.upperBound...].prefix { (0x30...0x39).contains($0) }
        let offset = digits.reduce(0) { $0 * 10 + Int($1 - 0x30) }
        return Array(line[..<place.upperBound]) + Array("\(offset + distance)".utf8)
            + Array(line[digits.endIndex...])
    }

    /// Hands over the bytes of a file, some at a time.
    private mutating func forEachBlock(
        of path: String,
        _ body: (inout Quarantine, ArraySlice<UInt8>) throws(FileError) -> Void
    ) throws(CorpusError) {
        try namingFile { () throws(FileError) in
            var file = try InputFile(path: path)
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while true {
                let count = try file.read(into: &buffer, from: 0)
                if count == 0 { return }
                try body(&self, buffer[..<count])
            }
        }
    }
}
