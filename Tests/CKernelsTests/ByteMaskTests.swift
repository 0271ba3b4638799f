import CKernels
import Testing

@Suite struct ByteMaskTests {
    private func masks(_ level: Int32, _ text: [UInt8]) -> [UInt64] {
        // One word more a block than are written, so that what must stay as it was is seen.
        let stride = Int(QK_BYTE_MASK_COUNT) + 1
        var masks = [UInt64](repeating: 0xABCD, count: (text.count + 63) / 64 * stride)
        qk_byte_masks(level, text.count, text, &masks, stride)
        return masks
    }

    @Test("each level classifies every byte, at every length, as the plain one does")
    func levels() {
        let all = (0..<256).map { UInt8($0) }
        let text = all + all.reversed()
        for level in 0..<Int32(QK_LEVEL_COUNT) where qk_level_is_available(level) != 0 {
            for count in [0, 1, 63, 64, 65, 127, 128, 200, 511, 512] {
                let part = Array(text.prefix(count))
                #expect(masks(level, part) == masks(Int32(QK_PLAIN), part))
            }
        }
    }

    @Test("the classes are those of ASCII")
    func classes() {
        let found = masks(Int32(QK_PLAIN), Array("aZ0 \n\t'/é".utf8))
        let expected: [UInt64] = [
            0b11, 0b10, 0b100, 0b111000, 0b10000, 0b1000, 0b1000000, 0b10000000, 0b1100000000,
        ]
        #expect(Array(found.dropLast()) == expected)
        #expect(found.last == 0xABCD)
    }
}
