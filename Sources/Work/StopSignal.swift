import Synchronization

/// Asks work to stop at the next good place. Any thread may ask.
public final class StopSignal: Sendable {
    private let flag = Atomic<Bool>(false)

    /// Nobody has asked yet.
    public init() {}

    /// Whether somebody has asked.
    public var isRequested: Bool { flag.load(ordering: .relaxed) }

    /// Asks.
    public func request() { flag.store(true, ordering: .relaxed) }
}
