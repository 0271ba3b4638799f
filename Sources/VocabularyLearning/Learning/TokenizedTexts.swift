import Bytes
import Synchronization
import Tokenization
import Work

/// The texts of a file of counts as tokens of a vocabulary, on several threads.
final class TokenizedTexts {
    /// Threads that work at once.
    let threadCount: Int

    /// Bytes of the texts.
    var byteCount: Int { file.pieceByteCount }

    private let file: PieceCountsFile
    private let team: ThreadTeam
    private let encoders: [BytePairEncoder]

    /// Texts that are worked on together.
    private struct Batch {
        var bytes: [UInt8] = []
        var ends: [Int] = []
        var counts: [UInt64] = []
        /// The number of the first text of each part, which one thread takes.
        var parts: [Int] = []
        /// Bytes before the last part.
        private var partStart = 0

        mutating func append(_ text: ByteView, _ count: UInt64) {
            if parts.isEmpty || bytes.count - partStart >= TokenizedTexts.partByteCount {
                parts.append(ends.count)
                partStart = bytes.count
            }
            unsafe text.withBase {
                unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: $0, count: text.count))
            }
            ends.append(bytes.count)
            counts.append(count)
        }

        mutating func removeAll() {
            bytes.removeAll(keepingCapacity: true)
            ends.removeAll(keepingCapacity: true)
            counts.removeAll(keepingCapacity: true)
            parts.removeAll(keepingCapacity: true)
            partStart = 0
        }
    }

    private static let partByteCount = 1 << 19
    private static let partsPerThread = 8

    /// The memory of the texts that wait for a thread, but for single longer ones.
    static let threadByteCount = 2 * partByteCount * partsPerThread

    init(_ file: PieceCountsFile, _ vocabulary: Vocabulary, threadCount: Int) {
        self.file = file
        self.threadCount = threadCount
        team = ThreadTeam(threadCount: threadCount)
        encoders = (0..<threadCount).map { _ in BytePairEncoder(vocabulary) }
    }

    /// Calls `body` with the tokens of each text and its count, on several threads.
    ///
    /// - Parameters:
    ///   - progress: told the bytes of the texts that are done; may throw to end the work.
    ///   - body: told the number of its thread, too.
    func forEach(
        progress: (Int) throws -> Void,
        _ body: (_ ids: [TokenID], _ count: UInt64, _ thread: Int) throws -> Void
    ) throws {
        var batch = Batch()
        let failure = Mutex<(any Error)?>(nil)
        var done = 0
        func work() {
            team.run(batch.parts.count) { part, thread in
                var ids: [TokenID] = []
                let end = part + 1 < batch.parts.count ? batch.parts[part + 1] : batch.ends.count
                let bytes = batch.bytes.span
                do {
                    for text in batch.parts[part]..<end {
                        ids.removeAll(keepingCapacity: true)
                        let start = text == 0 ? 0 : batch.ends[text - 1]
                        encoders[thread].encode(
                            bytes.extracting(start..<batch.ends[text]), into: &ids)
                        try body(ids, batch.counts[text], thread)
                    }
                } catch {
                    failure.withLock { $0 = $0 ?? error }
                }
            }
            done += batch.bytes.count
            batch.removeAll()
            do {
                try progress(done)
            } catch {
                failure.withLock { $0 = $0 ?? error }
            }
        }
        let most = Self.partByteCount * Self.partsPerThread * threadCount
        try file.forEachPiece { text, count in
            guard failure.withLock({ $0 == nil }) else { return }
            batch.append(text, count)
            if batch.bytes.count >= most { work() }
        }
        if failure.withLock({ $0 == nil }) { work() }
        if let error = failure.withLock({ $0 }) { throw error }
    }
}
