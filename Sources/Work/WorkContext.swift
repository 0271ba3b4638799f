import Synchronization

/// The circumstances of a piece of long work: its threads, the signal that stops it, and where its
/// events go.
///
/// They travel as one value from the caller through everything that works for it.
///
/// ```swift
/// let work = WorkContext<String>(threadCount: 4) { print($0) }
/// work.report("counting")
/// ```
public struct WorkContext<Event> {
    /// Threads to use. Results do not depend on it.
    public var threadCount: Int
    /// Asks for an end before the work is done.
    public var stop: StopSignal
    /// Takes each event, on the thread on which the work was called.
    public var report: (Event) -> Void

    /// A context; without arguments, of work that uses every processor, is not stopped and reports
    /// to no one.
    public init(
        threadCount: Int = ThreadTeam.processorCount, stop: StopSignal = StopSignal(),
        report: @escaping (Event) -> Void = { _ in }
    ) {
        self.threadCount = threadCount
        self.stop = stop
        self.report = report
    }

    /// The same circumstances for a part of the work, whose events become some of this one's.
    ///
    /// - Parameter wrap: makes an event of the whole from one of the part.
    public func wrapping<Part>(_ wrap: @escaping (Part) -> Event) -> WorkContext<Part> {
        WorkContext<Part>(threadCount: threadCount, stop: stop) { [report] in report(wrap($0)) }
    }
}

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
