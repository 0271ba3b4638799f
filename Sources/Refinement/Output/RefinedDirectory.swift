import Bytes
import Corpora
package import Files
internal import Foundation

/// A refined corpus on its way to a directory, which appears whole or not at all.
///
/// All is made in `DIRECTORY.a1B2c3.partial`, which then takes the directory's name; an earlier
/// result stays until that moment. Each part is a seekable zstd file of JSON lines, or a Parquet
/// file. As long as the value lives, no other process can write there.
public struct RefinedDirectory: ~Copyable {
    private let claim: OutputClaim
    private var staging: StagingDirectory
    private let partByteCount: Int
    private let format: PartFormat
    private var part: RefinedPart?

    /// The parts that are finished.
    public private(set) var parts: [RefinementReport.Part] = []

    /// What the name of an earlier result ends with while the new one takes its place.
    private static let replacedSuffix = ".replaced"

    /// The name of the report in the directory.
    public static let reportName = "report.json"

    /// Starts a result for `path`.
    ///
    /// - Parameters:
    ///   - path: the directory that will have the result.
    ///   - partByteCount: bytes of lines in a part, which the last block of it may exceed.
    ///   - format: the form of the parts.
    /// - Throws: ``RefinementError/occupied(path:)`` if something else has that name, and
    ///   `FileError.inUse` if another process writes there.
    public init(path: String, partByteCount: Int, format: PartFormat = .jsonl) throws {
        try Self.checkFree(path)
        try Self.checkFree(path + Self.replacedSuffix)
        // Within another: a source of a corpus that had no sources before.
        let claim = try OutputClaim(
            path, .replaced, making: .directory(.refinedCorpus, within: .refinedCorpus))
        try Self.recover(claim.path)
        let staging = try StagingDirectory(claim)
        self.staging = staging
        self.claim = claim
        self.partByteCount = partByteCount
        self.format = format
    }

    private static func isResult(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: path + "/" + reportName)
    }

    /// Throws if there is something at `path` that is no earlier result, or holds something else
    /// than that. O(files).
    package static func checkFree(_ path: String) throws {
        let manager = FileManager.default
        guard manager.fileExists(atPath: path) else { return }
        guard let names = try? FileSystem.namesInDirectory(path) else {
            throw RefinementError.occupied(path: path)
        }
        guard !names.isEmpty else { return }
        guard let data = FileSystem.contentsIfReadable(path + "/" + reportName),
            let report = try? JSONDecoder().decode(RefinementReport.self, from: data)
        else { throw RefinementError.occupied(path: path) }
        let known = Set(report.parts.map(\.name) + [reportName])
        for name in names
        where !known.contains(name) && !name.hasSuffix(OutputClaim.lockName) {
            // Those of several sources lie in a directory each.
            let inner = path + "/" + name
            guard manager.fileExists(atPath: inner + "/" + reportName) else {
                throw RefinementError.otherFile(path: inner)
            }
            try checkFree(inner)
        }
    }

    /// Appends a compressed block, which is of the directory's format.
    public mutating func append(_ block: DocumentBlock) throws {
        if part == nil {
            part = try RefinedPart(directory: staging.path, number: parts.count, format: format)
        }
        if try part!.append(block) >= partByteCount { try endPart() }
    }

    /// Ends the last part.
    public mutating func endPart() throws {
        guard var part = part.take() else { return }
        parts.append(try part.commit())
    }

    /// Writes the report and gives the directory its name.
    public mutating func commit(_ report: RefinementReport) throws {
        try FileReplacement.writeJSON(report, to: staging.path + "/" + Self.reportName)
        try Self.makeRoom(claim)
        try staging.commit()
        try Self.removeReplaced(claim)
    }

    /// Takes the name of the output from an earlier result that has it.
    private static func makeRoom(_ claim: OutputClaim) throws {
        let manager = FileManager.default
        let old = claim.path + replacedSuffix
        // Something else may have taken the names meanwhile.
        try checkFree(claim.path)
        try checkFree(old)
        try removeReplaced(claim)
        if manager.fileExists(atPath: claim.path) {
            try FileSystem.renameFile(claim.path, to: old)
        }
    }

    /// Removes an earlier result that gave way to the one that has the name now.
    private static func removeReplaced(_ claim: OutputClaim) throws {
        let old = claim.path + replacedSuffix
        guard FileManager.default.fileExists(atPath: old) else { return }
        try StagingDirectory.discard(old, beside: claim)
    }

    /// Gives the name of the output to a directory that has a whole result, with its report.
    ///
    /// - Parameter claim: the claim of this process on the output.
    package static func publish(_ directory: String, as claim: OutputClaim) throws {
        try recover(claim.path)
        try makeRoom(claim)
        try FileSystem.renameFile(directory, to: claim.path)
    }

    /// Gives an earlier result its name again: a process may have been killed between the moves of
    /// that and of its own.
    private static func recover(_ path: String) throws {
        let old = path + replacedSuffix
        if !FileManager.default.fileExists(atPath: path), isResult(old) {
            try FileSystem.renameFile(old, to: path)
        }
    }

    /// Removes an earlier result that has given way already.
    package static func removeReplaced(by claim: OutputClaim) throws {
        if isResult(claim.path), isResult(claim.path + replacedSuffix) {
            try removeReplaced(claim)
        }
    }
}

/// Writes a document as a JSON line: its text, the fields that were kept, and where it was found.
///
///     {"text":"In the beginning …","source":{"path":"corpora/kjv.txt.zst","part":1}}
///
/// The position is `line` for a line, `part` for a part of a text file, `item` for an element of
/// JSON and `row` for a row of a file of columns, from 1 on.
enum DocumentLine {
    /// Appends the line of `document`, whose text must be UTF-8. O(bytes).
    static func append(_ document: Document, to line: inout [UInt8]) throws(RefinementError) {
        guard document.isValidUTF8 else { throw .invalidText(origin: document.origin) }
        line += "{\"text\":".utf8
        JSONString.append(document.text.span, to: &line)
        if !document.fields.isEmpty {
            line.append(UInt8(ascii: ","))
            line += document.fields
        }
        line += ",\"source\":{\"path\":".utf8
        JSONString.append(document.origin.path.utf8Span.span, to: &line)
        switch document.origin.position {
        case .line(let number): line += ",\"line\":\(number)}}\n".utf8
        case .part(let number): line += ",\"part\":\(number)}}\n".utf8
        case .item(let number): line += ",\"item\":\(number)}}\n".utf8
        case .row(let number): line += ",\"row\":\(number)}}\n".utf8
        }
    }
}
