/// How the processes of a group find each other: all connect to rank 0, which tells each where the
/// others listen, and then each of them to those of lower ranks.
struct Rendezvous {
    let rank: Int
    let count: Int
    /// Where rank 0 listens.
    let host: String
    let port: Int
    let handshake: Handshake
    let seconds: Int
    /// Where rank 0 listens already; nil to begin it at ``port``.
    var listener: TCPSocket?

    /// The most ranks: each has a connection to every other.
    static let mostRanks = 1_024
    /// Bytes of an address as numbers, of which the longest is one of IPv6 with its zone.
    private static let hostByteCount = 64

    /// Connects this process to all others.
    ///
    /// - Returns: the connections by rank; nil in the place of this one.
    func connect() throws(ProcessError) -> [TCPSocket?] {
        var sockets = [TCPSocket?](repeating: nil, count: count)
        let deadline = ContinuousClock.now + .seconds(seconds)
        guard rank > 0 else {
            // A process that is called by a name of this machine alone needs no other.
            let isLocal = ["127.0.0.1", "localhost", "::1"].contains(host)
            let own = isLocal ? host : nil
            let listener: TCPSocket
            if let made = self.listener {
                listener = made
            } else {
                listener = try TCPSocket.listening(host: own, port: port)
            }
            let ports = try accept(&sockets, from: 1..<count, at: listener, before: deadline)
            let table = try table(of: sockets, ports)
            for (other, socket) in sockets.enumerated() {
                try socket?.write(table, before: deadline, to: "rank \(other)")
            }
            sockets.forEach { $0?.prepareForMessages() }
            return sockets
        }
        let listener = try TCPSocket.listening(host: nil, port: 0)
        guard let ownPort = listener.port else {
            throw .system(call: "getsockname", reason: TCPSocket.systemReason)
        }
        let introduction = Handshake.Introduction(rank: rank, count: count, port: ownPort)
        let first = try reach(host, port, before: deadline)
        try handshake.introduce(introduction, on: first, address: "\(host):\(port)")
        sockets[0] = first
        let entryCount = Self.hostByteCount + 4
        let table = try first.read(count * entryCount, before: deadline, of: "rank 0")
        for lower in 1..<max(rank, 1) {
            let entry = Array(table[lower * entryCount..<(lower + 1) * entryCount])
            let text = String(
                decoding: entry.prefix(Self.hostByteCount).prefix { $0 != 0 }, as: UTF8.self)
            let port = (0..<4).reduce(0) { $0 | Int(entry[Self.hostByteCount + $1]) << (8 * $1) }
            let socket = try reach(text, port & 0xFFFF, before: deadline)
            try handshake.introduce(introduction, on: socket, address: "rank \(lower)")
            sockets[lower] = socket
        }
        _ = try accept(&sockets, from: rank + 1..<count, at: listener, before: deadline)
        sockets.forEach { $0?.prepareForMessages() }
        return sockets
    }

    /// Connects to a process that may not listen yet, or whose name may not be known yet.
    private func reach(
        _ host: String, _ port: Int, before deadline: ContinuousClock.Instant
    ) throws(ProcessError) -> TCPSocket {
        while true {
            do throws(ProcessError) {
                return try TCPSocket.connecting(host: host, port: port)
            } catch {
                guard ContinuousClock.now < deadline else { throw error }
            }
            pause(milliseconds: 100)
        }
    }

    /// Waits for processes of ranks in `wanted`, and keeps their connections.
    ///
    /// - Returns: the ports that they listen at, by rank.
    private func accept(
        _ sockets: inout [TCPSocket?], from wanted: Range<Int>, at listener: TCPSocket,
        before deadline: ContinuousClock.Instant
    ) throws(ProcessError) -> [Int] {
        var ports = [Int](repeating: 0, count: count)
        while true {
            let missing = wanted.filter { sockets[$0] == nil }
            if missing.isEmpty { return ports }
            guard let socket = try listener.accept(before: deadline) else {
                throw .missing(ranks: missing, seconds: seconds)
            }
            let known = sockets
            let introduction = handshake.hear(socket) { introduction in
                guard introduction.count == count, wanted.contains(introduction.rank) else {
                    return .otherCount
                }
                return known[introduction.rank] == nil ? .welcome : .rankIsTaken
            }
            guard let introduction else { continue }
            sockets[introduction.rank] = socket
            ports[introduction.rank] = introduction.port
        }
    }

    /// Addresses of all processes: for each so many bytes of its host, and four of its port.
    private func table(of sockets: [TCPSocket?], _ ports: [Int]) throws(ProcessError) -> [UInt8] {
        var table: [UInt8] = []
        for (socket, port) in zip(sockets, ports) {
            var host = Array((socket?.peerHost ?? "").utf8)
            guard host.count < Self.hostByteCount else {
                throw .system(call: "getpeername", reason: "the address is too long")
            }
            host += [UInt8](repeating: 0, count: Self.hostByteCount - host.count)
            table += host + (0..<4).map { UInt8(truncatingIfNeeded: port >> (8 * $0)) }
        }
        return table
    }
}
