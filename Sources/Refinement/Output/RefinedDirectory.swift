import Compression
import Files
internal import Foundation

/// A refined corpus on its way to a directory, which appears whole or not at all.
///
/// All is made in `DIRECTORY.partial`, which then takes the directory's name; an earlier result
/// stays until that moment. Each part is a seekable zstd file of JSON lines.
public struct RefinedDirectory: ~Copyable {
    private let path: String
    private let stagingPath: String
    private let partByteCount: Int
    private var part: FileReplacement?
    private var table = SeekTable()
    private var current = RefinementReport.Part()
    private var isCommitted = false

    /// The parts that are finished.
    public private(set) var parts: [RefinementReport.Part] = []

    /// The name of the report in the directory.
    public static let reportName = "report.json"

    /// Starts a result for `path`.
    ///
    /// - Parameters:
    ///   - path: the directory that will have the result.
    ///   - partByteCount: bytes of lines in a part, which the last block of it may exceed.
    /// - Throws: ``RefinementError/occupied(path:)`` if something else has that name.
    public init(path: String, partByteCount: Int) throws {
        try Self.checkFree(path)
        let stagingPath = path + ".partial"
        // Files that a killed run has left.
        if FileManager.default.fileExists(atPath: stagingPath) {
            try FileSystem.removeItem(stagingPath)
        }
        try FileSystem.makeDirectory(stagingPath)
        self.stagingPath = stagingPath
        self.path = path
        self.partByteCount = partByteCount
    }

    deinit {
        if !isCommitted { try? FileSystem.removeItem(stagingPath) }
    }

    /// Throws if there is something at `path` that is no earlier result.
    static func checkFree(_ path: String) throws {
        let manager = FileManager.default
        guard manager.fileExists(atPath: path),
            !manager.fileExists(atPath: path + "/" + reportName)
        else { return }
        guard let names = try? FileSystem.namesInDirectory(path), names.isEmpty else {
            throw RefinementError.occupied(path: path)
        }
    }

    /// Appends a compressed block.
    public mutating func append(_ block: DocumentBlock) throws {
        if part == nil {
            let digits = String(parts.count)
            current.name =
                "part_" + String(repeating: "0", count: max(0, 6 - digits.count)) + digits
                + ".jsonl.zst"
            part = try FileReplacement(path: stagingPath + "/" + current.name)
        }
        try unsafe part!.write(block.bytes.span.bytes)
        table.append(frame: block.bytes.span, contentByteCount: block.lineByteCount)
        current.documents += block.documents
        current.bytes += block.textBytes
        current.lineBytes += block.lineByteCount
        current.storedBytes += block.bytes.count
        if current.lineBytes >= partByteCount { try endPart() }
    }

    /// Ends the last part.
    public mutating func endPart() throws {
        guard var part = part.take() else { return }
        let bytes = table.encoded
        try unsafe part.write(bytes.span.bytes)
        try part.commit()
        current.storedBytes += bytes.count
        parts.append(current)
        current = RefinementReport.Part()
        table = SeekTable()
    }

    /// Writes the report and gives the directory its name.
    public consuming func commit(_ report: RefinementReport) throws {
        try FileReplacement.writeJSON(report, to: stagingPath + "/" + Self.reportName)
        let manager = FileManager.default
        let old = path + ".replaced"
        if manager.fileExists(atPath: old) { try FileSystem.removeItem(old) }
        if manager.fileExists(atPath: path) { try FileSystem.renameFile(path, to: old) }
        try FileSystem.renameFile(stagingPath, to: path)
        isCommitted = true
        if manager.fileExists(atPath: old) { try FileSystem.removeItem(old) }
    }
}
