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
        let own = isOne && endOfText == .after ? window.start + 1 : window.start
        let first = document(containing: own)
        // The target of the last prediction belongs to the window as well.
        return
            first...(isOne
            ? first : max(first, document(containing: window.start + window.length)))
    }
}
