#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Memory for buffers: large ones straight from the system.
///
/// Freed memory goes back at once, instead of staying with the allocator for smaller things; and
/// tables that are read at random get large pages: with those of 4 KiB, half of the time goes into
/// finding the pages.
@usableFromInline enum SystemMemory {
    /// The size of a large page. Buffers of this size and more come from the system.
    private static let pageByteCount = 2 << 20

    /// At least `byteCount` bytes on a cache line's boundary, of any content. Memory that is never
    /// written costs nothing.
    @usableFromInline static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
        guard byteCount >= pageByteCount else {
            return UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
        }
        // One page more, and what lies before and behind the first whole page is given back.
        let length = rounded(byteCount)
        let mapping = unsafe mmap(
            nil, length + pageByteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
        guard unsafe mapping != MAP_FAILED else {
            fatalError("the system has no \(byteCount) bytes of memory")
        }
        let memory = unsafe UnsafeMutableRawPointer(mapping!)
        let excess = Int(bitPattern: memory) & (pageByteCount - 1)
        let before = (pageByteCount - excess) & (pageByteCount - 1)
        if before > 0 { unsafe munmap(memory, before) }
        unsafe munmap(memory + before + length, pageByteCount - before)
        #if os(Linux)
            // Only advice: where there are no large pages, small ones do.
            _ = unsafe madvise(memory + before, length, MADV_HUGEPAGE)
        #endif
        return unsafe memory + before
    }

    /// As above, but zeros. O(`byteCount`) for small memory; large memory comes as zeros.
    @usableFromInline static func allocateZeros(byteCount: Int) -> UnsafeMutableRawPointer {
        let memory = unsafe allocate(byteCount: byteCount)
        if byteCount < pageByteCount {
            unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
        }
        return unsafe memory
    }

    /// Frees what ``allocate(byteCount:)`` gave for the same `byteCount`.
    @usableFromInline static func free(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
        if byteCount >= pageByteCount {
            unsafe munmap(memory, rounded(byteCount))
        } else {
            unsafe memory.deallocate()
        }
    }

    /// Up to whole pages, small ones.
    private static func rounded(_ byteCount: Int) -> Int { (byteCount + 0xFFFF) & ~0xFFFF }
}
