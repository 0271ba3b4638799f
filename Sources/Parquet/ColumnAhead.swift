import Work

/// Row groups that threads read before they are asked for. The threads keep it alive, so that the
/// reader may go first.
///
/// Values come out in their order. Of each group under way, of which there are at most two more
/// than threads, wait few values, or one large one.
final class ColumnAhead: Sendable {
    /// Values next to each other.
    struct Block: Sendable {
        /// Rows of the file before the first.
        var firstRow: Int
        var values: [ParquetValue] = []
        /// Bytes that were read from the file for them.
        var storedByteCount = 0
        /// Bytes of the values, in memory.
        var byteCount = 0
    }

    /// Bytes of values at which a block is handed over, and the most values of one.
    private static let blockByteCount = 256 << 10
    private static let blockValueCount = 4_096
    /// Bytes of values that wait in a group, at which its thread waits too.
    private static let waitingByteCount = 4 << 20

    private struct Group {
        var number: Int
        var blocks: [Block] = []
        var waitingByteCount = 0
        var isDone = false
        var error: ParquetError?
    }

    private struct State {
        /// The chunks that no thread has taken yet.
        var chunks: ArraySlice<ColumnChunk>
        /// Those that were taken and not given out whole, in order.
        var groups: [Group] = []
        var takenCount = 0
        var isStopped = false
    }

    private let monitor: Monitor<State>
    private let column: ParquetColumn
    private let limits: ParquetLimits
    private let threadCount: Int

    /// Starts threads that read `chunks`.
    init(
        _ column: ParquetColumn, chunks: ArraySlice<ColumnChunk>, limits: ParquetLimits,
        threadCount: Int
    ) {
        monitor = Monitor(State(chunks: chunks))
        self.column = column
        self.limits = limits
        self.threadCount = min(threadCount, chunks.count)
        for _ in 0..<self.threadCount {
            WorkerThread.start(named: "quern columns") { [self] in
                var reader = ColumnReader(column, limits: limits)
                while let (number, chunk) = takeChunk() { read(chunk, number, &reader) }
            }
        }
    }

    /// Ends the threads, when they are next to take or to give something.
    func stop() {
        monitor.withLock { $0.isStopped = true }
        monitor.notifyAll()
    }

    /// The next values, at least one; nil behind the last.
    func next() throws(ParquetError) -> Block? {
        try monitor.wait { state throws(ParquetError) -> Block?? in
            while let first = state.groups.first {
                if !first.blocks.isEmpty {
                    let block = state.groups[0].blocks.removeFirst()
                    state.groups[0].waitingByteCount -= block.byteCount
                    monitor.notifyAll()
                    return block
                }
                if let error = first.error { throw error }
                guard first.isDone else { return nil }
                state.groups.removeFirst()
                monitor.notifyAll()
            }
            return state.chunks.isEmpty ? .some(nil) : nil
        }
    }

    /// Takes the next chunk, when there is room for it; nil when there are no more.
    private func takeChunk() -> (Int, ColumnChunk)? {
        monitor.wait { state -> (Int, ColumnChunk)?? in
            guard !state.isStopped, let chunk = state.chunks.first else { return .some(nil) }
            guard state.groups.count < threadCount + 2 else { return nil }
            state.chunks.removeFirst()
            let number = state.takenCount
            state.takenCount += 1
            state.groups.append(Group(number: number))
            return (number, chunk)
        }
    }

    private func read(_ chunk: ColumnChunk, _ number: Int, _ reader: inout ColumnReader) {
        reader.begin(chunk)
        var block = Block(firstRow: chunk.firstRow)
        var toldByteCount = reader.readCount
        var failure: ParquetError?
        var isAtEnd = false
        while !isAtEnd {
            do throws(ParquetError) {
                let step = try reader.advance()
                if case .end = step {
                    isAtEnd = true
                } else {
                    let value = reader.value(step)
                    if case .bytes(let bytes) = value { block.byteCount += bytes.count }
                    block.byteCount += MemoryLayout<ParquetValue>.stride
                    block.values.append(value)
                }
            } catch {
                failure = error
                isAtEnd = true
            }
            guard
                isAtEnd || block.byteCount >= Self.blockByteCount
                    || block.values.count >= Self.blockValueCount
            else { continue }
            block.storedByteCount = reader.readCount - toldByteCount
            toldByteCount = reader.readCount
            let next = Block(firstRow: block.firstRow + block.values.count)
            guard add(block, to: number, isLast: isAtEnd, failure) else { return }
            block = next
        }
    }

    /// Adds a block when there is room for it; false when the reader has gone.
    private func add(
        _ block: Block, to number: Int, isLast: Bool, _ failure: ParquetError?
    ) -> Bool {
        monitor.wait { state in
            guard !state.isStopped,
                let index = state.groups.firstIndex(where: { $0.number == number })
            else { return false }
            guard state.groups[index].waitingByteCount < Self.waitingByteCount else { return nil }
            if !block.values.isEmpty || block.storedByteCount > 0 {
                state.groups[index].blocks.append(block)
                state.groups[index].waitingByteCount += block.byteCount
            }
            state.groups[index].isDone = isLast
            state.groups[index].error = failure
            monitor.notifyAll()
            return true
        }
    }
}
