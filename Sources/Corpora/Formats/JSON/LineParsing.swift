import Bytes
import Work

/// State that the threads of a ``JSONLinesAhead`` and its reader share.
final class LineParsing: Sendable {
    /// What one line says.
    struct Record: Sendable {
        enum Content: Sendable {
            case text([UInt8])
            case fault(RecordFault)
            case tooLarge(front: [UInt8])
        }
        var content: Content
        /// The line among the bytes of its block.
        var range: Range<Int>
    }

    /// A block, and what its lines say; or why there is none, and no other behind it.
    struct Parsed: Sendable {
        var bytes: [UInt8] = []
        var records: [Record] = []
        var storedByteCount = 0
        var error: CorpusError?
    }

    private struct Input: ~Copyable {
        var blocks: LineBlocks
        /// The number of the next block.
        var number = 0
        var isAtEnd = false
    }

    private struct State {
        /// Blocks that were looked through, by number.
        var done: [Int: Parsed] = [:]
        /// The number of the block that is given out next.
        var next = 0
        /// Blocks that were or are being read.
        var takenCount = 0
        /// How many blocks there are, once it is known.
        var endNumber: Int?
        var isStopped = false
        var spare: [[UInt8]] = []
    }

    private let input: Monitor<Input>
    private let monitor = Monitor(State())
    private let extractor: JSONFieldExtractor
    private let limit: Int
    private let frontByteCount: Int
    private let mostUnderWay: Int

    init(
        _ blocks: consuming LineBlocks, _ input: FormatInput, _ extractor: JSONFieldExtractor
    ) {
        self.input = Monitor(Input(blocks: blocks))
        self.extractor = extractor
        limit = input.limit
        frontByteCount = input.frontByteCount
        mostUnderWay = input.sizes.threadCount + 2
    }

    /// Starts a thread that looks through blocks.
    func start() {
        WorkerThread.start(named: "quern parse") { [self] in
            // Reading is not parallel, and the order of numbers is that of the blocks.
            while isWanted(), let (number, block) = takeBlock() { give(block, number) }
        }
    }

    /// Ends the threads, when they are next to take or to give something.
    func stop() {
        monitor.withLock { $0.isStopped = true }
        monitor.notifyAll()
    }

    /// The next block; nil behind the last.
    func next() -> Parsed? {
        defer { monitor.notifyAll() }
        return monitor.wait { state -> Parsed?? in
            if state.next == state.endNumber { return .some(nil) }
            guard let block = state.done.removeValue(forKey: state.next) else { return nil }
            state.next += 1
            return block
        }
    }

    /// Takes the memory of a block back.
    func reuse(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return }
        monitor.withLock { state in
            if state.spare.count < mostUnderWay { state.spare.append(bytes) }
        }
    }

    /// Waits until there is room for another block; false when none is wanted any more.
    private func isWanted() -> Bool {
        monitor.wait { state in
            if state.isStopped || state.endNumber != nil { return false }
            guard state.takenCount - state.next < mostUnderWay else { return nil }
            state.takenCount += 1
            return true
        }
    }

    /// Takes the next block and looks through it, so that it is given out when those before it
    /// are; nil when there is none.
    private func takeBlock() -> (number: Int, Parsed)? {
        let spare = monitor.withLock { $0.spare.popLast() }
        let (number, block, failed) = input.withLock { input in
            guard !input.isAtEnd else { return (-1, LineBlocks.Block?.none, Parsed?.none) }
            input.number += 1
            do throws(CorpusError) {
                let block = try input.blocks.next(reusing: spare)
                input.isAtEnd = block == nil
                return (input.number - 1, block, nil)
            } catch {
                input.isAtEnd = true
                let storedByteCount = input.blocks.takeStoredByteCount()
                return (
                    input.number - 1, nil, Parsed(storedByteCount: storedByteCount, error: error)
                )
            }
        }
        if let block { return (number, parse(block, isFirst: number == 0)) }
        if let failed { return (number, failed) }
        if number >= 0 {
            monitor.withLock { $0.endNumber = number }
            monitor.notifyAll()
        }
        return nil
    }

    private func give(_ block: Parsed, _ number: Int) {
        monitor.withLock { state in
            state.done[number] = block
            if block.error != nil { state.endNumber = number + 1 }
        }
        monitor.notifyAll()
    }

    private func parse(_ block: consuming LineBlocks.Block, isFirst: Bool) -> Parsed {
        var parsed = Parsed(bytes: block.bytes, storedByteCount: block.storedByteCount)
        guard !block.isTooLarge else {
            parsed.records = [
                Record(content: .tooLarge(front: block.bytes), range: 0..<block.count)
            ]
            return parsed
        }
        var start = 0
        while start < block.count {
            let rest = block.bytes.span.extracting(start..<block.count)
            let length = firstOffset(of: UInt8(ascii: "\n"), in: rest) ?? rest.count
            let content: Record.Content
            if length > limit {
                content = .tooLarge(
                    front: Array(copying: rest.extracting(first: min(length, frontByteCount))))
            } else {
                do throws(RecordFault) {
                    content = .text(
                        try extractor.text(
                            ofRecord: rest.extracting(first: length),
                            isFirst: isFirst && start == 0, repairing: false))
                } catch {
                    content = .fault(error)
                }
            }
            parsed.records.append(Record(content: content, range: start..<(start + length)))
            start += length + 1
        }
        return parsed
    }
}
