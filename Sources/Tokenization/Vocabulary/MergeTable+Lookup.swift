import Bytes
import CKernels

extension MergeTable {
    /// The way from a pair to its rank, and from the bytes of pieces to their tokens; valid as long
    /// as the table lives.
    @safe package struct Lookup {
        private let merges: qk_merges

        init(
            _ slots: BufferView<UInt64>, pilots: BufferView<UInt8>, multiplier: UInt64,
            results: BufferView<UInt32>, offset: UInt32?, byteTokens: BufferView<UInt32>,
            bytePairs: BufferView<Int32>
        ) {
            unsafe merges = qk_merges(
                slots: slots.base, slot_shift: UInt64(slots.count.leadingZeroBitCount + 1),
                pilots: pilots.base, pilot_shift: UInt64(pilots.count.leadingZeroBitCount + 1),
                multiplier: multiplier, results: offset == nil ? results.base : nil,
                offset: offset ?? 0, byte_tokens: byteTokens.base, byte_pairs: bytePairs.base)
        }

        /// The token that the merge of a rank makes.
        @inline(__always)
        package func result(of rank: UInt32) -> UInt32 {
            if let results = unsafe merges.results { return unsafe results[Int(rank)] }
            return unsafe rank &+ merges.offset
        }

        /// The rank of the pair; `nil` if it does not merge.
        @inline(__always)
        package func rank(_ left: UInt32, _ right: UInt32) -> UInt32? {
            let key = MergePair(left: left, right: right).key
            let slot = unsafe withUnsafePointer(to: merges) { merges in
                unsafe merges.pointee.slots[Int(qk_merge_slot(merges, key))]
            }
            return slot &>> 22 == key ? UInt32(truncatingIfNeeded: slot) & 0x3F_FFFF : nil
        }

        /// Merges `count` pieces of `text`, which become tokens in `ids` at the places that each
        /// names, and their numbers in the pieces. O(bytes squared) a piece, of at most 128.
        @inline(__always)
        func merge(
            _ level: Int32, _ text: ByteView, _ pieces: BufferView<qk_merged_piece>, count: Int,
            into ids: BufferView<UInt32>
        ) {
            assert(count <= pieces.count, "too many pieces")
            let textCount = text.count
            unsafe text.withBase { text in
                unsafe withUnsafePointer(to: merges) { merges in
                    unsafe qk_text(level).pointee.merge(
                        merges, text, textCount, pieces.base, count, ids.base)
                }
            }
        }
    }
}
