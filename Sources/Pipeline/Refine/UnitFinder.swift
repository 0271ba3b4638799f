import Files
import Refinement

/// Finds units of a stage that nobody has done and nobody is at work on.
///
/// It begins where the rank of the process says and goes round, so that processes meet late; a unit
/// is locked while it is worked on, and the lock goes with the process.
struct UnitFinder {
    /// A unit that belongs to this process as long as the value lives.
    struct Claim: Sendable {
        let number: Int
        let lock: FileLock
    }

    /// The units of the stage.
    let count: Int
    /// Those that were seen to be done.
    private(set) var doneCount = 0

    private let work: SharedRefinement
    private let stage: SharedStage
    private let lockPath: (Int) -> String
    private var isDone: [Bool]
    private var cursor: Int

    init(_ work: SharedRefinement, _ stage: SharedStage, share: WorkShare) throws {
        self.work = work
        self.stage = stage
        count = try work.unitCount(of: stage)
        isDone = Array(repeating: false, count: count)
        cursor = count * share.rank / share.world
        lockPath = { work.directory(stage, $0) + ".lock" }
    }

    /// The next unit to work on; nil if all that are left are done or locked. O(units) at worst.
    mutating func next() throws -> Claim? {
        for _ in 0..<count where doneCount < count {
            let number = cursor
            cursor = (cursor + 1) % count
            guard !isDone[number] else { continue }
            if note(number) { continue }
            guard let lock = try FileLock(path: lockPath(number), .exclusive) else { continue }
            // Its last holder may have ended it meanwhile.
            if note(number) { continue }
            return Claim(number: number, lock: lock)
        }
        return nil
    }

    /// Looks whether a unit is done.
    private mutating func note(_ number: Int) -> Bool {
        guard work.isDone(stage, number) else { return false }
        finish(number)
        return true
    }

    /// Notes that a unit is done.
    mutating func finish(_ number: Int) {
        guard !isDone[number] else { return }
        isDone[number] = true
        doneCount += 1
    }
}
