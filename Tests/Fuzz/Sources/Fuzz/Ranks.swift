import Bytes
import Foundation
import Processes

#if canImport(Glibc)
    import Glibc
#endif

extension Reader {
    /// The reader of what another rank sends over TCP. The first byte says whether the others come
    /// before the two know each other, or after.
    static let ranks = Reader.bytes("ranks", "ranks") { bytes in
        guard let kind = bytes.first else { return }
        let peer = try FirstRank(isKnown: kind % 2 == 1, sending: Array(bytes.dropFirst()))
        defer { peer.finish() }
        let group = try TCPGroup(
            rank: 1, count: 2, host: "127.0.0.1", port: peer.port, secret: FirstRank.secret,
            watchdogSeconds: 1)
        defer { group.abandon(becauseOf: nil) }
        let count = 9
        let halves = Division([[0..<4], [4..<count]])
        let shared = try group.share([1], counts: [2, 1])
        precondition(shared.count == 3)
        let texts = try group.gather(Array("text".utf8), limit: 1 << 10)
        precondition(texts.count == 2 && texts[0].count <= 1 << 10)
        var floats = [Float](repeating: 1, count: count)
        var span = floats.mutableSpan
        try group.sum(&span, into: halves)
        try group.share(&span, of: halves)
        try group.sum(&span, into: halves, as: .bfloat16)
        try group.share(&span, of: halves, as: .bfloat16)
        try group.finish()
    }
}

/// Rank 0 of two, which sends what it is told to and hears nothing.
private final class FirstRank: Sendable {
    static let secret = Array("a secret of the trials".utf8)
    private static let magic = Array("QUERNP01".utf8)

    /// Where it listens.
    let port: Int
    private let listener: Int32
    private let end = DispatchSemaphore(value: 0)

    /// A rank that sends `bytes` to whoever connects: first of all, or once they know each other.
    init(isKnown: Bool, sending bytes: [UInt8]) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = unsafe inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let (number, size) = (listener, length)
        let isListening = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe bind(number, $0, size) == 0 && listen(number, 1) == 0
                    && getsockname(number, $0, &length) == 0
            }
        }
        precondition(isListening, "no port is free")
        port = Int(UInt16(bigEndian: address.sin_port))
        let end = end
        Thread.detachNewThread {
            Self.serve(number, isKnown: isKnown, bytes)
            end.signal()
        }
    }

    /// Waits until the connection is closed.
    func finish() {
        end.wait()
        close(listener)
    }

    private static func serve(_ listener: Int32, isKnown: Bool, _ bytes: [UInt8]) {
        let connection = accept(listener, nil, nil)
        guard connection >= 0 else { return }
        defer { close(connection) }
        let hello = receive(connection, magic.count + 32)
        guard hello.count == magic.count + 32 else { return }
        if isKnown {
            let (theirs, own) = (Array(hello.suffix(32)), [UInt8](repeating: 7, count: 32))
            let proof = SHA256.authenticationCode(
                of: Array("connected to".utf8) + theirs + own, key: secret)
            send(connection, magic + own + proof)
            _ = receive(connection, 12 + SHA256.byteCount)
            // Welcome, and nobody else to connect to.
            send(connection, [1] + [UInt8](repeating: 0, count: 2 * 68))
        }
        send(connection, bytes)
        shutdown(connection, Int32(SHUT_WR))
        // What the other side sends is taken until it hangs up.
        while !receive(connection, 1 << 12).isEmpty {}
    }

    private static func send(_ connection: Int32, _ bytes: [UInt8]) {
        var done = 0
        while done < bytes.count {
            let count = unsafe bytes.withUnsafeBytes {
                unsafe Glibc.send(
                    connection, $0.baseAddress! + done, bytes.count - done,
                    Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            done += count
        }
    }

    private static func receive(_ connection: Int32, _ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let taken = unsafe bytes.withUnsafeMutableBytes {
                unsafe recv(connection, $0.baseAddress! + done, count - done, 0)
            }
            guard taken > 0 else { break }
            done += taken
        }
        return Array(bytes.prefix(done))
    }
}
