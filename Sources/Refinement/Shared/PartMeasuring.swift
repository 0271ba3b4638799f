import Bytes
package import Corpora
import Files

/// The measure of a chunk of documents, for use on any thread.
package struct ChunkMeasure: Sendable {
    private let measure: Refiner.Measure
    private let rule: NearDuplicateRule
    private let signer: MinHash?
    private let hashes: Bool
    fileprivate let evaluations: [RefinementReport.Evaluation]?

    /// Reads the files of evaluation texts, if the configuration names any.
    package init(_ configuration: RefinementConfiguration) throws {
        measure = try Refiner.Measure(configuration)
        rule = configuration.nearDuplicates
        signer = configuration.removesNearDuplicates ? MinHash(rule) : nil
        hashes = configuration.removesDuplicates
        evaluations = measure.evaluations?.files
    }

    /// Measures documents, and compresses those that keep the rules. O(bytes).
    ///
    /// - Parameter isOther: whether they are of another corpus, of which no text is needed.
    package func callAsFunction(
        _ documents: [Document], isOther: Bool = false
    ) throws -> MeasuredChunk {
        var chunk = MeasuredChunk()
        var content: [UInt8] = []
        content.reserveCapacity(documents.reduce(0) { $0 + $1.text.count + 64 })
        var passedCount = 0
        for document in documents {
            let measured = isOther ? measure(other: document) : measure(document)
            var entry = MeasuredChunk.Entry(
                origin: document.origin, byteCount: 0, readByteCount: measured.readByteCount,
                removals: measured.removals, evaluations: measured.evaluations)
            switch measured.finding {
            case .refused(let document, let rule):
                entry.byteCount = document.text.count
                entry.rule = rule
            case .passed(let item):
                entry.byteCount = item.document.text.count
                if !isOther {
                    TextFrame.append(
                        0, 0, item.document.text, item.document.fields, to: &content)
                    passedCount += 1
                }
                if hashes {
                    chunk.hashes.append(item.document.contentHash)
                    chunk.hashes.append(item.secondHash)
                }
                append(item.signature, to: &chunk)
            }
            chunk.entries.append(entry)
        }
        if passedCount > 0 { chunk.frame = try TextFrame(content, count: passedCount) }
        return chunk
    }

    private func append(_ signature: [UInt32], to chunk: inout MeasuredChunk) {
        guard let signer else { return }
        chunk.wordCounts.append(signature.isEmpty ? 0 : rule.bandCount)
        // A document without words keeps its place with zeros.
        guard !signature.isEmpty else {
            chunk.signatures += repeatElement(0, count: rule.permutationCount + 2)
            return
        }
        chunk.signatures += signature
        let hash = unsafe XXH64.hash(of: signature.span.bytes)
        chunk.signatures.append(UInt32(truncatingIfNeeded: hash))
        chunk.signatures.append(UInt32(truncatingIfNeeded: hash >> 32))
        for band in 0..<rule.bandCount {
            chunk.keys.append(signer.key(ofBand: band, in: signature))
        }
    }
}

/// What was found out about some documents.
package struct MeasuredChunk: Sendable {
    /// A document without its text.
    struct Entry: Sendable {
        var origin: DocumentOrigin
        /// Bytes of the text, after what rules took out of it.
        var byteCount: Int
        /// Bytes of the text as it was read.
        var readByteCount: Int
        /// The rule that refused it, as the step of the report is called; nil if it keeps all.
        var rule: String?
        var removals: [QualityInspector.Removal]
        var evaluations: [Int]
    }

    var entries: [Entry] = []
    /// The documents that keep the rules; nil where none does.
    var frame: TextFrame?
    /// Two words for each of these.
    var hashes: [UInt64] = []
    /// The signatures of these.
    var signatures: [UInt32] = []
    /// Keys of their bands.
    var keys: [UInt64] = []
    /// The number of keys of each of these.
    var wordCounts: [Int] = []
}

