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
    /// A multiple of the size of the small ones.
    private static let smallPageByteCount = 1 << 16

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
        unsafe preferLargePages(memory + before, byteCount: length)
        return unsafe memory + before
    }

    /// Asks for large pages where memory is as large as one and has not been written yet. Only
    /// advice: where there are none, small ones do.
    static func preferLargePages(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
        guard byteCount >= pageByteCount else { return }
        #if os(Linux)
            // The page in which other memory ends as well is left alone.
            let start = Int(bitPattern: memory)
            let first = (start + smallPageByteCount - 1) & ~(smallPageByteCount - 1)
            _ = unsafe madvise(
                memory + (first - start), byteCount - (first - start), MADV_HUGEPAGE)
        #endif
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
    private static func rounded(_ byteCount: Int) -> Int {
        (byteCount + smallPageByteCount - 1) & ~(smallPageByteCount - 1)
    }
}

extension [UInt8] {
    /// Makes room for at least `capacity` bytes in all, of which those that are not there yet lie
    /// in large pages where they are many: to fetch a page of 4 KiB for the first time takes longer
    /// than to fill it. O(count) where the bytes move.
    package mutating func reserveLargePages(_ capacity: Int) {
        guard self.capacity < capacity else { return }
        reserveCapacity(capacity)
        append(addingCapacity: self.capacity - count) { output in
            unsafe output.withUnsafeMutableBufferPointer { buffer, _ in
                guard let base = buffer.baseAddress else { return }
                unsafe SystemMemory.preferLargePages(base, byteCount: buffer.count)
            }
        }
    }
}
