import Corpora
import Files
import Foundation
import Tokenization
import VocabularyLearning

/// A file of counts that is kept from one training to the next, and beside it, in `FILE.json`, what
/// was counted, so that counts of another corpus are never taken for those of this one.
struct KeptCounts {
    /// The counts, if they are there and are those of the corpus as it is.
    let file: PieceCountsFile?

    private let recordPath: String
    private let current: Record

    private struct Record: Codable, Equatable {
        /// The fingerprint of the corpora and of how they are read; nil while counts are being
        /// written.
        var corpus: String?
        /// Pattern that cut the text.
        var pattern: SplitPattern
    }

    /// Whether there are other counts, which those of this corpus are to replace.
    let replacesOthers: Bool

    /// Looks for counts at `path`.
    ///
    /// - Throws: ``PipelineError/foreignCounts(path:)`` for counts without a record, which were
    ///   made in another way and which may have taken long.
    init(path: String, corpora: [CorpusConfiguration], pattern: SplitPattern) throws {
        let identities = try corpora.map { try CorpusIdentity($0).fingerprint }
        current = Record(corpus: try StageLedger.fingerprint(identities), pattern: pattern)
        recordPath = path + ".json"
        guard FileManager.default.fileExists(atPath: path) else {
            (file, replacesOthers) = (nil, false)
            return
        }
        guard let data = FileManager.default.contents(atPath: recordPath),
            let recorded = try? JSONDecoder().decode(Record.self, from: data)
        else { throw PipelineError.foreignCounts(path: path) }
        file = recorded == current ? try PieceCountsFile(path: path) : nil
        replacesOthers = recorded != current
    }

    /// Records that counts are being written: after a run that ends meanwhile they are those of no
    /// corpus, and may be replaced.
    func begin() throws {
        try FileReplacement.writeJSON(Record(corpus: nil, pattern: current.pattern), to: recordPath)
    }

    /// Records that the counts are there now.
    func confirm() throws {
        try FileReplacement.writeJSON(current, to: recordPath)
    }
}