/// Measures a part of a corpus: the unit of the first stage.
///
/// A class, because it has one owner and open files.
package final class PartMeasuring {
    private let shared: SharedRefinement
    private let number: Int
    private let book = OriginBook()
    private var tally: RefinementTally
    private let passed, refused, evaluations: StoredFileWriter
    private let texts: FrameWriter
    private let hashes: PartitionedWriter?
    private let bands: PartitionedWriter?
    private let signatures: StoredFileWriter?
    private var passedCount = 0

    /// Begins the part `number`.
    package init(
        _ shared: SharedRefinement, part number: Int, measure: ChunkMeasure,
        memory: RefinementMemory
    ) throws {
        self.shared = shared
        self.number = number
        let directory = shared.directory(.measure, number)
        try FileSystem.makeDirectory(directory)
        func file(_ name: String) throws -> StoredFileWriter {
            try StoredFileWriter(path: directory + "/" + name)
        }
        func records(_ name: String, width: Int, byteCount: Int) throws -> PartitionedWriter {
            try PartitionedWriter(
                path: directory + "/" + name, width: width,
                partitionCount: shared.partitionCount, byteCount: byteCount)
        }
        let configuration = shared.configuration
        tally = RefinementTally(configuration, evaluations: measure.evaluations)
        passed = try file(MeasureJournal.passedName)
        refused = try file(MeasureJournal.refusedName)
        evaluations = try file(MeasureJournal.evaluationsName)
        texts = try FrameWriter(path: directory + "/" + MeasureJournal.textsName)
        hashes =
            configuration.removesDuplicates
            ? try records(
                MeasureJournal.hashesName, width: HashRecord.width,
                byteCount: memory.hashTable + memory.hashSorter) : nil
        bands =
            configuration.removesNearDuplicates
            ? try records(
                MeasureJournal.bandsName, width: BandRecord.width,
                byteCount: memory.bandSorter + memory.clusters) : nil
        signatures =
            configuration.removesNearDuplicates ? try file(MeasureJournal.signaturesName) : nil
    }

    /// Takes the next documents.
    package func append(_ chunk: MeasuredChunk) throws {
        let first = passedCount
        for entry in chunk.entries {
            let ordinal = tally.report.read.documents
            tally.count(entry.origin, byteCount: entry.readByteCount)
            let code = book.code(for: entry.origin).rawValue
            if let rule = entry.rule {
                for file in entry.evaluations { tally.countEvaluation(file) }
                tally.remove(
                    entry.origin, byteCount: entry.byteCount, ordinal: ordinal, by: rule)
                try refused.append(
                    UInt64(tally.step(rule)) << MeasureJournal.stepShift
                        | UInt64(entry.byteCount))
                try refused.append(code)
                try refused.append(UInt64(ordinal))
                guard rule == RefinementTally.decontaminationStep else { continue }
                try evaluations.append(UInt64(entry.evaluations.count))
                for file in entry.evaluations { try evaluations.append(UInt64(file)) }
            } else {
                for removal in entry.removals { tally.note(removal) }
                try passed.append(UInt64(entry.byteCount))
                try passed.append(code)
                try passed.append(UInt64(ordinal))
                passedCount += 1
            }
        }
        if let frame = chunk.frame { try texts.append(frame, number: UInt64(first)) }
        if let hashes {
            for place in stride(from: 0, to: chunk.hashes.count, by: 2) {
                try hashes.append(
                    chunk.hashes[place], chunk.hashes[place + 1], UInt64(first + place / 2))
            }
        }
        if let bands {
            var place = 0
            for (offset, count) in chunk.wordCounts.enumerated() {
                for key in chunk.keys[place..<place + count] {
                    try bands.append(key, UInt64(first + offset))
                }
                place += count
            }
        }
        try signatures?.append(chunk.signatures)
    }

    /// Ends the part, and says durably that it is done.
    ///
    /// - Parameters:
    ///   - progress: the state of the reader of the part.
    ///   - hasQuarantine: whether the reader put something into a quarantine.
    package func finish(_ progress: CorpusProgress, hasQuarantine: Bool) throws {
        var skipped = RefinementReport.Skipped()
        skipped.lines = progress.skippedLines
        skipped.emptyDocuments = progress.emptyDocuments
        if progress.brokenFileCount > 0 { skipped.brokenFiles = progress.brokenFileCount }
        if progress.damagedMemberCount > 0 {
            skipped.damagedMembers = progress.damagedMemberCount
        }
        let journal = MeasureJournal(
            counts: tally.partCounts, skipped: skipped,
            brokenExamples: progress.brokenFiles.map(\.description),
            skippedExamples: progress.skipped.map(\.description),
            hasQuarantine: hasQuarantine, passed: try passed.commit(),
            refused: try refused.commit(), evaluations: try evaluations.commit(),
            texts: try texts.commit(), hashes: try hashes?.commit(), bands: try bands?.commit(),
            signatures: try signatures?.commit())
        try shared.finish(journal, .measure, number)
    }
}

/// A document's hash: the upper and the lower half, and its number.
struct HashRecord: SortedRecord {
    static let width = 3

    var high, low, number: UInt64

    static var wordCount: Int { 3 }

    func word(_ index: Int) -> UInt64 { index == 0 ? high : index == 1 ? low : number }
}

/// The key of a band of a document, and the document's number.
struct BandRecord: SortedRecord {
    static let width = 2

    var key, number: UInt64

    static var wordCount: Int { 2 }

    func word(_ index: Int) -> UInt64 { index == 0 ? key : number }
}
