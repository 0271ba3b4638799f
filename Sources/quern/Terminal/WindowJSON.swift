import TokenShards
import Tokenization

/// A row of a step as JSON: its parts, and what is read beside what is to be predicted.
struct WindowJSON: Encodable {
    let row: Int
    let window: Int?
    let epoch: Int?
    let read: Int
    let scored: Int
    let continues: Bool?
    let documents: [Document]
    let parts: [Part]
    let inputs: [Int]
    /// Targets; nil where nothing is scored.
    let targets: [Int?]
    let document_starts: [Int]?

    /// A row of a step on `data`.
    ///
    /// - Parameter vocabulary: the vocabulary; nil for ids alone.
    init(_ row: BatchRow, _ data: Mixture, _ vocabulary: Vocabulary?) {
        let sources = data.sources.map(\.name)
        self.row = row.number
        window = row.documents.first?.window
        epoch = row.documents.first.map { $0.epoch + 1 }
        (read, scored, continues) = (row.readCount, row.scoredCount, row.continues)
        documents = row.documents.map { Document($0, sources) }
        parts = row.parts.map { Part($0, vocabulary) }
        inputs = row.inputs.map(\.index)
        targets = row.targets.map { $0 == .ignored ? nil : $0.index }
        document_starts = row.documentStarts
    }

    struct Document: Encodable {
        let data_set: String
        let shard: String
        let document: Int
        let first_token: Int
        let last_token: Int
        let from: String

        init(_ document: RowDocument, _ sources: [String]) {
            data_set = sources[document.dataSet]
            (shard, self.document) = (document.shardName, document.document)
            (first_token, last_token) = (
                document.tokens.lowerBound, document.tokens.upperBound - 1
            )
            from = document.origin
        }
    }

    struct Part: Encodable {
        let first_place: Int
        let tokens: Int
        /// The number of the document in the row's list.
        let document: Int
        let is_scored: Bool
        let text: String?

        init(_ part: RowPart, _ vocabulary: Vocabulary?) {
            (first_place, tokens) = (part.firstPlace, part.tokens.count)
            (document, is_scored) = (part.document, part.isScored)
            text = vocabulary.map { vocabulary in
                String(
                    decoding: (try? vocabulary.decode(part.tokens)) ?? [], as: UTF8.self)
            }
        }
    }
}
