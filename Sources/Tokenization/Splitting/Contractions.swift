import Bytes

extension ByteView {
    /// The end of `'s|'t|'re|'ve|'m|'ll|'d`, or `start` if there is none.
    @inline(__always)
    func endOfLowercaseContraction(from start: Int) -> Int {
        guard start + 1 < count, self[start] == UInt8(ascii: "'") else { return start }
        switch self[start + 1] {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            guard start + 2 < count else { return start }
            return self[start + 2] == UInt8(ascii: "e") ? start + 3 : start
        case UInt8(ascii: "l"):
            guard start + 2 < count else { return start }
            return self[start + 2] == UInt8(ascii: "l") ? start + 3 : start
        default:
            return start
        }
    }

    /// The end of `(?i:'s|'t|'re|'ve|'m|'ll|'d)`, or `start` if there is none.
    ///
    /// U+017F, the long s, folds to s; nothing else folds to one of these letters.
    @inline(__always)
    func endOfContraction(from start: Int) -> Int {
        guard start + 1 < count, self[start] == UInt8(ascii: "'") else { return start }
        // Setting the bit also folds control characters, never onto these letters.
        switch self[start + 1] | 0x20 {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return start + 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            guard start + 2 < count else { return start }
            return self[start + 2] | 0x20 == UInt8(ascii: "e") ? start + 3 : start
        case UInt8(ascii: "l"):
            guard start + 2 < count else { return start }
            return self[start + 2] | 0x20 == UInt8(ascii: "l") ? start + 3 : start
        default:
            guard start + 2 < count, self[start + 1] == 0xC5, self[start + 2] == 0xBF else {
                return start
            }
            return start + 3
        }
    }
}
