import Files
import Work

/// State that the threads of a ``ReadAhead`` and its reader share. The threads keep it alive, so
/// that the reader may go first.
final class AheadDecoding: Sendable {
    /// Sources to decode, before the threads have taken them.
    enum Supply: ~Copyable, Sendable {
        case stream(ByteSource)
        case groups(FrameGroups)
        case nothing
    }

    /// The blocks of one group of frames, in the order in which groups stand in the file.
    private struct Group {
        var number: Int
        var blocks: [ReadAhead.Block] = []
        var isDone = false
        var error: CorpusError?
    }

    private struct State: ~Copyable {
        var supply: Supply
        var groups: [Group] = []
        var groupCount = 0
        /// No group will be taken any more.
        var isExhausted = false
        /// The group that holds all that is left.
        var lastNumber: Int?
        var isStopped = false
        var spare: [[UInt8]] = []

        func index(of number: Int) -> Int? { groups.firstIndex { $0.number == number } }
    }

    /// Job of one thread: a group of frames, or a whole stream, to decode.
    private final class Job {
        /// Tells the group.
        let number: Int
        var source: ByteSource
        /// Place of the group and of all behind it, if there is more behind it.
        let rest: Range<Int>?

        init(_ number: Int, _ source: consuming ByteSource, rest: Range<Int>? = nil) {
            self.number = number
            self.source = source
            self.rest = rest
        }
    }

    private let monitor: Monitor<State>
    private let path: String
    private let sizes: ReadingSizes
    private let maximumWindowLog: Int
    private let isExact: Bool

    init(
        _ supply: consuming Supply, path: String, sizes: ReadingSizes, maximumWindowLog: Int,
        isExact: Bool
    ) {
        monitor = Monitor(State(supply: supply))
        self.path = path
        self.sizes = sizes
        self.maximumWindowLog = maximumWindowLog
        self.isExact = isExact
    }

    /// Starts a thread that decodes.
    func start() {
        WorkerThread.start(named: "quern decode") { [self] in
            while let job = takeJob() { decode(job) }
        }
    }

    /// Ends the threads, when they are next to take or to give something.
    func stop() {
        monitor.withLock { $0.isStopped = true }
        monitor.notifyAll()
    }

    /// The next bytes, at least one; nil at the end.
    func next() throws(CorpusError) -> ReadAhead.Block? {
        try monitor.wait { state throws(CorpusError) -> ReadAhead.Block?? in
            while let first = state.groups.first {
                if state.isStopped { return .some(nil) }
                if !first.blocks.isEmpty {
                    monitor.notifyAll()
                    return state.groups[0].blocks.removeFirst()
                }
                if let error = first.error { throw error }
                guard first.isDone else { return nil }
                state.groups.removeFirst()
                state.isStopped = first.number == state.lastNumber
                monitor.notifyAll()
            }
            return state.isStopped || state.isExhausted ? .some(nil) : nil
        }
    }

    /// Takes the memory of a block back.
    func reuse(_ bytes: [UInt8]) {
        monitor.withLock { $0.spare.append(bytes) }
    }

    /// Takes the next group, when there is room for it, and opens it; nil when there are no more.
    private func takeJob() -> Job? {
        monitor.wait { state -> Job?? in
            if state.isStopped || state.isExhausted { return .some(nil) }
            guard state.groups.count < sizes.threadCount + 2 else { return nil }
            do throws(CorpusError) {
                if let job = try openNext(&state) {
                    state.groups.append(Group(number: state.groupCount))
                    state.groupCount += 1
                    return job
                }
            } catch {
                state.groups.append(Group(number: state.groupCount, isDone: true, error: error))
            }
            state.isExhausted = true
            monitor.notifyAll()
            return .some(nil)
        }
    }

    /// Opens the next group.
    private func openNext(_ state: inout State) throws(CorpusError) -> Job? {
        var taken = Supply.nothing
        swap(&taken, &state.supply)
        switch consume taken {
        case .nothing:
            return nil
        case .stream(let source):
            return Job(state.groupCount, source)
        case .groups(var list):
            let range = try namingFile { () throws(FileError) in try list.next() }
            let byteCount = list.byteCount
            state.supply = .groups(list)
            guard let range else { return nil }
            return Job(
                state.groupCount, try open(range),
                rest: range.upperBound < byteCount ? range.lowerBound..<byteCount : nil)
        }
    }

    private func open(_ frames: Range<Int>) throws(CorpusError) -> ByteSource {
        try ByteSource(
            frames: frames, path: path, bufferByteCount: sizes.bufferByteCount,
            maximumWindowLog: maximumWindowLog, isExact: isExact)
    }

    private func decode(_ job: Job) {
        var givenCount = 0
        do throws(CorpusError) {
            try decode(&job.source, job.number, &givenCount)
        } catch {
            guard let place = job.rest else {
                fail(job.number, error)
                return
            }
            // Damage, or a table that lies about frames: from here on the file is read as it would
            // be without groups, so that whether it is good does not depend on them.
            do throws(CorpusError) {
                monitor.withLock { state in
                    state.lastNumber = job.number
                    state.isExhausted = true
                }
                var rest = try open(place)
                var skipped = [UInt8](repeating: 0, count: sizes.blockByteCount)
                while givenCount > 0 {
                    skipped.removeLast(max(0, skipped.count - givenCount))
                    let count = try rest.read(into: &skipped, from: 0)
                    guard count > 0 else {
                        throw .malformedFile(path: path, reason: "it changed while it was read")
                    }
                    givenCount -= count
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
            var failure: CorpusError?
            while block.count < block.bytes.count, !isAtEnd, failure == nil {
                do throws(CorpusError) {
                    let count = try source.read(into: &block.bytes, from: block.count)
                    block.count += count
                    isAtEnd = count == 0
                } catch {
                    failure = error
                }
            }
            block.storedByteCount = source.takeStoredByteCount()
            givenCount += block.count
            let isWanted = add(block, to: number, isLast: isAtEnd)
            if let failure { throw failure }
            guard isWanted, !isAtEnd else { return }
        }
    }

    private func takeBytes() -> [UInt8] {
        monitor.withLock { $0.spare.popLast() }
            ?? [UInt8](repeating: 0, count: sizes.blockByteCount)
    }

    private func fail(_ number: Int, _ error: CorpusError) {
        monitor.withLock { state in
            if let index = state.index(of: number) { state.groups[index].error = error }
        }
        monitor.notifyAll()
    }

    /// Adds a block when there is room for it; false when the reader has gone.
    private func add(_ block: ReadAhead.Block, to number: Int, isLast: Bool) -> Bool {
        monitor.wait { state in
            guard !state.isStopped, let index = state.index(of: number) else { return false }
            guard state.groups[index].blocks.count < sizes.blocksAhead else { return nil }
            // The last block may hold nothing but the count of stored bytes.
            state.groups[index].blocks.append(block)
            state.groups[index].isDone = isLast
            monitor.notifyAll()
            return true
        }
    }
}
