import Synchronization

/// Asks work to stop at the next good place. Any thread may ask.
public final class StopSignal: Sendable {
    private let flag = Atomic<Bool>(false)

    /// A signal that was not given yet.
    public init() {}

    /// Whether the work is asked to stop.
    public var isRequested: Bool { flag.load(ordering: .relaxed) }

    /// Asks the work to stop.
    public func request() { flag.store(true, ordering: .relaxed) }
}
