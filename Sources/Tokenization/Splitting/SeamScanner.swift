import Bytes

/// The pairs of bytes that no merge brings together: between two such neighbours a text can be cut
/// and gives the same ids.
///
/// Every token that merging makes of a text holds only neighbours that stand side by side in some
/// merge's result. Where tokens are spelled in characters, texts are not cut otherwise, and with
/// these seams pieces are as short as words, so that they come again and caches know them.
final class Seams: Sendable {
    /// 1 for each pair of bytes, the first times 256 and the second, that some merge joins.
    fileprivate let joined: OwnedBuffer<UInt8>

    /// The seams of merges. O(bytes of what they make).
    init(_ tokens: TokenTable, _ merges: MergeTable) {
        joined = OwnedBuffer(repeating: 0, count: 1 << 16)
        let bytes = tokens.bytes
        func join(_ id: Int) {
            let (start, end) = (Int(tokens.offsets[id]), Int(tokens.offsets[id + 1]))
            for index in start..<max(start, end - 1) {
                joined.view[Int(bytes[index]) << 8 | Int(bytes[index + 1])] = 1
            }
        }
        for id in merges.results { join(Int(id)) }
        // Characters are made of their bytes by merges, too.
        for pair in merges.joins {
            if let id = tokens.join(of: pair.left, pair.right) { join(Int(id)) }
        }
    }
}

/// Pieces between ``Seams``.
struct SeamScanner: PieceScanner {
    private let joined: BufferView<UInt8>

    /// A scanner that is good as long as `seams` is.
    init(_ seams: Seams) { joined = seams.joined.view }

    @inline(__always)
    func pieceEnd(in text: ByteView, from start: Int) -> Int {
        var index = start &+ 1
        var before = Int(text[start])
        while index < text.count {
            let byte = Int(text[index])
            if joined[before &<< 8 | byte] == 0 { return index }
            before = byte
            index &+= 1
        }
        return index
    }
}
