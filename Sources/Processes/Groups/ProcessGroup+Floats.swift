/// What processes do with large buffers of floats that all of them have.
extension ProcessGroup {
    /// Sums the buffers of all processes: afterwards the floats of this rank's ranges are sums, and
    /// the others are what they were.
    ///
    /// A float's sum is the binary tree over the ranks, ((0+1)+(2+3))+…, with the lower rank's part
    /// first in each addition. Ranks behind the last are nothing, and nothing is added for them.
    /// Every process sends each range to the process that it belongs to: as many bytes as the best
    /// ways of summing need. O(floats) time and traffic.
    ///
    /// - Parameters:
    ///   - floats: the parts, as many in each process.
    ///   - division: the ranges that each process gets.
    ///   - numbers: what travels. Where it is rounded, so is every part before it is added.
    public func sum(
        _ floats: inout MutableSpan<Float>, into division: Division,
        as numbers: WireNumbers = .float32
    ) throws(ProcessError) {
        precondition(division.ranges.count == count, "ranges for each process")
        guard count > 1 else { return }
        guard numbers == .float32 else { return try sumNarrow(&floats, into: division) }
        let (rank, count, others) = (rank, count, others)
        let rounds = division.ranges.map { Division.rounds(of: $0, among: count) }
        let room = rounds[rank].map(Division.floatCount).max() ?? 0
        // Written before it is read.
        var scratch = [Float](unsafeUninitializedCapacity: (count - 1) * room) {
            $1 = $0.count
        }
        try unsafe floats.withUnsafeMutableBufferPointer { (floats) throws(ProcessError) in
            try unsafe scratch.withUnsafeMutableBufferPointer { (scratch) throws(ProcessError) in
                for round in 0..<(rounds.map(\.count).max() ?? 0) {
                    let own = round < rounds[rank].count ? rounds[rank][round] : []
                    // Where the ranks' parts of each range are: this one's stands where it is.
                    var parts: [[UnsafeMutableBufferPointer<Float>]] = unsafe []
                    var start = 0
                    for range in own {
                        unsafe parts.append(
                            (0..<count).map { other in
                                guard other != rank else {
                                    return unsafe UnsafeMutableBufferPointer(
                                        rebasing: floats[range])
                                }
                                let place = (other < rank ? other : other - 1) * room + start
                                return unsafe UnsafeMutableBufferPointer(
                                    rebasing: scratch[place..<place + range.count])
                            })
                        start += range.count
                    }
                    try exchange(
                        sending: others.flatMap { other in
                            (round < rounds[other].count ? rounds[other][round] : []).map {
                                unsafe OutgoingMessage(
                                    to: other,
                                    UnsafeRawBufferPointer(
                                        UnsafeMutableBufferPointer(rebasing: floats[$0])))
                            }
                        },
                        receiving: unsafe parts.flatMap { parts in
                            others.map {
                                unsafe IncomingMessage(
                                    from: $0, UnsafeMutableRawBufferPointer(parts[$0]))
                            }
                        },
                        patience: .watched)
                    for number in own.indices {
                        unsafe Self.addTree(parts[number])
                        guard rank != 0 else { continue }
                        unsafe _ = parts[number][rank].update(fromContentsOf: parts[number][0])
                    }
                }
            }
        }
    }

    /// Adds buffers as a binary tree over their numbers; the sum ends in the first.
    static func addTree(_ parts: [UnsafeMutableBufferPointer<Float>]) {
        var distance = 1
        let (count, length) = unsafe (parts.count, parts[0].count)
        while distance < count {
            for place in stride(from: 0, to: count - distance, by: 2 * distance) {
                let (lower, upper) = unsafe (parts[place], parts[place + distance])
                for index in 0..<length { unsafe lower[index] += upper[index] }
            }
            distance *= 2
        }
    }

