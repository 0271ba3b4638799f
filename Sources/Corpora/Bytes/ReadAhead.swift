import Files
internal import Foundation

/// The decoded bytes of one compressed input, made on threads of their own before they are asked
/// for.
///
/// One thread decodes what is one frame or comes through a pipe; several decode groups of frames.
/// The bytes come out in their order, and memory is bounded: ``ReadingSizes/blocksAhead`` blocks
/// for each group under way, of which there are two more than threads.
struct ReadAhead: ~Copyable, Sendable {
    /// Bytes that were decoded together.
    struct Block: Sendable {
        var bytes: [UInt8]
        /// Number of bytes that count.
        var count = 0
        /// Stored bytes that were read for them.
        var storedByteCount = 0
    }

    private let state: State

    /// Decodes `source` on a thread.
    init(source: consuming ByteSource, path: String, sizes: ReadingSizes) {
        state = State(.stream(source), path: path, sizes: sizes, maximumWindowLog: 0)
        State.start(state)
    }

    /// Decodes the frames of a file on ``ReadingSizes/threadCount`` threads.
    init(groups: FrameGroups, path: String, sizes: ReadingSizes, maximumWindowLog: Int) {
        state = State(
            .groups(groups), path: path, sizes: sizes, maximumWindowLog: maximumWindowLog)
        for _ in 0..<sizes.threadCount { State.start(state) }
    }

    // No wait for the thread: it may be in a read that never ends, as that of a pipe.
    deinit { state.stop() }

    /// The next bytes, at least one; nil at the end.
    func next() throws(CorpusError) -> Block? { try state.next() }

    /// Gives the memory of a block back.
    func reuse(_ block: consuming Block) { state.reuse(block.bytes) }
}

/// Sources to decode, before the threads have taken them.
private enum Work: ~Copyable, Sendable {
    case stream(ByteSource)
    case groups(FrameGroups)
    case nothing
}

/// State that the threads and the reader share. The threads keep it alive, so that the reader may
/// go first.
///
/// Unchecked, because every variable is read and written with the condition locked.
private final class State: @unchecked Sendable {
    /// The blocks of one group of frames, in the order in which groups stand in the file.
    private struct Group {
        var number: Int
        var blocks: [ReadAhead.Block] = []
        var isDone = false
        var error: CorpusError?
    }

    /// Job of one thread: a group of frames, or a whole stream, to decode.
    private final class Job {
        /// Tells the group.
        let number: Int
        var source: ByteSource
        /// Offset at which the group begins, if it is not all that is left of the file.
        let start: Int?

        init(_ number: Int, _ source: consuming ByteSource, start: Int? = nil) {
            self.number = number
            self.source = source
            self.start = start
        }
    }

    private let condition = NSCondition()
    private let path: String
    private let sizes: ReadingSizes
    private let maximumWindowLog: Int
    private var work: Work
    private var groups: [Group] = []
    private var groupCount = 0
    /// No group will be taken any more.
    private var isExhausted = false
    /// The group that holds all that is left.
    private var lastNumber: Int?
    private var isStopped = false
    private var spare: [[UInt8]] = []

    init(
        _ work: consuming Work, path: String, sizes: ReadingSizes, maximumWindowLog: Int
    ) {
        self.work = work
        self.path = path
        self.sizes = sizes
        self.maximumWindowLog = maximumWindowLog
    }

    static func start(_ state: State) {
        let thread = Thread { state.run() }
        thread.name = "quern decode"
        thread.start()
    }

    func stop() {
        condition.withLock {
            isStopped = true
            condition.broadcast()
        }
    }

    func next() throws(CorpusError) -> ReadAhead.Block? {
        condition.lock()
        defer { condition.unlock() }
        while true {
            if isStopped { return nil }
            if let first = groups.first {
                if !first.blocks.isEmpty {
                    let block = groups[0].blocks.removeFirst()
                    condition.broadcast()
                    return block
                }
                if let error = first.error { throw error }
                if first.isDone {
                    groups.removeFirst()
                    isStopped = first.number == lastNumber
                    condition.broadcast()
                    continue
                }
            } else if isExhausted {
                return nil
            }
            condition.wait()
        }
    }

    func reuse(_ bytes: [UInt8]) {
        condition.withLock { spare.append(bytes) }
    }

