import CMPI

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Processes that an MPI launcher has started: `mpirun`, `mpiexec`, `srun`.
///
/// The library is looked for when the process runs, so that one program is for Open MPI and for
/// MPICH, and for machines that have neither. Every message is a send of bytes: what is summed, and
/// in which order, is not left to the library.
public final class MPIGroup: ProcessGroup {
    /// The number of this process, from 0.
    public let rank: Int
    /// The number of processes.
    public let count: Int
    /// By what messages travel.
    public let transport: String

    private let library: Library
    private let watchdogSeconds: Int
    /// Connections on which nothing is sent: they close when a process ends.
    private var sockets: [TCPSocket?] = []
    private var watch: LossWatch?
    /// Tag of all messages: between two processes they arrive in order.
    private static let tag: Int32 = 1

    /// A library that is loaded, and is never unloaded.
    @safe private struct Library {
        let pointer: OpaquePointer

        func check(_ code: Int32, _ call: String) throws(ProcessError) {
            guard code != 0 else { return }
            var text = [CChar](repeating: 0, count: 1024)
            unsafe cmpi_explain(pointer, code, &text, text.count)
            throw .library(call: call, reason: text.string)
        }
    }

    /// Kinds of libraries.
    public enum Kind: Sendable, CaseIterable {
        /// Open MPI.
        case openMPI
        /// MPICH, and what has its binary interface.
        case mpich

        /// Names of the library, as the loader knows them.
        var names: [String] {
            switch self {
            case .openMPI: ["libmpi.so.40", "libmpi.so.80"]
            case .mpich: ["libmpich.so.12", "libmpi.so.12"]
            }
        }
    }

    /// Joins the processes that a launcher has started.
    ///
    /// - Parameters:
    ///   - kind: the launcher's.
    ///   - path: the library; nil to look for one of that kind.
    ///   - watchdogSeconds: how long nothing may come of a process that is waited for.
    ///   - lost: takes the rank of a process that has ended, and may end this one; called on
    ///     another thread, and soon, for the launcher is about to end this process as well.
    /// - Throws: ``ProcessError/noLibrary(faults:)``, ``ProcessError/library(call:reason:)``.
    public init(
        _ kind: Kind, path: String? = nil, watchdogSeconds: Int,
        lost: (@Sendable (_ rank: Int) -> Void)? = nil
    ) throws(ProcessError) {
        var faults: [String] = []
        var found: OpaquePointer?
        for name in path.map({ [$0] }) ?? kind.names where unsafe found == nil {
            var fault = [CChar](repeating: 0, count: 512)
            unsafe found = cmpi_open(name, &fault, fault.count)
            if unsafe found == nil { faults.append(fault.string) }
        }
        guard let pointer = unsafe found else { throw .noLibrary(faults: faults) }
        let library = unsafe Library(pointer: pointer)
        var (rank, count): (Int32, Int32) = (0, 0)
        try library.check(unsafe cmpi_join(pointer, &rank, &count), "MPI_Init_thread")
        self.library = library
        self.watchdogSeconds = watchdogSeconds
        (self.rank, self.count) = (Int(rank), Int(count))
        transport = unsafe String(cString: cmpi_description(pointer))
        if count > 1, let lost { try beginWatch(lost) }
    }

