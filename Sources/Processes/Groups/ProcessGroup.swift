/// Several processes that do one piece of work together, as one of them sees it.
///
/// All of them call the same methods in the same order: each call is a step that they take
/// together. What a method returns depends on what the processes have, and neither on how fast they
/// are nor on the transport, so that a sum has the same bits everywhere.
///
/// The conformers are ``SingleProcess``, ``TCPGroup`` and ``MPIGroup``. A conformer moves messages;
/// sums, broadcasts and gathers are made of those here, once for all of them.
///
/// A class, because connections are shared by everything that works together. Its methods may be
/// called from any thread, by one at a time.
public protocol ProcessGroup: AnyObject {
    /// The number of this process, from 0.
    var rank: Int { get }
    /// The number of processes.
    var count: Int { get }
    /// By what messages travel, for a person.
    var transport: String { get }

    /// Sends and receives messages, all at the same time, and returns when all of them are through.
    ///
    /// Between two processes messages arrive in the order in which they are sent. The receiver
    /// knows how long a message is.
    ///
    /// - Parameters:
    ///   - sending: what goes to others; several messages to one in their order.
    ///   - receiving: where messages of others are put; several of one in their order.
    ///   - patience: how long to wait while nothing arrives.
    /// - Throws: ``ProcessError/ended(rank:)`` as soon as a process is known to have ended, and
    ///   ``ProcessError/stalled(ranks:seconds:)``.
    func exchange(
        sending: [OutgoingMessage], receiving: [IncomingMessage], patience: Patience
    ) throws(ProcessError)

    /// Leaves the others, all of which do the same: the work is done.
    func finish() throws(ProcessError)

    /// Leaves the others in the middle of the work, and lets those that can be reached know.
    ///
    /// - Parameter culprit: the rank that is the reason; nil for this one.
    func abandon(becauseOf culprit: Int?)
}

/// How long a process waits for others of its group while nothing arrives.
public enum Patience: Sendable {
    /// As long as the group's watchdog allows.
    case watched
    /// Without an end, for work that one process does while the others wait. That a process has
    /// ended, or its machine is lost, is noticed all the same.
    case unlimited
}

/// A message to another process. Its bytes stay as they are until it is through.
@safe public struct OutgoingMessage {
    /// The rank that it is for.
    public let rank: Int
    let bytes: UnsafeRawBufferPointer

    init(to rank: Int, _ bytes: UnsafeRawBufferPointer) {
        self.rank = rank
        unsafe self.bytes = bytes
    }
}

/// Room for a message of another process.
@safe public struct IncomingMessage {
    /// The rank that it is of.
    public let rank: Int
    let bytes: UnsafeMutableRawBufferPointer

    init(from rank: Int, _ bytes: UnsafeMutableRawBufferPointer) {
        self.rank = rank
        unsafe self.bytes = bytes
    }
}

/// One process alone: the group of everything that no launcher has started.
///
/// Every exchange is done before it begins, and nothing is copied.
public final class SingleProcess: ProcessGroup {
    /// A group of one.
    public init() {}

    /// The number of this process, from 0.
    public var rank: Int { 0 }
    /// The number of processes.
    public var count: Int { 1 }
    /// By what messages travel.
    public var transport: String { "one process" }

    /// Sends and receives messages, all at the same time.
    public func exchange(
        sending: [OutgoingMessage], receiving: [IncomingMessage], patience: Patience
    ) throws(ProcessError) {
        precondition(sending.isEmpty && receiving.isEmpty, "there is nobody to talk to")
    }

    /// Leaves the others, all of which do the same.
    public func finish() throws(ProcessError) {}
    /// Leaves the others in the middle of the work.
    public func abandon(becauseOf culprit: Int?) {}
}
