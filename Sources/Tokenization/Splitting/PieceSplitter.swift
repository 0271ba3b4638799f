import CKernels

/// Cuts a text into pieces, a few thousand bytes at a time. One a thread.
struct PieceSplitter: ~Copyable {
    private var masks = BlockMasks()
    private let level = qk_best_level()
    private let endBuffer = OwnedBuffer<UInt32>(repeating: 0, count: BlockMasks.capacity + 64)

    /// Where the pieces of the last call end, counted from where it started.
    var ends: BufferView<UInt32> { endBuffer.view }

    /// Finds the pieces from `start` on, where one begins: at least one, and as many as begin in the
    /// next few thousand bytes. Returns their number; ``ends`` has the rest. O(bytes looked at).
    @inline(__always)
    mutating func next<Scanner: PieceScanner>(
        _ scanner: Scanner, _ text: ByteView, from start: Int
    ) -> Int {
        let ends = ends
        var count = 0
        var position = start
        let size = min(BlockMasks.capacity, text.count - start)
        guard let rules = scanner.blockRules else {
            while position < start + size {
                position = scanner.pieceEnd(in: text, from: position)
                ends[count] = UInt32(position - start)
                count += 1
            }
            return count
        }
        let isEnd = start + size == text.count
        masks.classify(text, from: start, count: size, rules, UnicodeClasses.shared.tables)
        while position < start + size {
            let available = start + size - position
            guard isEnd || available >= 64 else { break }
            let window = BlockScanner.window(
                masks, at: position - start, count: available, isEnd: isEnd, text: text,
                position: position, rules: rules)
            let starts = window.starts
            if starts == 0, !window.isComplete {
                position = scanner.pieceEnd(in: text, from: position)
                ends[count] = UInt32(position - start)
                count += 1
                continue
            }
            if starts != 0 {
                let offset = UInt32(truncatingIfNeeded: position &- start)
                ends.writeBitNumbers(level, of: starts, plus: offset, from: count)
                count &+= starts.nonzeroBitCount
                position &+= 63 &- starts.leadingZeroBitCount
            }
            if window.isComplete {
                position = text.count
                ends[count] = UInt32(truncatingIfNeeded: position - start)
                count += 1
            }
        }
        return count
    }
}
