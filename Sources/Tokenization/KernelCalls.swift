import Bytes
import CKernels

extension ByteView {
    /// Writes the classes of `count` bytes from `start` on, a bit for each, as `byte_masks` says.
    @inline(__always)
    func classify(
        _ level: Int32, from start: Int, count: Int, into masks: BufferView<UInt64>, stride: Int
    ) {
        assert(start >= 0 && start + count <= self.count, "range outside the bytes")
        assert(
            (count + 63) / 64 <= stride && QK_BYTE_MASK_COUNT * stride <= masks.count,
            "too few masks")
        unsafe withBase { base in
            unsafe qk_text(level).pointee.byte_masks(count, base + start, masks.base, stride)
        }
    }

    /// Completes the masks by those of characters of several bytes, as `character_masks` says.
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
                unsafe qk_text(level).pointee.character_masks(
                    count, self.count - start, base + start, classes, masks.base, stride)
            }
        }
    }

    /// The end of `'s|'t|'re|'ve|'m|'ll|'d`, or with `anyCase` of `(?i:'s|'t|'re|'ve|'m|'ll|'d)`;
    /// `start` if there is none.
    @inline(__always)
    func endOfContraction(from start: Int, anyCase: Bool) -> Int {
        guard start < count, self[start] == UInt8(ascii: "'") else { return start }
        return unsafe withBase { base in
            unsafe start + qk_contraction_length(base + start, count - start, anyCase ? 1 : 0)
        }
    }
}
