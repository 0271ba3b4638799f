import Bytes
import CKernels

extension ByteView {
    /// Writes the classes of `count` bytes from `start` on, a bit for each, as `qk_byte_masks` says.
    @inline(__always)
    func classify(
        _ level: Int32, from start: Int, count: Int, into masks: BufferView<UInt64>, stride: Int
    ) {
        assert(start >= 0 && start + count <= self.count, "range outside the bytes")
        assert(
            (count + 63) / 64 <= stride && QK_BYTE_MASK_COUNT * stride <= masks.count,
            "too few masks")
        unsafe withBase { base in
            unsafe qk_byte_masks(level, count, base + start, masks.base, stride)
        }
    }

    /// Completes the masks by those of characters of several bytes, as `qk_character_masks` says.
    @inline(__always)
    func classifyCharacters(
        _ level: Int32, from start: Int, count: Int, _ classes: qk_character_classes,
        into masks: BufferView<UInt64>, stride: Int
    ) {
        assert(start >= 0 && start + count <= self.count, "range outside the bytes")
        assert(
            (count + 127) / 64 <= stride
                && QK_CHARACTER_MASK_COUNT * stride <= masks.count, "too few masks")
        unsafe withUnsafePointer(to: classes) { classes in
            unsafe withBase { base in
                unsafe qk_character_masks(
                    level, count, self.count - start, base + start, classes, masks.base, stride)
            }
        }
    }
}

extension BufferView<UInt32> {
    /// Writes the numbers of the bits that are set, each plus `offset`, from `index` on, where there is
    /// room for 64; those past the last bit are of no meaning.
    @inline(__always)
    func writeBitNumbers(_ level: Int32, of bits: UInt64, plus offset: UInt32, from index: Int) {
        assert(index >= 0 && index + 64 <= count, "index outside the buffer")
        unsafe qk_bit_numbers(level, bits, offset, base + index)
    }
}

extension BufferView {
    /// Asks for the element at `index`, which is about to be read.
    @inline(__always)
    package func prefetch(_ index: Int) {
        assert(index >= 0 && index < count, "index outside the buffer")
        unsafe qk_prefetch(base + index)
    }

    /// Asks for the element that many bytes from the beginning, which is about to be read.
    @inline(__always)
    func prefetch(byteOffset: UInt64) {
        unsafe qk_prefetch(UnsafeRawPointer(base) + Int(truncatingIfNeeded: byteOffset))
    }
}
