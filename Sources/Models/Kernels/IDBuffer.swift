/// Token ids, or places of tokens, in one allocation, for kernels.
@safe final class IDBuffer {
    let base: UnsafeMutablePointer<Int32>
    let count: Int

    init(count: Int) {
        unsafe base = .allocate(capacity: max(count, 1))
        unsafe base.initialize(repeating: 0, count: max(count, 1))
        self.count = count
    }

    /// A copy of `ids`.
    convenience init(_ ids: [TokenID]) {
        self.init(count: ids.count)
        copy(from: ids.span)
    }

    /// A copy of `places`.
    convenience init(_ places: [Int32]) {
        self.init(count: places.count)
        copy(from: places.span)
    }

    deinit { unsafe base.deallocate() }

    subscript(index: Int) -> Int32 {
        get {
            precondition(index >= 0 && index < count, "index outside of ids")
            return unsafe base[index]
        }
        set {
            precondition(index >= 0 && index < count, "index outside of ids")
            unsafe base[index] = newValue
        }
    }

    /// All ids, for kernels.
    var all: IDSlice { slice(0..<count) }

    /// Copies ids in; `TokenID.ignored` becomes -1.
    func copy(from ids: Span<TokenID>) {
        precondition(ids.count <= count, "more ids than the buffer holds")
        for index in ids.indices { unsafe base[index] = Int32(bitPattern: ids[index].rawValue) }
    }

    func copy(from places: Span<Int32>) {
        precondition(places.count <= count, "more places than the buffer holds")
        for index in places.indices { unsafe base[index] = places[index] }
    }

    func slice(_ range: Range<Int>) -> IDSlice {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "range outside of ids")
        return unsafe IDSlice(base: base + range.lowerBound, count: range.count)
    }
}

/// A part of an ``IDBuffer``.
@safe struct IDSlice {
    let base: UnsafeMutablePointer<Int32>
    let count: Int

    init(base: UnsafeMutablePointer<Int32>, count: Int) {
        unsafe self.base = base
        self.count = count
    }

    func at(_ offset: Int, _ count: Int) -> IDSlice {
        precondition(offset >= 0 && count >= 0 && offset + count <= self.count, "outside of ids")
        return unsafe IDSlice(base: base + offset, count: count)
    }

    subscript(index: Int) -> Int32 {
        precondition(index >= 0 && index < count, "index outside of ids")
        return unsafe base[index]
    }
}
