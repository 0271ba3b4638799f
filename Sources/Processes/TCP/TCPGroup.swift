/// Processes that talk over TCP, each with every other: for launchers without MPI, such as
/// torchrun, Kubernetes and a shell with ssh.
public final class TCPGroup: ProcessGroup {
    /// The number of this process, from 0.
    public let rank: Int
    /// The number of processes.
    public let count: Int
    /// By what messages travel.
    public var transport: String { "TCP" }

    private let peers: [Peer?]
    private let watchdogSeconds: Int
    private let watch: LossWatch
    /// Whether a process that has hung up has done so because everything is done.
    private var isFinishing = false

    /// The least bytes of a secret.
    static let leastSecretCount = 16

    /// Finds the other processes.
    ///
    /// - Parameters:
    ///   - rank: the number of this process.
    ///   - count: the number of processes.
    ///   - host: a name or address by which all of them know the machine of rank 0.
    ///   - port: a port there that is free.
    ///   - secret: what all of them know and nobody else; at least 16 bytes.
    ///   - watchdogSeconds: how long nothing may come of a process that is waited for, and how long
    ///     they may take to find each other.
    ///   - lost: takes the rank of a process that has ended while this one exchanges nothing for
    ///     two seconds, and may end this one; called on another thread.
    public init(
        rank: Int, count: Int, host: String, port: Int, secret: [UInt8], watchdogSeconds: Int,
        lost: @escaping @Sendable (_ rank: Int) -> Void = { _ in }
    ) throws(ProcessError) {
        guard (1...Rendezvous.mostRanks).contains(count), (0..<count).contains(rank) else {
            throw .badLaunch(
                reason: "rank \(rank) of \(count): ranks are counted from 0, and there are at most "
                    + "\(Rendezvous.mostRanks)")
        }
        guard secret.count >= Self.leastSecretCount else {
            throw .badSecret(
                reason: "the secret has \(secret.count) bytes, and \(Self.leastSecretCount) are "
                    + "the least: make one with `head -c 32 /dev/urandom | base64`")
        }
        self.rank = rank
        self.count = count
        self.watchdogSeconds = watchdogSeconds
        let sockets = try Rendezvous(
            rank: rank, count: count, host: host, port: port,
            handshake: Handshake(secret: secret), seconds: watchdogSeconds
        ).connect()
        watch = LossWatch(sockets, graceMilliseconds: 2_000, report: lost)
        peers = sockets.enumerated().map { rank, socket in socket.map { Peer(rank, $0) } }
    }

    deinit { watch.end() }

    /// Sends and receives messages, all at the same time.
    public func exchange(
        sending: [OutgoingMessage], receiving: [IncomingMessage], patience: Patience
    ) throws(ProcessError) {
        for message in sending { unsafe peers[message.rank]?.begin(sending: message.bytes) }
        for message in receiving { unsafe peers[message.rank]?.begin(receiving: message.bytes) }
        var waiting = peers.compactMap(\.self).filter { !$0.isDone }
        var last = ContinuousClock.now
        while true {
            var hasMoved = false
            for peer in waiting {
                switch try peer.move() {
                case .moved: hasMoved = true
                case .blocked: break
                case .closed: throw .ended(rank: culprit(seenAt: peer))
                }
            }
            waiting.removeAll { $0.isDone }
            if waiting.isEmpty { return }
            if hasMoved {
                last = .now
                continue
            }
            if try !wait(for: waiting), ContinuousClock.now - last >= .seconds(watchdogSeconds) {
                let ranks = stalled(waiting, patience)
                guard ranks.isEmpty else { throw .stalled(ranks: ranks, seconds: watchdogSeconds) }
            }
        }
    }

    /// The ranks that are not waited for any more. However long their work may take, what was sent
    /// to them reaches their machine, or that is lost: while something is on its way the system
    /// itself tries for a quarter of an hour.
    private func stalled(_ waiting: [Peer], _ patience: Patience) -> [Int] {
        switch patience {
        case .watched: waiting.map(\.rank).sorted()
        case .unlimited:
            peers.compactMap(\.self).filter { $0.socket.unacknowledgedByteCount > 0 }.map(\.rank)
        }
    }

