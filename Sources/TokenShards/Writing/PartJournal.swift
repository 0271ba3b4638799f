import Bytes
import Files
import Foundation

/// Journal of a part while it is made, so that another process goes on where this one ended.
///
/// It holds for the files beside it as they were when it was written: they are synced before, and
/// cut back to it later. A journal that is not as it was written is taken for none.
package struct PartJournal: Codable, Equatable, Sendable {
    /// Completion: the counts that are known when a part is done.
    package struct Completion: Codable, Equatable, Sendable {
        /// The files of the part that were read.
        package var sources: [ShardManifest.Source]
        /// Lines and documents that were left out.
        package var skipped: ShardManifest.Skipped
        /// Place of the quarantine when the data set is made; nil when nothing is kept.
        package var quarantine: QuarantinePlace?

        /// A part's share of the manifest.
        package init(
            sources: [ShardManifest.Source], skipped: ShardManifest.Skipped,
            quarantine: QuarantinePlace?
        ) {
            self.sources = sources
            self.skipped = skipped
            self.quarantine = quarantine
        }
    }

    /// Place where a data set keeps what could not be read.
    package struct QuarantinePlace: Codable, Equatable, Sendable {
        /// The whole path of the file; nil for the one beside the data set, wherever that is.
        package var path: String?

        /// A place.
        package init(path: String?) { self.path = path }
    }

    /// A file that the part is made of.
    package struct Input: Codable, Equatable, Sendable {
        /// Its path; `-` for standard input.
        package var path: String
        /// The part of the file that is meant; nil for all of it.
        package var share: Share?
        /// Its size as it is stored; nil for what has no end that is known, such as a pipe.
        package var bytes: Int?
        /// Time of the last change, in seconds since 1970; nil as above.
        package var changed: Double?
        /// The XXH64 of its bytes as they are stored, in hexadecimal; nil until all were read.
        package var checksum: String?

        /// A part of a file of columns: row groups that stand one after the other.
        package struct Share: Codable, Equatable, Sendable {
            /// The number of the first group, from 0.
            package var first: Int
            /// The number of the one behind the last.
            package var end: Int
            /// The place of the first group in the file.
            package var offset: Int
            /// Bytes of the groups.
            package var bytes: Int

            /// A part.
            package init(first: Int, end: Int, offset: Int, bytes: Int) {
                self.first = first
                self.end = end
                self.offset = offset
                self.bytes = bytes
            }
        }

        /// Bytes that are read of it, as they are stored; nil for what has no end that is known.
        package var readByteCount: Int? { share?.bytes ?? bytes }

        /// A file as it is now.
        package init(
            path: String, share: Share? = nil, bytes: Int? = nil, changed: Double? = nil
        ) {
            self.path = path
            self.share = share
            self.bytes = bytes
            self.changed = changed
        }

        /// Its last name, which tells how it is read.
        package var name: Substring {
            path[(path.lastIndex(of: "/").map(path.index(after:)) ?? path.startIndex)...]
        }

        /// Whether it is `other` by all that is known without reading either.
        package func isUntouched(since other: Input) -> Bool {
            path == other.path && share == other.share && bytes == other.bytes
                && changed == other.changed
        }
    }

    /// The fingerprint of the settings that the part is made with.
    package let settings: String
    /// The files that it is made of, in order.
    package private(set) var inputs: [Input]
    /// The rank of the process that made it, and the number of ranks.
    package var rank, world: Int
    /// Documents that the shards hold.
    package var documents = 0
    /// All of them in one: ``PackedDocuments/hash(after:)``, in hexadecimal.
    private(set) var documentHash = hexadecimal(0)
    /// Number of documents that are held out, by the file they come from.
    package var heldOut: [String: Int] = [:]
    /// State of the shards.
    package var shards = PartState()
    /// Completion, when all is done; nil before.
    package var completion: Completion?

    private enum CodingKeys: String, CodingKey {
        case settings, inputs, rank, world, documents, shards, completion
        case documentHash = "document_hash"
        case heldOut = "held_out"
    }

    static let fileName = "journal.json"

    /// The journal of a part of which nothing is done yet.
    package init(settings: String, inputs: [Input], rank: Int, world: Int) {
        self.settings = settings
        self.inputs = inputs
        self.rank = rank
        self.world = world
    }

    /// The journal in `directory`; nil when there is none that is whole.
    package init?(directory: String) {
        guard
            let journal = SealedJSON.read(
                PartJournal.self, from: directory + "/" + Self.fileName)
        else { return nil }
        self = journal
    }

    /// Whether there is a journal in `directory`, whole or not, of this version or another.
    package static func isThere(inDirectory directory: String) -> Bool {
        FileManager.default.fileExists(atPath: directory + "/" + fileName)
    }

    /// Removes the journal from `directory`, before what it holds for is written anew.
    package static func remove(fromDirectory directory: String) throws {
        guard isThere(inDirectory: directory) else { return }
        try FileSystem.removeFile(directory + "/" + fileName)
        try FileSystem.syncDirectory(containing: directory + "/" + fileName)
    }

    /// Says that `inputs` are the files that the part is made of, in the same order, which may have
    /// other paths and times of change. O(inputs).
    package mutating func rename(to inputs: [Input]) {
        precondition(inputs.count == self.inputs.count, "other files")
        let paths = Dictionary(
            zip(self.inputs.map(\.path), inputs.map(\.path)),
            uniquingKeysWith: { first, _ in first })
        let counts = heldOut.map { (paths[$0.key] ?? $0.key, $0.value) }
        heldOut = Dictionary(counts, uniquingKeysWith: +)
        if var done = completion {
            for index in done.sources.indices {
                let path = done.sources[index].path
                done.sources[index].path = paths[path] ?? path
            }
            completion = done
        }
        self.inputs = inputs
    }

    /// All documents in one value.
    package var hash: UInt64 {
        get { UInt64(documentHash, radix: 16) ?? 0 }
        set { documentHash = hexadecimal(newValue) }
    }

    /// Puts the journal into `directory`, durably, in place of the last one.
    package func write(toDirectory directory: String) throws {
        try SealedJSON.write(self, to: directory + "/" + Self.fileName)
    }
}