    /// Loop of one thread.
    private func run() {
        while let job = takeJob() { decode(job) }
    }

    /// Takes the next group, when there is room for it, and opens it; nil when there are no more.
    private func takeJob() -> Job? {
        condition.lock()
        defer { condition.unlock() }
        while !isStopped, !isExhausted, groups.count >= sizes.threadCount + 2 { condition.wait() }
        if isStopped || isExhausted { return nil }
        do throws(CorpusError) {
            guard let job = try openNext() else {
                isExhausted = true
                condition.broadcast()
                return nil
            }
            groups.append(Group(number: groupCount))
            groupCount += 1
            return job
        } catch {
            groups.append(Group(number: groupCount, isDone: true, error: error))
            isExhausted = true
            condition.broadcast()
            return nil
        }
    }

    /// Opens the next group; the condition is locked.
    private func openNext() throws(CorpusError) -> Job? {
        var taken = Work.nothing
        swap(&taken, &work)
        switch consume taken {
        case .nothing:
            return nil
        case .stream(let source):
            return Job(groupCount, source)
        case .groups(var list):
            let range: Range<Int>?
            do throws(FileError) {
                range = try list.next()
            } catch {
                throw .file(error)
            }
            let byteCount = list.byteCount
            work = .groups(list)
            guard let range else { return nil }
            return Job(
                groupCount, try open(range),
                start: range.upperBound < byteCount ? range.lowerBound : nil)
        }
    }

    private func open(_ frames: Range<Int>) throws(CorpusError) -> ByteSource {
        try ByteSource(
            frames: frames, path: path, bufferByteCount: sizes.bufferByteCount,
            maximumWindowLog: maximumWindowLog)
    }

    private func decode(_ job: Job) {
        var givenCount = 0
        do throws(CorpusError) {
            try decode(&job.source, job.number, &givenCount)
        } catch {
            guard let start = job.start else {
                fail(job.number, error)
                return
            }
            // Damage, or a table that lies about frames: from here on the file is read as it would
            // be without groups, so that whether it is good does not depend on them.
            do throws(CorpusError) {
                condition.withLock {
                    lastNumber = job.number
                    isExhausted = true
                }
                var rest = try open(start..<Int.max)
                var skipped = [UInt8](repeating: 0, count: sizes.blockByteCount)
                while givenCount > 0 {
                    skipped.removeLast(max(0, skipped.count - givenCount))
                    givenCount -= try rest.read(into: &skipped, from: 0)
                }
                _ = rest.takeStoredByteCount()
                try decode(&rest, job.number, &givenCount)
            } catch {
                fail(job.number, error)
            }
        }
    }

    /// Decodes to the end, and counts the bytes that were given out.
    private func decode(
        _ source: inout ByteSource, _ number: Int, _ givenCount: inout Int
    ) throws(CorpusError) {
        while true {
            var block = ReadAhead.Block(bytes: takeBytes())
            var isAtEnd = false
            while block.count < block.bytes.count, !isAtEnd {
                let count = try source.read(into: &block.bytes, from: block.count)
                block.count += count
                isAtEnd = count == 0
            }
            block.storedByteCount = source.takeStoredByteCount()
            givenCount += block.count
            guard add(block, to: number, isLast: isAtEnd), !isAtEnd else { return }
        }
    }

    private func takeBytes() -> [UInt8] {
        condition.withLock { spare.popLast() }
            ?? [UInt8](repeating: 0, count: sizes.blockByteCount)
    }

    private func fail(_ number: Int, _ error: CorpusError) {
        condition.withLock {
            guard let index = groups.firstIndex(where: { $0.number == number }) else { return }
            groups[index].error = error
            condition.broadcast()
        }
    }

    /// Adds a block when there is room for it; false when the reader has gone.
    private func add(_ block: ReadAhead.Block, to number: Int, isLast: Bool) -> Bool {
        condition.lock()
        defer { condition.unlock() }
        while true {
            guard !isStopped, let index = groups.firstIndex(where: { $0.number == number }) else {
                return false
            }
            if groups[index].blocks.count < sizes.blocksAhead {
                // The last block may hold nothing but the count of stored bytes.
                groups[index].blocks.append(block)
                groups[index].isDone = isLast
                condition.broadcast()
                return true
            }
            condition.wait()
        }
    }
}