    /// Waits up to a second for something to happen, and notices if any process has ended.
    private func wait(for waiting: [Peer]) throws(ProcessError) -> Bool {
        let all = isFinishing ? waiting : peers.compactMap(\.self)
        let events = try SocketEvents.wait(
            for: all.map { peer in
                (peer.socket, waiting.contains { $0 === peer } ? peer.wish : .hangUp)
            }, milliseconds: 1_000)
        guard !isFinishing else { return events.contains { $0 != .nothing } }
        for (peer, event) in zip(all, events) where event == .hungUp {
            // What it has sent before is read first, if this process waits for it.
            if let own = waiting.first(where: { $0 === peer }), !own.hasReceived { continue }
            throw .ended(rank: culprit(seenAt: peer))
        }
        return events.contains { $0 != .nothing }
    }

    /// The rank that is to blame when a connection ends: of all that have ended, one that has not
    /// said that it left because of another; or else the one that they named.
    private func culprit(seenAt peer: Peer) -> Int {
        var named: Int?
        let ended = [peer] + peers.compactMap(\.self).filter { $0 !== peer && $0.hasHungUp }
        for peer in ended {
            guard let reason = peer.farewell else { return peer.rank }
            named = named ?? (reason == rank ? nil : reason)
        }
        return named ?? peer.rank
    }

    /// Leaves the others, all of which do the same.
    public func finish() throws(ProcessError) {
        guard count > 1 else { return }
        isFinishing = true
        watch.end()
        try barrier()
        for peer in peers { peer?.socket.endSending() }
    }

    /// Leaves the others in the middle of the work.
    public func abandon(becauseOf culprit: Int?) {
        watch.end()
        for peer in peers { peer?.sayFarewell(becauseOf: culprit ?? rank) }
    }
}

/// Another process of a group, and what is on its way to it and from it.
@safe private final class Peer {
    let rank: Int
    let socket: TCPSocket

    /// Before each message: its number on its way and the bytes that follow.
    private static let headCount = 16
    /// In the place of the number of a message: the process leaves, because of the rank that
    /// follows.
    private static let farewellNumber = UInt64.max

    private var outHead = [UInt8](repeating: 0, count: Peer.headCount)
    private var outBytes = unsafe UnsafeRawBufferPointer(start: nil, count: 0)
    /// What is sent afterwards.
    private var outQueue: [UnsafeRawBufferPointer] = unsafe []
    private var outDone = 0
    private var outCount = 0

    private var inHead = [UInt8](repeating: 0, count: Peer.headCount)
    private var inBytes = unsafe UnsafeMutableRawBufferPointer(start: nil, count: 0)
    /// Where what is received afterwards is put.
    private var inQueue: [UnsafeMutableRawBufferPointer] = unsafe []
    private var inDone = 0
    private var inCount = 0
    /// Messages sent and received so far, by which those of different steps are told apart.
    private var (outNumber, inNumber): (UInt64, UInt64) = (0, 0)
    private var lastWords: Int?

    init(_ rank: Int, _ socket: TCPSocket) {
        self.rank = rank
        self.socket = socket
    }

    func begin(sending bytes: UnsafeRawBufferPointer) {
        unsafe outQueue.append(bytes)
        if outDone == outCount { beginNextOut() }
    }

    func begin(receiving bytes: UnsafeMutableRawBufferPointer) {
        unsafe inQueue.append(bytes)
        if inDone == inCount { beginNextIn() }
    }

    private func beginNextOut() {
        guard unsafe !outQueue.isEmpty else { return }
        let bytes = unsafe outQueue.removeFirst()
        outNumber += 1
        unsafe outBytes = bytes
        outHead = Self.words(outNumber, UInt64(bytes.count))
        (outDone, outCount) = (0, Self.headCount + bytes.count)
    }

    private func beginNextIn() {
        guard unsafe !inQueue.isEmpty else { return }
        let bytes = unsafe inQueue.removeFirst()
        inNumber += 1
        unsafe inBytes = bytes
        (inDone, inCount) = (0, Self.headCount + bytes.count)
    }

    /// Whether nothing is to be received of it any more.
    var hasReceived: Bool { inDone == inCount }
    /// Whether nothing is on its way.
    var isDone: Bool { outDone == outCount && hasReceived }

    /// What this process waits for.
    var wish: SocketEvents.Wish {
        .init(toSend: outDone < outCount, toReceive: inDone < inCount)
    }

