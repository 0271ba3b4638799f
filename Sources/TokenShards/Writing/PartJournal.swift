import Bytes
import Files

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

    /// The fingerprint of the plan that the part belongs to.
    package let plan: String
    /// The part's number.
    package let part: Int
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
        case plan, part, rank, world, documents, shards, completion
        case documentHash = "document_hash"
        case heldOut = "held_out"
    }

    static let fileName = "journal.json"

    /// The journal of a part of which nothing is done yet.
    package init(plan: String, part: Int, rank: Int, world: Int) {
        self.plan = plan
        self.part = part
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