    /// Connects all processes by TCP as well, where that can be done within some seconds: MPI does
    /// not say which process has ended, and not every launcher does.
    private func beginWatch(_ lost: @escaping @Sendable (Int) -> Void) throws(ProcessError) {
        var name = [CChar](repeating: 0, count: 256)
        unsafe gethostname(&name, name.count - 1)
        let names = try gather(Array(name.string.utf8))
        let isLocal = names.allSatisfy { $0 == names[0] }
        let host = isLocal ? "127.0.0.1" : String(decoding: names[0], as: UTF8.self)
        let listener = rank == 0 ? try? TCPSocket.listening(host: nil, port: 0) : nil
        var generator = SystemRandomNumberGenerator()
        let secret = (0..<32).map { _ in UInt8.random(in: 0...255, using: &generator) }
        // The library's way is as safe as the launcher made it, and tells all the secret.
        let port = listener?.port ?? 0
        let words = try broadcast([UInt8(port & 0xFF), UInt8(port >> 8)] + secret)
        guard words.count == 34, words[0] != 0 || words[1] != 0 else { return }
        let rendezvous = Rendezvous(
            rank: rank, count: count, host: host, port: Int(words[0]) | Int(words[1]) << 8,
            handshake: Handshake(secret: Array(words.dropFirst(2))), seconds: 5,
            listener: listener)
        let found = try? rendezvous.connect()
        // All watch, or none: half of the connections would tell of ends that are none.
        let ones = Array(repeating: 1, count: count)
        guard try share([found == nil ? 0 : 1], counts: ones).allSatisfy({ $0 == 1 }) else {
            return
        }
        sockets = found ?? []
        watch = LossWatch(sockets, graceMilliseconds: 0, report: lost)
    }

    deinit { watch?.end() }

    /// Sends and receives messages, all at the same time.
    public func exchange(
        sending: [OutgoingMessage], receiving: [IncomingMessage], patience: Patience
    ) throws(ProcessError) {
        let pointer = unsafe library.pointer
        var requests: [(rank: Int, request: cmpi_request)] = unsafe []
        // Receivers first, so that what arrives has its place.
        for message in receiving {
            unsafe requests.append((message.rank, cmpi_request()))
            let code = unsafe cmpi_receive(
                pointer, message.bytes.baseAddress, Int32(message.bytes.count),
                Int32(message.rank), Self.tag, &requests[requests.count - 1].request)
            try library.check(code, "MPI_Irecv")
        }
        for message in sending {
            unsafe requests.append((message.rank, cmpi_request()))
            let code = unsafe cmpi_send(
                pointer, message.bytes.baseAddress, Int32(message.bytes.count),
                Int32(message.rank), Self.tag, &requests[requests.count - 1].request)
            try library.check(code, "MPI_Isend")
        }
        var waiting = unsafe Array(requests.indices)
        var pace = Pace()
        while true {
            var stillWaiting: [Int] = []
            for index in waiting {
                var isDone: Int32 = 0
                let code = unsafe cmpi_test(pointer, &requests[index].request, &isDone)
                try library.check(code, "MPI_Test")
                if isDone == 0 { stillWaiting.append(index) }
            }
            if stillWaiting.isEmpty { return }
            if stillWaiting.count < waiting.count { pace = Pace() }
            waiting = stillWaiting
            if case .watched = patience, pace.seconds >= watchdogSeconds {
                let ranks = Set(waiting.map { unsafe requests[$0].rank }).sorted()
                throw .stalled(ranks: ranks, seconds: watchdogSeconds)
            }
            pace.rest()
        }
    }

    /// Leaves the others, all of which do the same.
    public func finish() throws(ProcessError) {
        watch?.end()
        try barrier()
        try library.check(unsafe cmpi_leave(library.pointer), "MPI_Finalize")
    }

    /// Does nothing: the launcher ends all others when this process ends with an error.
    public func abandon(becauseOf culprit: Int?) { watch?.end() }
}

/// The pace of looking whether something has come: often at first, then ever more rarely, so that
/// a process that shares its processor gives it to the one that it waits for.
private struct Pace {
    private let start = ContinuousClock.now
    private var turns = 0

    var seconds: Int { turns < 1_000 ? 0 : Int((ContinuousClock.now - start) / .seconds(1)) }

    mutating func rest() {
        turns += 1
        switch turns {
        case ..<200: break
        case ..<4_000: sched_yield()
        case ..<20_000: usleep(50)
        default: usleep(500)
        }
    }
}

extension [CChar] {
    /// The text up to the first zero.
    fileprivate var string: String {
        String(decoding: prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
