import Corpora
import Synchronization
import Training

/// Reads documents on the calling task and works on chunks of them in others; results come back
/// in the documents' order.
///
/// At most `threadCount` chunks are worked on at once, and at most twice as many are under way, so
/// memory is bounded by their size. With one thread everything happens on the calling task.
///
/// - Parameters:
///   - reader: where documents come from.
///   - byteCount: the size that a chunk reaches.
///   - threadCount: chunks worked on at once.
///   - stop: looked at before each chunk.
///   - transform: the work on one chunk.
///   - consume: takes each result, in order, with the state of the reader.
/// - Throws: ``PipelineError/interrupted`` on request, and what reading or the work throws.
func forEachChunk<Result: Sendable>(
    of reader: inout CorpusReader, byteCount: Int = 1 << 20, threadCount: Int, stop: StopSignal,
    transform: @escaping @Sendable ([Document]) throws -> Result,
    consume: (Result, CorpusProgress) throws -> Void
) async throws {
    guard threadCount > 1 else {
        while let chunk = try reader.nextChunk(byteCount: byteCount) {
            if stop.isRequested { throw PipelineError.interrupted }
            try consume(try transform(chunk), reader.progress)
        }
        return
    }
    try await withThrowingTaskGroup(of: (Int, Result).self) { group in
        var waiting: [Int: Result] = [:]
        var (read, finishedCount, consumed) = (0, 0, 0)
        func take(_ finished: (Int, Result)) throws {
            waiting[finished.0] = finished.1
            finishedCount += 1
            while let next = waiting.removeValue(forKey: consumed) {
                try consume(next, reader.progress)
                consumed += 1
            }
        }
        while let chunk = try reader.nextChunk(byteCount: byteCount) {
            if stop.isRequested { throw PipelineError.interrupted }
            while read - finishedCount >= threadCount || read - consumed >= 2 * threadCount,
                let finished = try await group.next()
            {
                try take(finished)
            }
            let number = read
            group.addTask { (number, try transform(chunk)) }
            read += 1
        }
        while let finished = try await group.next() { try take(finished) }
    }
}

/// Tools that are costly to make and serve one task at a time: encoders, counters.
///
/// Unchecked, because an item is in the pool or with the one task that took it, never both.
final class Pool<Item>: @unchecked Sendable {
    private let items = Mutex<[Unchecked]>([])
    private let make: @Sendable () -> Item

    private struct Unchecked: @unchecked Sendable { let item: Item }

    init(_ make: @escaping @Sendable () -> Item) { self.make = make }

    /// Lends an item to `body`.
    func withItem<Result>(_ body: (Item) throws -> Result) rethrows -> Result {
        let item = items.withLock { $0.popLast() }?.item ?? make()
        defer {
            let back = Unchecked(item: item)
            items.withLock { $0.append(back) }
        }
        return try body(item)
    }

    /// Every item, when all tasks are done.
    func drain() -> [Item] {
        items.withLock { items in
            defer { items.removeAll() }
            return items
        }.map(\.item)
    }
}
