/// A piece whose tokens are looked for.
struct MissingPiece: BitwiseCopyable {
    /// Where it starts in the text.
    var start = 0

    /// How many bytes it has.
    var length = 0

    /// Its key, or its hash if it is too long for one.
    var key = PieceKey.none

    var hasKey: Bool { length <= PieceKey.maximumLength }

    /// Its hash for the cache of long pieces.
    var longHash: UInt64 { hasKey ? key.hash : key.low }
}

/// Merges the bytes of pieces of up to 128 bytes into tokens: the earliest listed pair first, the
/// leftmost among equals.
///
/// Nearly all of the time goes into waiting for the table of merges, which is larger than the cache
/// near the core. So several pieces are merged at once, a step of each in turn: what a step will
/// need is asked for when the step before it ends, and the other pieces' steps fill the time.
struct PieceMerger: ~Copyable {
    /// The longest piece, in bytes.
    static let maximumLength = 128

    /// Pieces that are merged at once.
    private static let laneCount = 8

    private let byteTokens: BufferView<UInt32>
    private let merges: MergeTable.Lookup

    private let lanes = OwnedBuffer(repeating: Lane(), count: laneCount)

    /// For each lane the tokens at the places where they begin, and for each the merge with the next:
    /// its rank, and in the lowest bits the place, so that the least number is the next merge.
    private let laneTokens = OwnedBuffer<UInt32>(repeating: 0, count: laneCount * maximumLength)
    private let laneMerges = OwnedBuffer<Int32>(repeating: .max, count: laneCount * maximumLength)

    /// The tokens as a list: where the next and the one before begin.
    private let laneNext = OwnedBuffer<UInt8>(repeating: 0, count: laneCount * maximumLength)
    private let lanePrevious = OwnedBuffer<UInt8>(repeating: 0, count: laneCount * maximumLength)

    private let outputBuffer = OwnedBuffer<UInt32>(repeating: 0, count: maximumLength)

    /// The tokens of the piece that was handed out last.
    var output: BufferView<UInt32> { outputBuffer.view }

    /// How many pieces there are to merge, how many have been put into a lane, and how many lanes
    /// have one.
    private var count = 0
    private var begun = 0
    private var active = 0
    private var lane = 0

    struct Lane: BitwiseCopyable {
        var piece = MissingPiece()
        /// Where the last step merged; −1 before the first step.
        var place = -1
        /// Which part of the lanes' buffers belongs to it.
        var base = 0
    }

    init(_ vocabulary: Vocabulary) {
        byteTokens = vocabulary.tokens.byteTokens
        merges = vocabulary.merges.lookup
        for lane in 0..<Self.laneCount { lanes.view[lane].base = lane * Self.maximumLength }
    }

    /// Begins to merge `count` pieces, which ``next(in:_:)`` hands out.
    @inline(__always)
    mutating func begin(_ text: ByteView, _ pieces: BufferView<MissingPiece>, count: Int) {
        assert(active == 0, "pieces are being merged")
        self.count = count
        active = min(Self.laneCount, count)
        begun = active
        lane = 0
        for lane in 0..<active { begin(pieces[lane], in: lane, text) }
    }

    /// The next piece that is merged, in any order, and the number of its tokens, which are in
    /// ``output``; `nil` when there is none left.
    @inline(__always)
    mutating func next(
        in text: ByteView, _ pieces: BufferView<MissingPiece>
    ) -> (piece: MissingPiece, count: Int)? {
        let lanes = lanes.view
        while active > 0 {
            if lane >= active { lane = 0 }
            if step(lane) {
                lane &+= 1
                continue
            }
            let result = (lanes[lane].piece, collect(lane))
            if begun < count {
                begin(pieces[begun], in: lane, text)
                begun &+= 1
                lane &+= 1
            } else {
                active &-= 1
                let last = lanes[active]
                lanes[active] = lanes[lane]
                lanes[lane] = last
            }
            return result
        }
        return nil
    }