    /// Hands every process's ranges of a buffer to all others. O(floats) traffic.
    ///
    /// - Parameters:
    ///   - floats: a buffer of which each process has its own ranges; afterwards all have all.
    ///   - division: the ranges of each process.
    ///   - numbers: what travels. Where it is rounded, so is what a process has itself.
    public func share(
        _ floats: inout MutableSpan<Float>, of division: Division,
        as numbers: WireNumbers = .float32
    ) throws(ProcessError) {
        precondition(division.ranges.count == count, "ranges for each process")
        guard count > 1 else { return }
        guard numbers == .float32 else { return try shareNarrow(&floats, of: division) }
        let pieces = division.ranges.map { Division.pieces(of: $0, among: count) }
        try move(&floats) { from, _ in pieces[from] }
    }

    /// Moves floats to those who need them: between two divisions of one buffer.
    ///
    /// - Parameters:
    ///   - floats: the buffer, of which each process has its ranges of `owned`; afterwards it has
    ///     its ranges of `wanted` as well.
    ///   - owned: the ranges of each process now.
    ///   - wanted: the ranges that each process needs.
    public func move(
        _ floats: inout MutableSpan<Float>, from owned: Division, to wanted: Division
    ) throws(ProcessError) {
        precondition(
            owned.ranges.count == count && wanted.ranges.count == count, "ranges for each process")
        let pieces = (0..<count).map { from in
            (0..<count).map { to in
                Division.pieces(
                    of: owned.shared(by: from, with: to, in: wanted), among: count)
            }
        }
        try move(&floats) { pieces[$0][$1] }
    }

    /// Moves the pieces `pieces(from, to)` of every process to every other.
    private func move(
        _ floats: inout MutableSpan<Float>, pieces: (_ from: Int, _ to: Int) -> [Range<Int>]
    ) throws(ProcessError) {
        guard count > 1 else { return }
        let (rank, others) = (rank, others)
        try unsafe floats.withUnsafeMutableBufferPointer { (floats) throws(ProcessError) in
            func bytes(_ piece: Range<Int>) -> UnsafeMutableRawBufferPointer {
                unsafe UnsafeMutableRawBufferPointer(
                    UnsafeMutableBufferPointer(rebasing: floats[piece]))
            }
            try exchange(
                sending: others.flatMap { other in
                    pieces(rank, other).map {
                        unsafe OutgoingMessage(to: other, UnsafeRawBufferPointer(bytes($0)))
                    }
                },
                receiving: others.flatMap { other in
                    pieces(other, rank).map {
                        unsafe IncomingMessage(from: other, bytes($0))
                    }
                },
                patience: .watched)
        }
    }

    /// Sends floats to rank 0. The others meanwhile do nothing of the group.
    public func send(_ floats: Span<Float>) throws(ProcessError) {
        precondition(rank != 0, "rank 0 receives")
        try unsafe floats.withUnsafeBufferPointer { (floats) throws(ProcessError) in
            for piece in Division.pieces(of: [0..<floats.count], among: 2) {
                let bytes = unsafe UnsafeRawBufferPointer(
                    UnsafeBufferPointer(rebasing: floats[piece]))
                try exchange(
                    sending: [unsafe OutgoingMessage(to: 0, bytes)], receiving: [],
                    patience: .unlimited)
            }
        }
    }

    /// Receives, as rank 0, what another rank sends with ``send(_:)``, into a range of a buffer.
    public func receive(
        _ range: Range<Int>, of floats: inout MutableSpan<Float>, from rank: Int
    ) throws(ProcessError) {
        precondition(self.rank == 0 && rank != 0, "rank 0 receives")
        try unsafe floats.withUnsafeMutableBufferPointer { (floats) throws(ProcessError) in
            for piece in Division.pieces(of: [range], among: 2) {
                let bytes = unsafe UnsafeMutableRawBufferPointer(
                    UnsafeMutableBufferPointer(rebasing: floats[piece]))
                try exchange(
                    sending: [], receiving: [unsafe IncomingMessage(from: rank, bytes)],
                    patience: .watched)
            }
        }
    }
}
