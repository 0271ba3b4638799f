/// A head's keys or values, in the numbers that its cache has.
enum CacheSlice {
    case float32(FloatSlice)
    case float16(HalfSlice)

    var count: Int {
        switch self {
        case .float32(let slice): slice.count
        case .float16(let slice): slice.count
        }
    }

    /// The numbers in `range` of this slice.
    subscript(range: Range<Int>) -> CacheSlice {
        switch self {
        case .float32(let slice): .float32(slice[range])
        case .float16(let slice): .float16(slice[range])
        }
    }

    /// `count` numbers from `offset`.
    func at(_ offset: Int, _ count: Int) -> CacheSlice { self[offset..<offset + count] }

    /// Copies all of `other`, which has the same count and format. O(count).
    func copy(from other: CacheSlice) {
        switch (self, other) {
        case (.float32(let slice), .float32(let other)): slice.copy(from: other)
        case (.float16(let slice), .float16(let other)): slice.copy(from: other)
        default: preconditionFailure("caches of different numbers")
        }
    }
}

/// The allocation of a cache, in its format.
enum CacheBuffer {
    case float32(FloatBuffer)
    case float16(HalfBuffer)

    /// `count` zeros.
    init(_ format: CacheFormat, count: Int) {
        switch format {
        case .float32: self = .float32(FloatBuffer(count: count))
        case .float16: self = .float16(HalfBuffer(count: count))
        }
    }

    var format: CacheFormat {
        switch self {
        case .float32: .float32
        case .float16: .float16
        }
    }

    var count: Int {
        switch self {
        case .float32(let buffer): buffer.count
        case .float16(let buffer): buffer.count
        }
    }

    /// The numbers in `range`.
    func slice(_ range: Range<Int>) -> CacheSlice {
        switch self {
        case .float32(let buffer): .float32(buffer.slice(range))
        case .float16(let buffer): .float16(buffer.slice(range))
        }
    }
}
