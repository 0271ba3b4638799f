package import Bytes
import CKernels

/// Cuts a text into pieces, a few thousand bytes at a time. One a thread.
struct PieceSplitter: ~Copyable {
    private var masks: BlockMasks
    private let endBuffer = OwnedBuffer<UInt32>(repeating: 0, count: BlockMasks.capacity + 64)

    /// A splitter that uses the kernels of a level.
    init(level: Int32 = qk_best_level()) { masks = BlockMasks(level: level) }

    /// Ends of the pieces of the last call, counted from where it started.
    var ends: BufferView<UInt32> { endBuffer.view }

    /// Finds the pieces from `start` on, where one begins: at least one, and as many as begin in
    /// the next few thousand bytes. Returns their number; ``ends`` has the rest. O(bytes looked
    /// at).
    @inline(__always)
    mutating func next<Scanner: PieceScanner>(
        _ scanner: Scanner, _ text: ByteView, from start: Int
    ) -> Int {
        let ends = ends
        var count = 0
        var position = start
        let size = min(BlockMasks.capacity, text.count - start)
        guard let rules = scanner.blockRules else {
            return scanner.writeEnds(in: text, from: start, count: size, into: ends)
        }
        let isEnd = start + size == text.count
        masks.classify(text, from: start, count: size, rules, UnicodeClasses.shared.tables)
        masks.findStarts(rules, isEnd: isEnd)
        // The end of the certain blocks: from here on blocks are asked again whether they are
        // certain.
        var certain = start
        while position < start + size {
            if position >= certain, masks.isCertain(at: position - start) {
                let written = masks.writeStarts(
                    rules, text, from: start, after: position - start, into: ends, at: count)
                count &+= written.count
                if written.count > 0 { position = start &+ Int(ends[count &- 1]) }
                certain = start &+ written.end
                continue
            }
            // The rest of the last block is cut with the text that follows.
            if !isEnd, count > 0, start + size - max(position, certain) <= 64 { break }
            position = scanner.pieceEnd(in: text, from: position)
            ends[count] = UInt32(position - start)
            count += 1
        }
        return count
    }
}

/// Cuts texts by one pattern, a few thousand bytes at a time: the splitter for other modules, whose
/// loops are compiled once a pattern here.
package final class PatternSplitter {
    // A class, because a visitor cannot hold the splitter itself.

    /// Pattern that cuts texts.
    package let pattern: SplitPattern

    private var splitter = PieceSplitter()

    /// A splitter of `pattern`.
    package init(_ pattern: SplitPattern) { self.pattern = pattern }

    /// Ends of the pieces of the last call, counted from where it started.
    package var ends: BufferView<UInt32> { splitter.ends }

    /// Finds the pieces from `start` on, where one begins: at least one, and as many as begin in
    /// the next few thousand bytes. Returns their number; ``ends`` has the rest. O(bytes looked
    /// at).
    package func next(_ text: ByteView, from start: Int) -> Int {
        var visitor = Visitor(owner: self, text: text, start: start)
        return pattern.accept(&visitor)
    }

    private struct Visitor: PieceScannerVisitor {
        let owner: PatternSplitter
        let text: ByteView
        let start: Int

        func visit(_ scanner: some PieceScanner) -> Int {
            owner.splitter.next(scanner, text, from: start)
        }
    }

    /// See ``PieceSplitter/nextCertain(_:_:from:)``.
    func nextCertain(_ scanner: some PieceScanner, _ text: ByteView, from start: Int) -> Int {
        splitter.nextCertain(scanner, text, from: start)
    }
}
