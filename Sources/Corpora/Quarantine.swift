import Bytes
import Files
import Foundation

/// The store of records that could not be read: their bytes in one file, the reasons in another.
///
/// The file at `path` has the lines (or documents, or records) as they stood in their inputs, byte
/// for byte, each with a line end behind it, so that it can be mended and read again.
/// `PATH.reasons.jsonl` has for each of them one object:
///
///     {"path":"a.jsonl","line":7,"offset":0,"bytes":31,"reason":"…"}
///
/// A file that breaks off has an object too, with the number of its documents that are kept, and
/// no bytes:
///
///     {"path":"b.jsonl.zst","documents":1203,"reason":"…"}
///
/// The place is a `line`, an `item`, a `document` or a `row` as in messages; `offset` and `bytes`
/// say where it stands in the first file. Of what was larger than a document may be the first
/// ``frontByteCount`` bytes are kept, or as many as a document may have if those are fewer, and its
/// object has `"is_cut":true`.
///
/// Both appear when everything was read, and neither when nothing had to be kept.
package struct Quarantine: ~Copyable, Sendable {
    var files: Files?
    private let path: String
    var offset = 0

    /// The most bytes that are kept of what is larger than a document may be.
    static let frontByteCount = 4_096

    struct Files: ~Copyable, Sendable {
        var lines: FileReplacement
        var reasons: FileReplacement

        consuming func commit() throws(FileError) {
            try reasons.commit()
            try lines.commit()
        }
    }

    /// A quarantine whose files are begun when there is something to keep.
    init(path: String) { self.path = path }

    /// Keeps `bytes`, if they are there, and why.
    mutating func add(_ bytes: [UInt8]?, _ error: CorpusError) throws(CorpusError) {
        do throws(FileError) {
            try begin()
            var entry = Array("{".utf8)
            if let origin = error.origin {
                entry += Array("\"path\":".utf8)
                JSONString.append(Array(origin.path.utf8).span, to: &entry)
                entry += Array(",\"\(origin.position.word)\":\(origin.position.number),".utf8)
            }
            if case .brokenFile(let path, let documents, _, _) = error {
                entry += Array("\"path\":".utf8)
                JSONString.append(Array(path.utf8).span, to: &entry)
                entry += Array(",\"documents\":\(documents),".utf8)
            }
            if var bytes {
                entry += Array("\"offset\":\(offset),\"bytes\":\(bytes.count),".utf8)
                if case .documentTooLarge = error { entry += Array("\"is_cut\":true,".utf8) }
                bytes.append(UInt8(ascii: "\n"))
                offset += bytes.count
                try unsafe files!.lines.write(bytes.span.bytes)
            }
            entry += Array("\"reason\":".utf8)
            JSONString.append(Array("\(error)".utf8).span, to: &entry)
            entry += Array("}\n".utf8)
            try unsafe files!.reasons.write(entry.span.bytes)
        } catch {
            throw .file(error)
        }
    }

    mutating func begin() throws(FileError) {
        guard files == nil else { return }
        files = Files(
            lines: try FileReplacement(path: path),
            reasons: try FileReplacement(path: Self.reasonsPath(path)))
    }

    /// Gives the files their names, or removes those of an earlier run when there is nothing to
    /// keep.
    mutating func commit() throws(CorpusError) {
        do throws(FileError) {
            guard let files = files.take() else {
                // A file without reasons beside it is none of ours.
                guard FileManager.default.fileExists(atPath: Self.reasonsPath(path)) else { return }
                for path in [path, Self.reasonsPath(path)] { try FileSystem.removeFile(path) }
                return
            }
            try files.commit()
        } catch {
            throw .file(error)
        }
    }

    /// The path of the file of reasons.
    package static func reasonsPath(_ path: String) -> String { path + ".reasons.jsonl" }
}

extension CorpusError {
    /// The place of what cannot be read.
    var origin: DocumentOrigin? {
        switch self {
        case .malformedLine(let origin, _, _), .invalidUTF8(let origin, _),
            .documentTooLarge(let origin, _):
            origin
        default: nil
        }
    }
}

extension DocumentOrigin.Position {
    /// The word for what is counted.
    var word: String {
        switch self {
        case .line: "line"
        case .item: "item"
        case .part: "document"
        case .row: "row"
        }
    }

    /// Its number, from 1.
    var number: Int {
        switch self {
        case .line(let number), .item(let number), .part(let number), .row(let number): number
        }
    }
}

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
