import Bytes

/// Sums and copies of floats that travel as bfloat16.
extension ProcessGroup {
    /// As ``sum(_:into:as:)``, of numbers that are rounded before they are sent.
    ///
    /// A process rounds its own part as well, so that the sum does not depend on whose range it is.
    func sumNarrow(
        _ floats: inout MutableSpan<Float>, into division: Division
    ) throws(ProcessError) {
        let (rank, count, others) = (rank, count, others)
        let pieces = division.ranges.map { Division.pieces(of: $0, among: count) }
        let roundCount = pieces.map(\.count).max() ?? 0
        let room = pieces.joined().map(\.count).max() ?? 0
        var sums = [Float](repeating: 0, count: (count - 1) * room)
        var outgoing = [UInt16](repeating: 0, count: (count - 1) * room)
        var incoming = outgoing
        // The places of the others, one behind the other.
        func places(_ other: Int, _ length: Int) -> Range<Int> {
            let start = (other < rank ? other : other - 1) * room
            return start..<start + length
        }
        try unsafe floats.withUnsafeMutableBufferPointer { (floats) throws(ProcessError) in
            try unsafe sums.withUnsafeMutableBufferPointer { (sums) throws(ProcessError) in
                for round in 0..<roundCount {
                    let own = round < pieces[rank].count ? pieces[rank][round] : 0..<0
                    let wanted = others.filter { round < pieces[$0].count }
                    for other in wanted {
                        let piece = pieces[other][round]
                        for (index, place) in zip(piece, places(other, piece.count)) {
                            outgoing[place] = unsafe HalfPrecision.bfloat16(floats[index])
                        }
                    }
                    try exchangeNarrow(
                        sending: wanted.map { ($0, places($0, pieces[$0][round].count)) },
                        of: outgoing,
                        receiving: own.isEmpty ? [] : others.map { ($0, places($0, own.count)) },
                        into: &incoming)
                    guard !own.isEmpty else { continue }
                    for index in own {
                        unsafe floats[index] = HalfPrecision.float(
                            bfloat16: HalfPrecision.bfloat16(floats[index]))
                    }
                    for place in others.lazy.flatMap({ places($0, own.count) }) {
                        unsafe sums[place] = HalfPrecision.float(bfloat16: incoming[place])
                    }
                    let parts = unsafe (0..<count).map { other in
                        unsafe UnsafeMutableBufferPointer(
                            rebasing: other == rank
                                ? floats[own] : sums[places(other, own.count)])
                    }
                    unsafe Self.addTree(parts)
                    if rank != 0 { unsafe _ = parts[rank].update(fromContentsOf: parts[0]) }
                }
            }
        }
    }

    /// As ``share(_:of:as:)``, of numbers that are rounded, by their owner as well, so that all
    /// have the same.
    func shareNarrow(
        _ floats: inout MutableSpan<Float>, of division: Division
    ) throws(ProcessError) {
        let (rank, others) = (rank, others)
        let pieces = division.ranges.map { Division.pieces(of: $0, among: count) }
        let roundCount = pieces.map(\.count).max() ?? 0
        let room = pieces.joined().map(\.count).max() ?? 0
        var outgoing = [UInt16](repeating: 0, count: room)
        var incoming = [UInt16](repeating: 0, count: count * room)
        for round in 0..<roundCount {
            let own = round < pieces[rank].count ? pieces[rank][round] : 0..<0
            for (place, index) in own.enumerated() {
                outgoing[place] = HalfPrecision.bfloat16(floats[index])
                floats[index] = HalfPrecision.float(bfloat16: outgoing[place])
            }
            let given = others.filter { round < pieces[$0].count }
            try exchangeNarrow(
                sending: own.isEmpty ? [] : others.map { ($0, 0..<own.count) }, of: outgoing,
                receiving: given.map { ($0, $0 * room..<$0 * room + pieces[$0][round].count) },
                into: &incoming)
            for other in given {
                for (place, index) in pieces[other][round].enumerated() {
                    floats[index] = HalfPrecision.float(
                        bfloat16: incoming[other * room + place])
                }
            }
        }
    }

    /// Exchanges places of an array for places of another.
    private func exchangeNarrow(
        sending: [(rank: Int, places: Range<Int>)], of outgoing: [UInt16],
        receiving: [(rank: Int, places: Range<Int>)], into incoming: inout [UInt16]
    ) throws(ProcessError) {
        try unsafe outgoing.withUnsafeBufferPointer { (outgoing) throws(ProcessError) in
            try unsafe incoming.withUnsafeMutableBufferPointer { (incoming) throws(ProcessError) in
                try exchange(
                    sending: sending.map { rank, places in
                        unsafe OutgoingMessage(
                            to: rank,
                            UnsafeRawBufferPointer(
                                UnsafeBufferPointer(rebasing: outgoing[places])))
                    },
                    receiving: receiving.map { rank, places in
                        unsafe IncomingMessage(
                            from: rank,
                            UnsafeMutableRawBufferPointer(
                                UnsafeMutableBufferPointer(rebasing: incoming[places])))
                    },
                    patience: .watched)
            }
        }
    }
}
