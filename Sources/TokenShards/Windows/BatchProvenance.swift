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
        let row = loader.row(at: position)
        let rows = loader.rows(ofSource: row.source)
        return zip(row.windows, loader.origins(ofRowAt: position)).flatMap { window, origin in
            let shard = rows.shards[window.shard]
            return origin.documents.map { document in
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
        }
    }
}
