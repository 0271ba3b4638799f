import Bytes
import Corpora
import Files
import Foundation
import TokenShards

/// Plan by which a corpus becomes a data set: what goes in, and how it is divided into parts.
///
/// Every process that works on the data set comes to the same plan by itself, since nothing in it
/// depends on ranks or threads. Its fingerprint names the directory in which the work lies, so that
/// what was made from something else is never gone on with.
struct EncodingPlan: Codable, Equatable {
    /// A file that is read.
    struct Input: Codable, Equatable {
        var path: String
        /// Its size; nil for what has no end that is known, such as a pipe.
        var bytes: Int?
        /// Time of the last change, in seconds since 1970; nil as above.
        var changed: Double?
    }

    static let fileName = "plan.json"

    /// The version of the layout of the work in progress.
    private(set) var version = 1
    /// Format of the ids and of their packing.
    let format: ShardFormat
    /// The fingerprint of how documents are read.
    let corpus: String
    /// The inputs of each part, in order.
    let parts: [[Input]]

    /// The plan for a corpus, whose files `inputs` are, as it is now. O(files).
    init(
        corpus: CorpusConfiguration, inputs: [String], format: ShardFormat, partBytes: Int
    ) throws {
        self.format = format
        var key = corpus
        // The documents do not depend on the policy for lines that hold none.
        key.onError = .fail
        key.quarantinePath = nil
        self.corpus = try StageLedger.fingerprint(key)
        parts = Self.divide(inputs.map(Self.input), partBytes: partBytes)
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
    }

    /// One value for all of it.
    var fingerprint: String {
        get throws { try StageLedger.fingerprint(self) }
    }

    /// Puts files together, in their order, until they have `partBytes` bytes. A file whose size is
    /// not known is a part by itself.
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
            byteCount += input.bytes ?? partBytes
            if byteCount >= partBytes { close() }
        }
        close()
        return parts
    }

    private static func input(at path: String) -> Input {
        guard path != "-",
            // Links are followed here as they are where the file is read.
            let attributes = try? FileManager.default.attributesOfItem(
                atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path),
            attributes[.type] as? FileAttributeType == .typeRegular
        else { return Input(path: path) }
        return Input(
            path: path, bytes: (attributes[.size] as? NSNumber)?.intValue,
            changed: (attributes[.modificationDate] as? Date)?.timeIntervalSince1970)
    }

    /// In what `other` differs, for a person.
    func difference(from other: EncodingPlan) -> String {
        if format.vocabularyFingerprint != other.format.vocabularyFingerprint {
            return "another vocabulary"
        }
        if format != other.format || corpus != other.corpus { return "other settings" }
        let (inputs, others) = (parts.flatMap(\.self), other.parts.flatMap(\.self))
        let changed = zip(inputs, others).first { $0 != $1 }
        if let changed, changed.0.path == changed.1.path {
            return "an input that has changed since (\(changed.0.path))"
        }
        return inputs == others ? "another division into parts" : "other inputs"
    }
}
