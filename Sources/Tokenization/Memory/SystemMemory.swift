#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Memory for buffers: large ones straight from the system.
///
/// What is freed goes back at once, instead of staying with the allocator for smaller things; and the
/// tables that are read all over get the large pages that the processor finds quickly.
enum SystemMemory {
    /// From here on memory comes from the system.
    private static let largeByteCount = 2 << 20

    /// At least `byteCount` bytes on a cache line's boundary, of any content.
    static func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
        guard byteCount >= largeByteCount else {
            return UnsafeMutableRawPointer.allocate(byteCount: byteCount, alignment: 64)
        }
        let memory = unsafe mmap(
            nil, byteCount, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANON, -1, 0)
        guard let memory = unsafe memory, unsafe memory != MAP_FAILED else {
            fatalError("the system has no \(byteCount) bytes of memory")
        }
        #if os(Linux)
            // Only advice: where there are no large pages, small ones do.
            _ = unsafe madvise(memory, byteCount, MADV_HUGEPAGE)
        #endif
        return unsafe memory
    }

    /// Frees what ``allocate(byteCount:)`` gave for the same `byteCount`.
    static func free(_ memory: UnsafeMutableRawPointer, byteCount: Int) {
        if byteCount >= largeByteCount {
            unsafe munmap(memory, byteCount)
        } else {
            unsafe memory.deallocate()
        }
    }
}
