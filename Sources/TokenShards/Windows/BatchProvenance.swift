/// One document of which a row of a batch has tokens.
public struct RowDocument: Equatable, Sendable {
    /// The number of the row's data set in the mixture.
    public var dataSet: Int
    /// Number of times that the data set has come round before.
    public var epoch: Int
    /// The number of the row in its data set.
    public var window: Int
    /// The shard's number in its split.
    public var shard: Int
    /// The shard's file name.
    public var shardName: String
    /// The number of the document in the shard.
    public var document: Int
    /// The tokens of the shard that the row has of it, as inputs or targets.
    public var tokens: Range<Int>
    /// The file that the document came from; nil where the data set does not know.
    public var source: String?
    /// Place in the file; nil where the data set does not know.
    public var place: DocumentPlace?
}

/// Says of any row of a run which documents it is made of and where those came from.
public struct BatchProvenance: Sendable {
    private let loader: BatchLoader
    private let finders: [SourceFinder?]

    /// The provenance of what `loader`, made from `mixture`, gives out. O(sources + shards).
    public init(_ mixture: Mixture, _ loader: BatchLoader) {
        self.loader = loader
        finders = mixture.sources.map { SourceFinder($0.set, .train) }
    }

    /// The documents of the row at `position`, in the row's order. O(documents).
    public func documents(ofRowAt position: Int) -> [RowDocument] {
        documentsOfWindows(ofRowAt: position).flatMap(\.documents)
    }

    /// The stretches of the row at `position`, each with its documents. O(documents).
    func documentsOfWindows(
        ofRowAt position: Int
    ) -> [(window: Window, documents: [RowDocument])] {
        let row = loader.row(at: position)
        let rows = loader.rows(ofSource: row.source)
        return zip(row.windows, loader.origins(ofRowAt: position)).map { window, origin in
            let shard = rows.shards[window.shard]
            let documents = origin.documents.map { document in
                let entry = shard.document(document)
                return RowDocument(
                    dataSet: row.source, epoch: row.epoch, window: row.number,
                    shard: window.shard, shardName: shard.name, document: document,
                    tokens: shard.tokenRange(ofDocument: document)
                        .clamped(to: window.start..<window.start + window.length + 1),
                    source: finders[row.source]?.path(
                        ofDocument: document, inShard: window.shard),
                    place: entry.place)
            }
            return (window, documents)
        }
    }
}

/// The documents that a window's tokens belong to.
public struct WindowOrigin: Codable, Equatable, Sendable {
    /// The shard's file name.
    public var shard: String
    /// The number of the window's first token in the shard.
    public var firstToken: Int
    /// The numbers of its documents in the shard.
    public var documents: ClosedRange<Int>

    enum CodingKeys: String, CodingKey {
        case shard, documents
        case firstToken = "first_token"
    }
}

extension BatchLoader {
    /// Origins of the rows of ``batch(at:)``, one for each stretch of a row. O(B · log documents).
    public func origins(at position: Int) -> [WindowOrigin] {
        (0..<batchSize).flatMap { origins(ofRowAt: position + $0) }
    }

    /// Origins of the row at `position`, one for each of its stretches.
    public func origins(ofRowAt position: Int) -> [WindowOrigin] {
        let row = row(at: position)
        let rows = rows(ofSource: row.source)
        return row.windows.map { window in
            let shard = rows.shards[window.shard]
            return WindowOrigin(
                shard: shard.name, firstToken: window.start,
                documents: shard.documents(of: window, isOne: rows.stretchesAreDocuments))
        }
    }
}

extension TokenShard {
    /// The documents that a window's inputs and targets belong to; just one where the window is a
    /// stretch of one. O(log documents).
    fileprivate func documents(of window: Window, isOne: Bool) -> ClosedRange<Int> {
        // There the end-of-text token of the document before may stand in front.
        let isBehindEnd = isOne && marks.begin == nil && marks.end != nil
        let own = isBehindEnd ? window.start + 1 : window.start
        let first = document(containing: own)
        // The target of the last prediction belongs to the window as well.
        return
            first...(isOne
            ? first : max(first, document(containing: window.start + window.length)))
    }
}
