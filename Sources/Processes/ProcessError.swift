/// Errors of processes that work together.
public enum ProcessError: Error, Equatable, Sendable {
    /// The launcher's variables do not fit together.
    case badLaunch(reason: String)
    /// No MPI library can be loaded: those that were tried, each with its fault.
    case noLibrary(faults: [String])
    /// A call of the MPI library failed.
    case library(call: String, reason: String)
    /// The secret that processes prove themselves with cannot be used.
    case badSecret(reason: String)
    /// A process cannot be reached.
    case notReached(address: String, reason: String)
    /// A process was reached that is none of this group.
    case stranger(address: String, reason: String)
    /// Ranks that did not come in time.
    case missing(ranks: [Int], seconds: Int)
    /// A process has ended before the work was done.
    case ended(rank: Int)
    /// Nothing has come of these processes for so long.
    case stalled(ranks: [Int], seconds: Int)
    /// A process does something else than this one.
    case outOfStep(rank: Int)
    /// The system refuses something.
    case system(call: String, reason: String)
}

extension ProcessError {
    /// The rank that is the reason; nil where it is none, or not known.
    public var culprit: Int? {
        switch self {
        case .ended(let rank), .outOfStep(let rank): rank
        case .stalled(let ranks, _): ranks.first
        default: nil
        }
    }
}

extension ProcessError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .badLaunch(let reason): reason
        case .noLibrary(let faults):
            "an MPI launcher has started this process, and no MPI library can be loaded: "
                + faults.joined(separator: "; ")
                + ". Install the library of the launcher, or name it"
        case .library(let call, let reason): "\(call) failed: \(reason)"
        case .badSecret(let reason): reason
        case .notReached(let address, let reason):
            "\(address) cannot be reached: \(reason). Is rank 0 there, and is MASTER_ADDR a name "
                + "that every rank knows it by?"
        case .stranger(let address, let reason): "\(address) is none of this run: \(reason)"
        case .missing(let ranks, let seconds):
            "\(Self.named(ranks)) did not come within \(seconds) seconds: see what became of "
                + "\(ranks.count == 1 ? "it" : "them")"
        case .ended(let rank):
            "rank \(rank) has ended: what it said last is why. The same command goes on from the "
                + "last checkpoint"
        case .stalled(let ranks, let seconds):
            "nothing has come of \(Self.named(ranks)) for \(seconds) seconds: see whether "
                + "\(ranks.count == 1 ? "it" : "they") hang\(ranks.count == 1 ? "s" : ""). The "
                + "same command goes on from the last checkpoint"
        case .outOfStep(let rank):
            "rank \(rank) does something else than this process: do both have the same program "
                + "and the same settings?"
        case .system(let call, let reason): "\(call) failed: \(reason)"
        }
    }

    private static func named(_ ranks: [Int]) -> String {
        ranks.count == 1
            ? "rank \(ranks[0])" : "the ranks " + ranks.map(String.init).joined(separator: ", ")
    }
}
