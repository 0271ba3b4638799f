/// What processes tell each other: short values, the same for all transports.
extension ProcessGroup {
    /// The ranks of the others.
    var others: [Int] { (0..<count).filter { $0 != rank } }

    /// Returns when all processes have called it.
    public func barrier(patience: Patience = .watched) throws(ProcessError) {
        _ = try share([], counts: Array(repeating: 0, count: count), patience: patience)
    }

    /// The numbers of all processes, one rank behind the other.
    ///
    /// - Parameters:
    ///   - values: this process's.
    ///   - counts: how many each process has.
    ///   - patience: how long to wait while nothing arrives.
    public func share(
        _ values: [Double], counts: [Int], patience: Patience = .watched
    ) throws(ProcessError) -> [Double] {
        precondition(
            counts.count == count && counts[rank] == values.count, "as many numbers as it says")
        guard count > 1 else { return values }
        var all = [Double](repeating: 0, count: counts.reduce(0, +))
        let starts = counts.reduce(into: [0]) { $0.append($0[$0.count - 1] + $1) }
        for (index, value) in values.enumerated() { all[starts[rank] + index] = value }
        let others = others
        var span = all.mutableSpan
        try unsafe span.withUnsafeMutableBytes { (bytes) throws(ProcessError) in
            func place(of rank: Int) -> UnsafeMutableRawBufferPointer {
                unsafe UnsafeMutableRawBufferPointer(
                    rebasing: bytes[8 * starts[rank]..<8 * starts[rank + 1]])
            }
            let own = unsafe UnsafeRawBufferPointer(place(of: rank))
            try exchange(
                sending: others.map { unsafe OutgoingMessage(to: $0, own) },
                receiving: others.map { unsafe IncomingMessage(from: $0, place(of: $0)) },
                patience: patience)
        }
        return all
    }

    /// The bytes of each process, by its rank.
    ///
    /// - Parameters:
    ///   - bytes: this process's.
    ///   - limit: the most bytes of one, so that a length that was damaged on its way is no reason
    ///     to allocate.
    ///   - patience: how long to wait while nothing arrives.
    public func gather(
        _ bytes: [UInt8], limit: Int = 1 << 26, patience: Patience = .watched
    ) throws(ProcessError) -> [[UInt8]] {
        precondition(bytes.count <= limit, "more bytes than the others take")
        let ones = Array(repeating: 1, count: count)
        let lengths = try share([Double(bytes.count)], counts: ones, patience: patience)
        for (rank, length) in lengths.enumerated()
        where !(0...Double(limit)).contains(length) || length != length.rounded() {
            throw .outOfStep(rank: rank)
        }
        let counts = lengths.map { (Int($0) + 7) / 8 }
        var words = [Double](repeating: 0, count: counts[rank])
        unsafe words.withUnsafeMutableBytes { target in
            for (index, byte) in bytes.enumerated() { unsafe target[index] = byte }
        }
        let all = try share(words, counts: counts, patience: patience)
        let everything = unsafe all.withUnsafeBytes { unsafe Array($0) }
        var start = 0
        return zip(lengths, counts).map { length, count in
            defer { start += 8 * count }
            return Array(everything[start..<start + Int(length)])
        }
    }

    /// The bytes that rank 0 has; what the others give is not looked at.
    public func broadcast(
        _ bytes: [UInt8], limit: Int = 1 << 26, patience: Patience = .watched
    ) throws(ProcessError) -> [UInt8] {
        try gather(rank == 0 ? bytes : [], limit: limit, patience: patience)[0]
    }
}
