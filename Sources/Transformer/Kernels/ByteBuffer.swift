/// A fixed number of bytes in one allocation, aligned to a cache line, for weights of few bits.
@safe final class ByteBuffer: @unchecked Sendable {
    // Unchecked because it is written only by its maker, before others have it.
    let base: UnsafeMutablePointer<UInt8>
    let count: Int

    init(count: Int) {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 64)
        unsafe base = bytes.bindMemory(to: UInt8.self, capacity: max(count, 1))
        self.count = count
    }

    deinit { unsafe UnsafeMutableRawPointer(base).deallocate() }
}
