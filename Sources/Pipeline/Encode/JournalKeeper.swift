import Files
import TokenShards
import Work

/// Makes snapshots of a part durable on a thread of its own, while encoding goes on.
///
/// First the shards' bytes, then the journal that counts on them.
final class JournalKeeper: Sendable {
    private struct State {
        var isBusy = false
        var failure: (any Error)?
    }

    private let directory: String
    private let state = Monitor(State())
    private let afterStep: @Sendable () -> Void

    /// A keeper of the journal in `directory`.
    ///
    /// - Parameter afterStep: called when something has become durable.
    init(directory: String, afterStep: @escaping @Sendable () -> Void) {
        self.directory = directory
        self.afterStep = afterStep
    }

    /// Whether what was begun last is done, so that something else may be.
    ///
    /// - Throws: the error of the write.
    var isIdle: Bool {
        get throws {
            try state.withLock { state in
                if let failure = state.failure { throw failure }
                return !state.isBusy
            }
        }
    }

    /// Begins to make a snapshot durable. The keeper must be idle.
    func keep(_ snapshot: PartSnapshot, as journal: PartJournal) {
        begin { [self] in
            for file in snapshot.files {
                try file.sync()
                afterStep()
            }
            try journal.write(toDirectory: directory)
            afterStep()
        }
    }

    /// Begins to bring what `files` hold to the disk, so that the next snapshot finds little to do.
    /// The keeper must be idle.
    func bringForward(_ files: [GrowingFile]) {
        begin {
            for file in files { try file.sync() }
        }
    }

    private func begin(_ work: @escaping @Sendable () throws -> Void) {
        state.withLock { $0.isBusy = true }
        WorkerThread.start(named: "quern journal") { [state] in
            // Also of what was only brought forward: the system tells of a failed write once.
            var failure: (any Error)?
            do { try work() } catch { failure = error }
            state.withLock { state in
                state.isBusy = false
                state.failure = failure
            }
            state.notifyAll()
        }
    }

    /// Waits until the last snapshot is durable.
    func wait() throws {
        try state.wait { state throws in
            if let failure = state.failure { throw failure }
            return state.isBusy ? nil : ()
        }
    }
}
