import Bytes
import CKernels

/// A piece whose tokens are looked for.
struct MissingPiece: BitwiseCopyable {
    /// Offset of its first byte in the text.
    var start = 0

    /// Length in bytes.
    var length = 0

    /// Its key, or its hash if it is too long for one.
    var key = ShortKey.none

    var hasKey: Bool { length <= ShortKey.maximumLength }

    /// Its hash for the cache of long pieces, if it is too long for a key.
    var longHash: UInt64 { key.low }
}

/// Merges the bytes of pieces of up to 128 bytes into tokens, many at once: the earliest listed
/// pair first, the leftmost among equals.
struct PieceMerger: ~Copyable {
    /// The longest piece, in bytes.
    static let maximumLength = Int(QK_LONGEST_PIECE)

    private let merges: MergeTable.Lookup
    private let level = qk_best_level()
    private let pieces: OwnedBuffer<qk_merged_piece>
    private let idBuffer: OwnedBuffer<UInt32>

    /// The tokens of the pieces that were merged last.
    var ids: BufferView<UInt32> { idBuffer.view }

    /// A merger of up to `capacity` pieces at once.
    init(_ vocabulary: Vocabulary, capacity: Int) {
        merges = vocabulary.merges.lookup
        pieces = OwnedBuffer(repeating: qk_merged_piece(), count: capacity)
        idBuffer = OwnedBuffer(
            uninitializedCapacity: capacity * Self.maximumLength)
    }

    /// Merges `count` pieces; ``ids(of:)`` then says where their tokens are.
    mutating func merge(_ text: ByteView, _ missing: BufferView<MissingPiece>, count: Int) {
        let pieces = pieces.view
        var place: UInt32 = 0
        for index in 0..<count {
            let length = UInt32(truncatingIfNeeded: missing[index].length)
            pieces[index] = qk_merged_piece(
                start: UInt32(truncatingIfNeeded: missing[index].start), length: length,
                place: place, count: 0)
            place &+= (length &+ 15) & ~15
        }
        merges.merge(level, text, pieces, count: count, into: ids)
    }

    /// Place in ``ids`` of the tokens of a piece of the last call, and their number.
    @inline(__always)
    func ids(of piece: Int) -> (place: Int, count: Int) {
        let merged = pieces.view[piece]
        return (Int(merged.place), Int(merged.count))
    }
}
