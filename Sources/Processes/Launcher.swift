import Bytes

/// How the processes of a group were started, as their environment says it.
///
/// A launcher sets variables that tell each process its number. With those of an MPI launcher the
/// group talks through MPI; with `MASTER_ADDR`, as torchrun and scripts set it, over TCP.
public enum Launcher: Equatable, Sendable {
    /// Nothing was launched together: one process alone.
    case alone
    /// An MPI launcher, for a kind of library.
    case mpi(MPIGroup.Kind)
    /// Processes that know where rank 0 is.
    case tcp(rank: Int, count: Int, host: String, port: Int)

    /// The port of rank 0 where nothing else is said, as torchrun has it.
    public static let standardPort = 29_500
    /// The variable that holds the secret of processes that talk over TCP.
    public static let secretVariable = "QUERN_SECRET"
    /// The variable that holds the path of a file with that secret.
    public static let secretFileVariable = "QUERN_SECRET_FILE"

    /// The launcher of a process with these variables.
    ///
    /// `OMPI_COMM_WORLD_SIZE` and `PMIX_RANK` are Open MPI's, `PMI_SIZE` is MPICH's. With
    /// `MASTER_ADDR` the rank is looked for in `RANK`, `SLURM_PROCID` and `JOB_COMPLETION_INDEX`,
    /// the number of ranks in `WORLD_SIZE` and `SLURM_NTASKS`, and the port in `MASTER_PORT`.
    ///
    /// - Throws: ``ProcessError/badLaunch(reason:)`` for variables of which some are missing or
    ///   make no sense.
    public init(environment: [String: String]) throws(ProcessError) {
        func number(_ names: String...) throws(ProcessError) -> Int? {
            for name in names {
                guard let text = environment[name], !text.isEmpty else { continue }
                guard let value = Int(text), (0...1 << 30).contains(value) else {
                    throw .badLaunch(reason: "\(name) is \"\(text)\", which is no whole number")
                }
                return value
            }
            return nil
        }
        if let count = try number("OMPI_COMM_WORLD_SIZE") {
            self = count > 1 ? .mpi(.openMPI) : .alone
            return
        }
        if let count = try number("PMI_SIZE") {
            self = count > 1 ? .mpi(.mpich) : .alone
            return
        }
        let host = environment["MASTER_ADDR"] ?? ""
        guard !host.isEmpty else {
            if try number("PMIX_RANK") != nil {
                self = .mpi(.openMPI)
                return
            }
            // Without an address, variables of Slurm are those of a script that runs one process.
            guard let count = try number("WORLD_SIZE"), count > 1,
                try number("RANK") != nil
            else {
                self = .alone
                return
            }
            throw .badLaunch(
                reason: "WORLD_SIZE is \(count), and MASTER_ADDR does not say where rank 0 is: set "
                    + "both, or neither")
        }
        guard let count = try number("WORLD_SIZE", "SLURM_NTASKS") else {
            throw .badLaunch(
                reason: "MASTER_ADDR is set, and WORLD_SIZE is not: it is the number of processes")
        }
        guard count > 1 else {
            self = .alone
            return
        }
        guard let rank = try number("RANK", "SLURM_PROCID", "JOB_COMPLETION_INDEX") else {
            throw .badLaunch(
                reason: "MASTER_ADDR is set, and RANK is not: it is the number of this process, "
                    + "from 0")
        }
        let port = try number("MASTER_PORT") ?? Self.standardPort
        guard (1...65_535).contains(port) else {
            throw .badLaunch(reason: "MASTER_PORT is \(port): a port is from 1 to 65535")
        }
        guard rank < count, count <= Rendezvous.mostRanks else {
            throw .badLaunch(
                reason: "rank \(rank) of \(count): ranks are counted from 0, and there are at most "
                    + "\(Rendezvous.mostRanks)")
        }
        self = .tcp(rank: rank, count: count, host: host, port: port)
    }

    /// Joins the group.
    ///
    /// - Parameters:
    ///   - library: the MPI library, where an MPI launcher has started the process; nil to look for
    ///     the launcher's.
    ///   - secret: what processes that talk over TCP prove themselves with.
    ///   - watchdogSeconds: how long nothing may come of a process that is waited for.
    ///   - lost: takes the rank of a process that has ended while this one exchanges nothing, and
    ///     may end this one; called on another thread.
    public func join(
        library: String? = nil, secret: () throws -> [UInt8], watchdogSeconds: Int,
        lost: @escaping @Sendable (_ rank: Int) -> Void = { _ in }
    ) throws -> any ProcessGroup {
        switch self {
        case .alone: SingleProcess()
        case .mpi(let kind):
            try MPIGroup(kind, path: library, watchdogSeconds: watchdogSeconds, lost: lost)
        case .tcp(let rank, let count, let host, let port):
            try TCPGroup(
                rank: rank, count: count, host: host, port: port, secret: secret(),
                watchdogSeconds: watchdogSeconds, lost: lost)
        }
    }
}
