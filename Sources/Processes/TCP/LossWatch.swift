import Synchronization
import Work

/// A thread that notices when another process of a group ends, also while this one computes and
/// waits for nobody.
///
/// The system closes the connections of a process that ends, however it ends.
final class LossWatch: Sendable {
    private let isOver = Atomic(false)

    /// Watches from now on.
    ///
    /// - Parameters:
    ///   - sockets: a connection to each other process, by rank.
    ///   - graceMilliseconds: how long the thread that exchanges messages is left to notice it
    ///     first, since it knows more of the reason.
    ///   - report: takes the rank that has ended; called once, on a thread of the watch.
    init(
        _ sockets: [TCPSocket?], graceMilliseconds: Int,
        report: @escaping @Sendable (_ rank: Int) -> Void
    ) {
        let watched = sockets.enumerated().compactMap { rank, socket in
            socket.map { (rank: rank, socket: $0) }
        }
        guard !watched.isEmpty else { return }
        WorkerThread.start(named: "quern watch") { [self] in
            while !isOver.load(ordering: .acquiring) {
                guard
                    let events = try? SocketEvents.wait(
                        for: watched.map { ($0.socket, .hangUp) }, milliseconds: 500)
                else { return }
                guard let index = events.firstIndex(of: .hungUp) else { continue }
                for _ in stride(from: 0, to: graceMilliseconds, by: 20) {
                    if isOver.load(ordering: .acquiring) { return }
                    pause(milliseconds: 20)
                }
                if !isOver.load(ordering: .acquiring) { report(watched[index].rank) }
                return
            }
        }
    }

    /// Ends the watch: the others may leave from now on.
    func end() { isOver.store(true, ordering: .releasing) }
}
