#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

extension ByteView {
    /// The first place of `byte` at or after `start`; the end of the bytes if there is none.
    /// O(distance), many bytes at a time.
    func firstIndex(of byte: UInt8, from start: Int) -> Int {
        unsafe withBase { base in
            guard start < count,
                let found = unsafe memchr(base + start, Int32(byte), count - start)
            else { return count }
            return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(base)
        }
    }
}
