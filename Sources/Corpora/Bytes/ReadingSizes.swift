import Work

/// Sizes of reads, the number of threads, and the signal to stop. The documents do not depend on
/// them.
struct ReadingSizes: Sendable {
    /// Bytes of one read, and of what is searched for the ends of documents at once.
    var bufferByteCount = 256 << 10
    /// Decoded bytes that one thread hands to another at once. Few enough to be in the processor's
    /// cache still when they are taken.
    var blockByteCount = 256 << 10
    /// Blocks that are decoded ahead, for each thread that decodes.
    var blocksAhead = 16
    /// Compressed bytes that a thread takes at once, whole frames.
    var frameGroupByteCount = 256 << 10
    /// Frames of more compressed bytes are decoded by one thread, and what follows them too.
    var largestFrameByteCount = 32 << 20
    /// Compressed inputs of fewer bytes are decoded by the thread that needs them.
    var aheadFrom = 1 << 20
    /// Threads that decode; with 1, nothing is decoded ahead. A few are more than one reader can
    /// follow, and each takes memory.
    var threadCount = ReadingSizes.limit(ThreadTeam.processorCount)
    /// Ends the waiting for a pipe.
    var stop: StopSignal?

    /// As many of `threadCount` threads as are worth having.
    static func limit(_ threadCount: Int) -> Int { min(threadCount, 4) }
}
