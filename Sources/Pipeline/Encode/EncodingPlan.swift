import Bytes
import Corpora
import Files
import Foundation
import TokenShards
import Work

/// Plan by which a corpus becomes a data set: what goes in, and how it is divided into parts.
///
/// Every process that works on the data set comes to the same plan by itself, since nothing in it
/// depends on ranks or threads. The fingerprint of its settings names the directory in which the
/// work lies, so that what was made with others is never gone on with. The files may change on the
/// way: a part belongs to the names and sizes of its own, and its journal says which they were.
struct EncodingPlan: Codable, Equatable {
    typealias Input = PartJournal.Input

    static let fileName = "plan.json"

    /// The version of the layout of the work in progress.
    private(set) var version = 2
    /// Format of the ids and of their packing.
    let format: ShardFormat
    /// The fingerprint of how documents are read.
    let corpus: String
    /// The document whose end is held out; nil, and absent, where whole documents are.
    let validationCut: ShardManifest.ValidationCut?
    /// The inputs of each part, in order.
    let parts: [[Input]]

    /// The plan for a corpus, whose files `inputs` are, as it is now. O(files).
    init(
        corpus: CorpusConfiguration, inputs: [String], format: ShardFormat, partBytes: Int
    ) throws {
        self.format = format
        var key = corpus
        // Files are named by the parts.
        key.inputs = []
        key.inputsFrom = nil
        // The documents do not depend on the policy for lines that hold none.
        key.onError = .fail
        key.quarantinePath = nil
        self.corpus = try StageLedger.fingerprint(key)
        validationCut = corpus.validationCut.map(ShardManifest.ValidationCut.init)
        parts = Self.parts(of: inputs, as: corpus.format, partBytes: partBytes)
    }

    /// The parts of a corpus: its files, or of large files of columns parts of these, put together.
    /// O(files).
    static func parts(
        of paths: [String], as format: CorpusFormat, partBytes: Int
    ) -> [[Input]] {
        let files = paths.map(Self.input).flatMap { input -> [Input] in
            guard let bytes = input.bytes, bytes > partBytes,
                let shares = RowGroupShare.divide(
                    path: input.path, as: format, partByteCount: partBytes)
            else { return [input] }
            return shares.map { share in
                var part = input
                part.share = .init(
                    first: share.first, end: share.end, offset: share.offset, bytes: share.bytes)
                return part
            }
        }
        return Self.divide(files, partBytes: partBytes)
    }

    /// The plan in the file at `path`.
    ///
    /// - Throws: ``PipelineError/badPlan(path:reason:)``.
    init(path: String) throws {
        guard let data = try FileSystem.contents(path) else {
            throw PipelineError.badPlan(path: path, reason: "it is not there")
        }
        guard SealedJSON.isIntact(Array(data)) == true else {
            throw PipelineError.badPlan(path: path, reason: "it is not as it was written")
        }
        do {
            self = try StrictJSON.decode(EncodingPlan.self, from: data)
        } catch {
            throw PipelineError.badPlan(
                path: path, reason: "another version wrote it: \(decodingReason(error))")
        }
        // Times may lie before 1970.
        let sizes = ValueRange.whole(0...StrictJSON.largestCount)
        for input in parts.joined() where !input.bytes.isIn(sizes) {
            throw PipelineError.badPlan(
                path: path,
                reason: "the bytes of \(input.path) are \(input.bytes.rangedText); \(sizes.wish)")
        }
        for input in parts.joined() where input.share.map({ RowGroupShare($0).isSound }) == false {
            throw PipelineError.badPlan(
                path: path, reason: "the row groups of \(input.path) are none that a file has")
        }
    }

    /// One value for all that parts must have in common.
    var fingerprint: String {
        get throws {
            try StageLedger.fingerprint(
                EncodingSettings(
                    version: version, format: format, corpus: corpus, validationCut: validationCut))
        }
    }

    /// The name of each part, by the names and the sizes of its files; where that is the name of
    /// several, by their order too. O(files).
    var partNames: [String] {
        var counts: [String: Int] = [:]
        return parts.map { inputs in
            var hash = XXH64()
            for input in inputs {
                let groups = input.share.map { "/\($0.first)-\($0.end)" } ?? ""
                let line = Array(
                    "\(input.name)/\(input.bytes.map { "\($0)" } ?? "")\(groups)\n".utf8)
                unsafe hash.update(line.span.bytes)
            }
            let name = "part-" + hexadecimal(hash.digest())
            let count = counts[name, default: 0]
            counts[name] = count + 1
            return count == 0 ? name : "\(name)-\(count)"
        }
    }

    /// Puts files together, in their order, until they have `partBytes` bytes. A file whose size is
    /// not known is a part by itself. Of a file in several parts, each part has one.
    static func divide(_ inputs: [Input], partBytes: Int) -> [[Input]] {
        var parts: [[Input]] = []
        var part: [Input] = []
        var byteCount = 0
        func close() {
            if !part.isEmpty { parts.append(part) }
            part = []
            byteCount = 0
        }
        for input in inputs {
            if input.bytes == nil { close() }
            part.append(input)
            byteCount += input.readByteCount ?? partBytes
            if byteCount >= partBytes { close() }
        }
        close()
        return parts
    }

    /// The file at `path` as it is now.
    static func input(at path: String) -> Input {
        guard path != "-",
            let attributes = StageLedger.attributes(ofInput: path),
            attributes[.type] as? FileAttributeType == .typeRegular
        else { return Input(path: path) }
        return Input(
            path: path, bytes: (attributes[.size] as? NSNumber)?.intValue,
            changed: (attributes[.modificationDate] as? Date)?.timeIntervalSince1970)
    }

    /// `input`, or the part of it that is meant, as it is now.
    static func input(asNow input: Input) -> Input {
        var now = Self.input(at: input.path)
        now.share = input.share
        return now
    }

    /// In what the settings of `other` differ, for a person.
    func difference(from other: EncodingPlan) -> String {
        format.vocabularyFingerprint == other.format.vocabularyFingerprint
            ? "other settings" : "another vocabulary"
    }
}

extension RowGroupShare {
    init(_ share: PartJournal.Input.Share) {
        self.init(
            first: share.first, end: share.end, offset: share.offset, bytes: share.bytes)
    }
}

/// Settings that the parts of a data set have in common.
private struct EncodingSettings: Encodable {
    var version: Int
    var format: ShardFormat
    var corpus: String
    var validationCut: ShardManifest.ValidationCut?
}