    /// Puts a piece into a lane, one byte a token.
    @inline(__always)
    private func begin(_ piece: MissingPiece, in lane: Int, _ text: ByteView) {
        let lanes = lanes.view
        let base = lanes[lane].base
        lanes[lane] = Lane(piece: piece, place: -1, base: base)
        let (tokens, next, previous) = (laneTokens.view, laneNext.view, lanePrevious.view)
        var before: UInt32 = 0
        for index in 0..<piece.length {
            let token = byteTokens[Int(text[piece.start &+ index])]
            tokens[base &+ index] = token
            next[base &+ index] = UInt8(truncatingIfNeeded: index &+ 1)
            previous[base &+ index] = UInt8(truncatingIfNeeded: index &- 1)
            if index > 0 { merges.prefetch(before, token) }
            before = token
        }
    }

    /// Merges one pair; false if none is left to merge.
    @inline(__always)
    private func step(_ lane: Int) -> Bool {
        let lanes = lanes.view
        let (tokens, values) = (laneTokens.view, laneMerges.view)
        let (next, previous) = (laneNext.view, lanePrevious.view)
        let base = lanes[lane].base
        let length = lanes[lane].piece.length
        let last = lanes[lane].place
        let padded = (length &+ 3) & ~3
        if last < 0 {
            for index in 0..<length &- 1 {
                values[base &+ index] = merge(
                    tokens[base &+ index], tokens[base &+ index &+ 1], at: index)
            }
            for index in length &- 1..<padded { values[base &+ index] = .max }
        } else {
            let token = tokens[base &+ last]
            let after = Int(next[base &+ last])
            values[base &+ last] =
                after < length ? merge(token, tokens[base &+ after], at: last) : .max
            if last > 0 {
                let before = Int(previous[base &+ last])
                values[base &+ before] = merge(tokens[base &+ before], token, at: before)
            }
        }
        // The least of all is found by looking at four at a time, which is quicker than keeping them
        // in order: there are only a few dozen.
        let best = values.minimum(from: base, count: padded)
        guard best != .max else { return false }
        let index = Int(best & 0x7F)
        let right = Int(next[base &+ index])
        let token = merges.result(of: UInt32(truncatingIfNeeded: best &>> 7))
        tokens[base &+ index] = token
        values[base &+ right] = .max
        let after = Int(next[base &+ right])
        next[base &+ index] = UInt8(truncatingIfNeeded: after)
        if after < length {
            previous[base &+ after] = UInt8(truncatingIfNeeded: index)
            merges.prefetch(token, tokens[base &+ after])
        }
        if index > 0 {
            merges.prefetch(tokens[base &+ Int(previous[base &+ index])], token)
        }
        lanes[lane].place = index
        return true
    }

    /// Copies the tokens of a lane to the output and returns how many there are.
    @inline(__always)
    private func collect(_ lane: Int) -> Int {
        let (tokens, next, output) = (laneTokens.view, laneNext.view, output)
        let base = lanes.view[lane].base
        let length = lanes.view[lane].piece.length
        var count = 0
        var index = 0
        while index < length {
            output[count] = tokens[base &+ index]
            count &+= 1
            index = Int(next[base &+ index])
        }
        return count
    }

    /// The rank of merging two tokens and, in the lowest seven bits, the place of the left one; the
    /// greatest number if they do not merge.
    @inline(__always)
    private func merge(_ left: UInt32, _ right: UInt32, at place: Int) -> Int32 {
        guard let rank = merges.rank(left, right) else { return .max }
        return Int32(truncatingIfNeeded: rank) &<< 7 | Int32(truncatingIfNeeded: place)
    }
}

extension BufferView<Int32> {
    /// The least of `count` elements, a multiple of four. O(count).
    @inline(__always)
    fileprivate func minimum(from start: Int, count: Int) -> Int32 {
        var least = four(at: start)
        var index = 4
        while index < count {
            let other = four(at: start &+ index)
            least.replace(with: other, where: other .< least)
            index &+= 4
        }
        return least.min()
    }

    @inline(__always)
    private func four(at index: Int) -> SIMD4<Int32> {
        assert(index >= 0 && index + 4 <= count, "index outside the buffer")
        return unsafe UnsafeRawPointer(base + index).load(as: SIMD4<Int32>.self)
    }
}