    /// Moves what can be moved without waiting.
    func move() throws(ProcessError) -> TCPSocket.Progress {
        var total = 0
        while outDone < outCount {
            let progress =
                unsafe outDone < Self.headCount
                ? outHead.withUnsafeBytes { head in
                    unsafe socket.send(UnsafeRawBufferPointer(rebasing: head[outDone...]))
                }
                : unsafe socket.send(
                    UnsafeRawBufferPointer(rebasing: outBytes[(outDone - Self.headCount)...]))
            guard case .moved(let count) = progress else {
                if case .closed = progress { return .closed }
                break
            }
            outDone += count
            total += count
            if outDone == outCount { beginNextOut() }
        }
        while inDone < inCount {
            let isHead = inDone < Self.headCount
            let progress =
                unsafe isHead
                ? inHead.withUnsafeMutableBytes { head in
                    unsafe socket.receive(
                        UnsafeMutableRawBufferPointer(rebasing: head[inDone...]))
                }
                : unsafe socket.receive(
                    UnsafeMutableRawBufferPointer(
                        rebasing: inBytes[(inDone - Self.headCount)...]))
            guard case .moved(let count) = progress else {
                if case .closed = progress {
                    rememberTail()
                    return .closed
                }
                break
            }
            inDone += count
            total += count
            if isHead, inDone == Self.headCount, try !checkHead() { return .closed }
            if inDone == inCount { beginNextIn() }
        }
        return total > 0 ? .moved(total) : .blocked
    }

    /// Throws unless the message is the one that is waited for; false for a farewell.
    private func checkHead() throws(ProcessError) -> Bool {
        let (number, length) = Self.numbers(inHead)
        if number == Self.farewellNumber {
            lastWords = length < UInt64(Rendezvous.mostRanks) ? Int(length) : rank
            return false
        }
        guard number == inNumber, length == UInt64(inCount - Self.headCount) else {
            throw .outOfStep(rank: rank)
        }
        return true
    }

    // MARK: Ends

    /// Tells it, if there is room on the way, that this process leaves.
    func sayFarewell(becauseOf culprit: Int) {
        let words = Self.words(Self.farewellNumber, UInt64(culprit))
        _ = unsafe words.withUnsafeBytes { unsafe socket.send($0) }
        socket.endSending()
    }

    /// Whether it has closed its end.
    var hasHungUp: Bool {
        let events = try? SocketEvents.wait(for: [(socket, .hangUp)], milliseconds: 0)
        return events?.first == .hungUp
    }

    /// The rank because of which it has left, as it said before it did; nil where it said nothing.
    /// What else it has sent is read and forgotten, for its connection is of no more use.
    var farewell: Int? {
        if let lastWords { return lastWords }
        var tail: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        // A process that has ended has no more on its way than the system keeps.
        for _ in 0..<4_096 {
            let progress = unsafe buffer.withUnsafeMutableBytes { unsafe socket.receive($0) }
            guard case .moved(let count) = progress else { break }
            tail = (tail + buffer.prefix(count)).suffix(Self.headCount)
        }
        take(tail)
        return lastWords
    }

    /// Looks whether what was received last, in the middle of a message, was a farewell.
    private func rememberTail() {
        let filled = inDone - Self.headCount
        guard filled >= Self.headCount else { return }
        take((filled - Self.headCount..<filled).map { unsafe inBytes[$0] })
    }

    private func take(_ tail: [UInt8]) {
        guard tail.count == Self.headCount else { return }
        let (number, culprit) = Self.numbers(tail)
        if number == Self.farewellNumber, culprit < UInt64(Rendezvous.mostRanks) {
            lastWords = Int(culprit)
        }
    }

    private static func words(_ first: UInt64, _ second: UInt64) -> [UInt8] {
        [first, second].flatMap { word in
            (0..<8).map { UInt8(truncatingIfNeeded: word >> UInt64(8 * $0)) }
        }
    }

    private static func numbers(_ bytes: [UInt8]) -> (UInt64, UInt64) {
        func number(_ start: Int) -> UInt64 {
            (0..<8).reduce(0) { $0 | UInt64(bytes[start + $1]) << UInt64(8 * $1) }
        }
        return (number(0), number(8))
    }
}
