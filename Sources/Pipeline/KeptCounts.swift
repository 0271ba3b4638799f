import Corpora
import Foundation
import Storage
import Tokenization

/// A file of counts that is kept from one training to the next, and beside it, in `FILE.json`, what was
/// counted, so that counts of another corpus are never taken for those of this one.
struct KeptCounts {
    /// The counts, if they are there and are those of the corpus as it is.
    let file: PieceCountsFile?

    private let recordPath: String
    private let current: Record

    private struct Record: Codable, Equatable {
        /// The fingerprint of the corpora and of how they are read.
        var corpus: String
        /// How it was cut.
        var pattern: SplitPattern
    }

    /// Looks for counts at `path`. Those of another corpus are given up here.
    init(path: String, corpora: [CorpusConfiguration], pattern: SplitPattern) throws {
        let identities = try corpora.map { try CorpusIdentity($0).fingerprint }
        current = Record(corpus: try StageLedger.fingerprint(identities), pattern: pattern)
        recordPath = path + ".json"
        if let data = FileManager.default.contents(atPath: recordPath),
            let recorded = try? JSONDecoder().decode(Record.self, from: data), recorded == current,
            FileManager.default.fileExists(atPath: path)
        {
            file = try PieceCountsFile(path: path)
            return
        }
        file = nil
        // A run that ends while it counts must not leave a record of something else.
        if FileManager.default.fileExists(atPath: recordPath) { try removeItem(recordPath) }
    }

    /// Records that the counts are there now.
    func confirm() throws {
        try FileReplacement.writeJSON(current, to: recordPath)
    }
}
