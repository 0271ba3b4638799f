import Corpora
import Files

/// The journal of a unit that is done: what its files are, and what it counted.
///
/// It is written last and durably, so a unit without one was not done.
protocol UnitJournal: Codable, Sendable {
    /// The files of the unit, by the names that they have in its directory.
    var files: [String: StoredFile] { get }
}

/// The journal of a part that was measured.
///
/// Rows of documents have three words: the bytes of the text, for one that was refused with the
/// number of the step in the upper 16 bits; the place; and how many documents were read before it.
struct MeasureJournal: UnitJournal {
    static let passedName = "passed"
    static let refusedName = "refused"
    static let evaluationsName = "evaluations"
    static let textsName = "texts"
    static let hashesName = "hashes"
    static let bandsName = "bands"
    static let signaturesName = "signatures"

    /// Words of a row.
    static let width = 3
    static let stepShift: UInt64 = 48

    var counts: RefinementTally.PartCounts
    var skipped: RefinementReport.Skipped
    /// The first few errors of files.
    var brokenExamples: [String]
    /// The first few errors of records.
    var skippedExamples: [String]
    /// Whether something was put into quarantine.
    var hasQuarantine: Bool
    /// Rows of the documents that keep the rules.
    var passed: StoredFile
    /// Rows of the others.
    var refused: StoredFile
    /// For each document that was refused for evaluation texts how many files these are of, and
    /// their numbers, a word each.
    var evaluations: StoredFile
    var texts: FramedFile
    var hashes: PartitionedFile?
    var bands: PartitionedFile?
    /// Signatures of the documents that keep the rules, of equal length, and behind each its XXH64;
    /// zeros for one that has no words.
    var signatures: StoredFile?

    /// Documents that keep the rules.
    var passedCount: Int { passed.bytes / (8 * Self.width) }

    var files: [String: StoredFile] {
        var files = [
            Self.passedName: passed, Self.refusedName: refused,
            Self.evaluationsName: evaluations, Self.textsName: texts.frames,
            Self.textsName + FrameWriter.indexSuffix: texts.index,
        ]
        if let hashes {
            files[Self.hashesName] = hashes.records
            files[Self.hashesName + PartitionedWriter.indexSuffix] = hashes.index
        }
        if let bands {
            files[Self.bandsName] = bands.records
            files[Self.bandsName + PartitionedWriter.indexSuffix] = bands.index
        }
        if let signatures { files[Self.signaturesName] = signatures }
        return files
    }
}

/// The journal of a range of hashes or of keys: pairs of two words.
///
/// Of hashes they are a document that goes and the first of its kind. Of keys they are an earlier
/// document and twice the number of a later one, plus one if they are nearly the same.
struct PairJournal: UnitJournal {
    static let name = "pairs"
    static let width = 2

    var pairs: StoredFile

    var files: [String: StoredFile] { [Self.name: pairs] }
}

/// The journal of what was decided about all documents.
struct OrderJournal: UnitJournal {
    static let removedName = "removed"
    static let stretchesName = "stretches"
    /// Words of a row of what was removed: twice the document's number, plus one for a
    /// near-duplicate, and the number of the one that stays.
    static let removedWidth = 2

    var counts: RefinementTally.PartCounts
    var others: [RefinementReport.Other]?
    var kept: RefinementReport.Amount
    var comparison: RefinementReport.Comparison?
    var skipped: RefinementReport.Skipped
    /// Rows of what was removed, in the order of the corpus.
    var removed: StoredFile
    /// A word for each stretch of the result: the number or the key of its first document.
    var stretches: StoredFile

    var files: [String: StoredFile] {
        [Self.removedName: removed, Self.stretchesName: stretches]
    }
}

/// The journal of a part whose documents were divided; a frame's number is that of its stretch.
struct ScatterJournal: UnitJournal {
    static let name = "texts"

    var texts: FramedFile

    var files: [String: StoredFile] {
        [Self.name: texts.frames, Self.name + FrameWriter.indexSuffix: texts.index]
    }
}

/// The journal of a stretch of the result.
///
/// A row for each block has its place, documents, bytes of text, bytes of lines, its bytes, and the
/// XXH64 of these; in Parquet what its footer says of it follows.
struct WriteJournal: UnitJournal {
    static let blocksName = "blocks"
    static let indexName = "blocks.index"

    var blocks: StoredFile
    var index: StoredFile

    var files: [String: StoredFile] { [Self.blocksName: blocks, Self.indexName: index] }
}

/// The journal of a file of the result, which lies elsewhere.
struct AssembleJournal: UnitJournal {
    var part: RefinementReport.Part

    var files: [String: StoredFile] { [:] }
}
