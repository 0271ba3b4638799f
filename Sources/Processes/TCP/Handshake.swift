import Bytes

/// How two processes that have just connected find out that both know the secret, and who they are.
///
/// Each sends a random number, and proves by an HMAC over both numbers that it knows the secret,
/// which itself never travels. The one that was connected to proves it first. The messages have
/// fixed lengths, and a stranger has some seconds for them. What follows is not encrypted: a
/// network that others can write to needs a tunnel.
struct Handshake {
    /// Begins every connection; a change of what follows changes it.
    private static let magic = Array("QUERNP01".utf8)
    private static let nonceCount = 32
    /// Seconds that the other end has for it.
    static let seconds = 10

    let secret: [UInt8]

    /// Who connects: its rank, the number of ranks that it knows of, and the port that it listens
    /// at.
    struct Introduction: Equatable {
        var rank: Int
        var count: Int
        var port: Int

        fileprivate static let byteCount = 12

        fileprivate var bytes: [UInt8] {
            [rank, count, port].flatMap { value in
                (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
            }
        }

        fileprivate init(_ bytes: [UInt8]) {
            let values = (0..<3).map { index in
                (0..<4).reduce(0) { $0 | Int(bytes[4 * index + $1]) << (8 * $1) }
            }
            (rank, count, port) = (values[0], values[1], values[2])
        }

        init(rank: Int, count: Int, port: Int) {
            (self.rank, self.count, self.port) = (rank, count, port)
        }
    }

    /// Answer to an introduction.
    enum Answer: UInt8 {
        case welcome = 1
        /// Another process has this rank.
        case rankIsTaken = 2
        /// There are not so many ranks.
        case otherCount = 3
    }

    /// Introduces this process to the one that was connected to.
    ///
    /// - Throws: ``ProcessError/stranger(address:reason:)`` where the other does not know the
    ///   secret or does not want this process.
    func introduce(
        _ introduction: Introduction, on socket: TCPSocket, address: String
    ) throws(ProcessError) {
        let deadline = ContinuousClock.now + .seconds(Self.seconds)
        let own = Self.nonce()
        try socket.write(Self.magic + own, before: deadline, to: address)
        let answer = try socket.read(
            Self.magic.count + Self.nonceCount + SHA256.byteCount, before: deadline, of: address)
        guard Array(answer.prefix(Self.magic.count)) == Self.magic else {
            throw .stranger(address: address, reason: "it speaks another protocol")
        }
        let other = Array(answer[Self.magic.count..<Self.magic.count + Self.nonceCount])
        let proof = Array(answer.suffix(SHA256.byteCount))
        guard Self.isSame(proof, code("connected to", own, other)) else {
            throw .stranger(address: address, reason: "it has another secret")
        }
        try socket.write(
            introduction.bytes + code("connects", own, other + introduction.bytes),
            before: deadline, to: address)
        switch Answer(rawValue: try socket.read(1, before: deadline, of: address)[0]) {
        case .welcome: return
        case .rankIsTaken:
            throw .stranger(
                address: address,
                reason: "another process has come as rank \(introduction.rank); give each its own")
        case .otherCount:
            throw .stranger(
                address: address,
                reason: "it does not expect rank \(introduction.rank) of \(introduction.count)")
        case nil: throw .stranger(address: address, reason: "it speaks another protocol")
        }
    }

    /// Hears who has connected; nil for a stranger.
    ///
    /// - Parameter judge: says whether the process is wanted.
    func hear(
        _ socket: TCPSocket, judge: (Introduction) -> Answer
    ) -> Introduction? {
        let deadline = ContinuousClock.now + .seconds(Self.seconds)
        do throws(ProcessError) {
            let hello = try socket.read(
                Self.magic.count + Self.nonceCount, before: deadline, of: "")
            guard Array(hello.prefix(Self.magic.count)) == Self.magic else { return nil }
            let (own, other) = (Self.nonce(), Array(hello.suffix(Self.nonceCount)))
            try socket.write(
                Self.magic + own + code("connected to", other, own), before: deadline, to: "")
            let words = try socket.read(
                Introduction.byteCount + SHA256.byteCount, before: deadline, of: "")
            let bytes = Array(words.prefix(Introduction.byteCount))
            let proof = Array(words.suffix(SHA256.byteCount))
            guard Self.isSame(proof, code("connects", other, own + bytes)) else { return nil }
            let introduction = Introduction(bytes)
            let answer = judge(introduction)
            try socket.write([answer.rawValue], before: deadline, to: "")
            return answer == .welcome ? introduction : nil
        } catch {
            return nil
        }
    }

    private func code(_ role: String, _ first: [UInt8], _ second: [UInt8]) -> [UInt8] {
        SHA256.authenticationCode(of: Array(role.utf8) + first + second, key: secret)
    }

    private static func nonce() -> [UInt8] {
        var generator = SystemRandomNumberGenerator()
        return (0..<nonceCount).map { _ in UInt8.random(in: 0...255, using: &generator) }
    }

    /// Whether two codes are equal, in a time that does not tell where they differ.
    private static func isSame(_ first: [UInt8], _ second: [UInt8]) -> Bool {
        first.count == second.count && zip(first, second).reduce(0) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension TCPSocket {
    /// Sends all of `bytes`.
    func write(
        _ bytes: [UInt8], before deadline: ContinuousClock.Instant, to address: String
    ) throws(ProcessError) {
        var done = 0
        while done < bytes.count {
            let progress = unsafe bytes.withUnsafeBytes { all in
                unsafe send(UnsafeRawBufferPointer(rebasing: all[done...]))
            }
            switch progress {
            case .moved(let count): done += count
            case .closed: throw .notReached(address: address, reason: "it has hung up")
            case .blocked:
                guard try waits(for: Self.room, before: deadline) else {
                    throw .notReached(address: address, reason: "it does not listen")
                }
            }
        }
    }

    /// Receives exactly `count` bytes.
    func read(
        _ count: Int, before deadline: ContinuousClock.Instant, of address: String
    ) throws(ProcessError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            // The socket may still be one whose calls wait.
            guard try waits(for: Self.arrival, before: deadline) else {
                throw .notReached(address: address, reason: "it does not answer")
            }
            let progress = unsafe bytes.withUnsafeMutableBytes { all in
                unsafe receive(UnsafeMutableRawBufferPointer(rebasing: all[done...]))
            }
            switch progress {
            case .moved(let count): done += count
            case .closed: throw .notReached(address: address, reason: "it has hung up")
            case .blocked: break
            }
        }
        return bytes
    }
}
