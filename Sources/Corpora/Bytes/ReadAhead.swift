/// The decoded bytes of one compressed input, made on threads of their own before they are asked
/// for.
///
/// One thread decodes what is one frame or comes through a pipe; several decode groups of frames.
/// The bytes come out in their order, and memory is bounded: ``ReadingSizes/blocksAhead`` blocks
/// for each group under way, of which there are two more than threads.
struct ReadAhead: ~Copyable, Sendable {
    /// Bytes that were decoded together.
    struct Block: Sendable {
        var bytes: [UInt8]
        /// Number of bytes that count.
        var count = 0
        /// Stored bytes that were read for them.
        var storedByteCount = 0
    }

    private let decoding: AheadDecoding

    /// Decodes `source` on a thread.
    init(source: consuming ByteSource, path: String, sizes: ReadingSizes) {
        decoding = AheadDecoding(
            .stream(source), path: path, sizes: sizes, maximumWindowLog: 0, isExact: false)
        decoding.start()
    }

    /// Decodes the frames of a file on ``ReadingSizes/threadCount`` threads.
    init(
        groups: FrameGroups, path: String, sizes: ReadingSizes, maximumWindowLog: Int, isExact: Bool
    ) {
        decoding = AheadDecoding(
            .groups(groups), path: path, sizes: sizes, maximumWindowLog: maximumWindowLog,
            isExact: isExact)
        for _ in 0..<sizes.threadCount { decoding.start() }
    }

    // No wait for the thread: it may be in a read that never ends, as that of a pipe.
    deinit { decoding.stop() }

    /// The next bytes, at least one; nil at the end.
    func next() throws(CorpusError) -> Block? { try decoding.next() }

    /// Gives the memory of a block back.
    func reuse(_ block: consuming Block) { decoding.reuse(block.bytes) }
}
