import Foundation
import Processes
import Synchronization
import Work

/// Groups of TCP between threads of this process, each with what its rank returns or throws.
enum LoopbackGroups {
    static let secret = Array("a secret of the tests".utf8)

    /// A port that was free a moment ago.
    static func freePort() throws -> Int {
        // Below those that the system gives to whoever asks for any: nobody else takes it.
        for _ in 0..<1_000 {
            let port = 20_000 + nextPort.wrappingAdd(1, ordering: .relaxed).oldValue % 12_000
            let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(number) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            address.sin_port = UInt16(port).bigEndian
            let isFree = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isFree { return port }
        }
        throw CocoaError(.fileNoSuchFile)
    }

    private static let nextPort = Atomic(Int(getpid()) * 61 % 12_000)

    /// Runs `body` as each of `count` ranks at once, and returns what became of it by rank.
    static func run<Value: Sendable>(
        _ count: Int, watchdogSeconds: Int = 60, port: Int? = nil,
        secretOf: @escaping @Sendable (Int) -> [UInt8] = { _ in secret },
        _ body: @escaping @Sendable (any ProcessGroup) throws -> Value
    ) throws -> [Result<Value, any Error>] {
        let port = try port ?? freePort()
        let results = Monitor<[Int: Result<Value, any Error>]>([:])
        for rank in 0..<count {
            WorkerThread.start(named: "rank \(rank)") {
                let result = Result<Value, any Error> {
                    let group = try TCPGroup(
                        rank: rank, count: count, host: "127.0.0.1", port: port,
                        secret: secretOf(rank), watchdogSeconds: watchdogSeconds)
                    do {
                        let value = try body(group)
                        try group.finish()
                        return value
                    } catch {
                        group.abandon(becauseOf: (error as? ProcessError)?.culprit)
                        throw error
                    }
                }
                results.withLock { $0[rank] = result }
                results.notifyAll()
            }
        }
        let all = results.wait { $0.count == count ? $0 : nil }
        return (0..<count).map { all[$0]! }
    }
}
