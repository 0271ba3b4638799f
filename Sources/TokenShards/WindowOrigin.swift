/// The documents that a window's tokens belong to.
public struct WindowOrigin: Codable, Equatable, Sendable {
    /// The shard's file name.
    public var shard: String
    /// The number of the window's first token in the shard.
    public var firstToken: Int
    /// The numbers of its documents in the shard.
    public var documents: ClosedRange<Int>
}

extension BatchLoader {
    /// Where the rows of ``batch(at:)`` come from. O(B · log documents).
    public func origins(at position: Int) -> [WindowOrigin] {
        (0..<batchSize).map { row in
            let window = window(at: position + row)
            let shard = shard(of: window)
            let name = shard.path.split(separator: "/").last.map(String.init) ?? shard.path
            let first = shard.document(containing: window.start)
            // The target of the last prediction belongs to the window as well.
            let last = shard.document(containing: window.start + window.length)
            return WindowOrigin(
                shard: name, firstToken: window.start, documents: first...max(first, last))
        }
    }
}
