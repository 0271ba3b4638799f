import Bytes

/// Bytes that are only ever added, in blocks that never move.
struct PieceArena: ~Copyable {
    /// A block's memory; a class, because an array holds the blocks.
    private final class Block: Sendable {
        let buffer: OwnedBuffer<UInt8>

        init(count: Int) { buffer = OwnedBuffer(uninitializedCapacity: count) }
    }

    private static let blockByteCount = 1 << 18

    private var blocks: [Block] = []
    /// The blocks' bytes.
    private(set) var views: [BufferView<UInt8>] = []
    private var used = 0

    /// The memory of all blocks.
    private(set) var byteCount = 0

    /// Place of bytes: the block's number in the upper half.
    struct Place: BitwiseCopyable {
        var block: UInt32
        var offset: UInt32
    }

    /// The memory that `count` more bytes would take.
    func byteCount(adding count: Int) -> Int {
        used + count <= views.last?.count ?? 0
            ? byteCount : byteCount + max(Self.blockByteCount, count)
    }

    /// Adds the bytes from `start` up to `end`. O(count).
    mutating func append(_ text: ByteView, from start: Int, to end: Int) -> Place {
        let count = end - start
        if used + count > views.last?.count ?? 0 {
            let block = Block(count: max(Self.blockByteCount, count))
            blocks.append(block)
            views.append(block.buffer.view)
            byteCount += block.buffer.view.count
            used = 0
        }
        let place = Place(block: UInt32(views.count - 1), offset: UInt32(used))
        text.copy(from: start, to: end, into: views[views.count - 1], at: used)
        used += count
        return place
    }
}
