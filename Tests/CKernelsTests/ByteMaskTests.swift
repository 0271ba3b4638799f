import CKernels
import Testing

@Suite struct ByteMaskTests {
    private func masks(_ level: Int32, _ text: [UInt8]) -> [UInt64] {
        // One word more a kind than are written, so that what must stay as it was is seen.
        let stride = (text.count + 63) / 64 + 1
        var masks = [UInt64](repeating: 0xABCD, count: Int(QK_BYTE_MASK_COUNT) * stride)
        qk_text(level).pointee.byte_masks(text.count, text, &masks, stride)
        return masks
    }

    @Test("each level classifies every byte, at every length, as the plain one does")
    func levels() {
        let all = (0..<256).map { UInt8($0) }
        let text = all + all.reversed()
        for level in availableLevels {
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
        #expect(found == expected.flatMap { [$0, 0xABCD] })
    }

    @Test("each level finds the characters that the plain one finds, and no others")
    func characters() {
        var state: UInt64 = 7
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let blocks = (0..<8704).map { _ in UInt8(random(64)) }
        let classes = (0..<64 * 128).map { _ in UInt8(random(256)) }
        let stride = 6
        for round in 0..<2000 {
            var text: [UInt8] = []
            while text.count < 200 {
                let length = random(5)
                // First bytes of every kind, now and then with too few others or the wrong ones.
                text.append(
                    UInt8(length < 2 ? random(256) : [0xC0, 0xE0, 0xF0][length - 2] + random(16)))
                for _ in 1..<max(1, length) { text.append(UInt8(0x80 + random(64))) }
                if random(8) == 0 { text.append(UInt8(random(256))) }
            }
            let count = random(text.count)
            let available = min(text.count, count + round % 5)
            let found = availableLevels.map {
                level in
                var masks = [UInt64](
                    repeating: 0, count: Int(QK_CHARACTER_MASK_COUNT) * stride)
                qk_text(level).pointee.byte_masks(count, text, &masks, stride)
                blocks.withUnsafeBufferPointer { blocks in
                    classes.withUnsafeBufferPointer { classes in
                        var table = qk_character_classes(
                            blocks: blocks.baseAddress, classes: classes.baseAddress, letter: 9,
                            uppercase: 16, cased: 48, hard: 6, mark: 8)
                        qk_text(level).pointee.character_masks(
                            count, available, text, &table, &masks, stride)
                    }
                }
                return masks
            }
            #expect(found.allSatisfy { $0 == found[0] })
        }
    }

    @Test("a sequence that is not well-formed is no character")
    func illFormed() {
        let stride = 2
        let blocks = [UInt8](repeating: 0, count: 8704)
        let classes = [UInt8](repeating: 1, count: 128)
        func hard(_ text: [UInt8]) -> UInt64 {
            var masks = [UInt64](repeating: 0, count: Int(QK_CHARACTER_MASK_COUNT) * stride)
            qk_text(plain).pointee.byte_masks(text.count, text, &masks, stride)
            blocks.withUnsafeBufferPointer { blocks in
                classes.withUnsafeBufferPointer { classes in
                    var table = qk_character_classes(
                        blocks: blocks.baseAddress, classes: classes.baseAddress, letter: 1,
                        uppercase: 0, cased: 0, hard: 0, mark: 0)
                    qk_text(plain).pointee.character_masks(
                        text.count, text.count, text, &table, &masks, stride)
                }
            }
            return masks[Int(QK_HARD) * stride]
        }
        #expect(hard(Array("aé€😀".utf8)) == 0)
        // Overlong forms, surrogates, what is above U+10FFFF, and what ends too early.
        for text: [UInt8] in [
            [0xC1, 0x80], [0xE0, 0x9F, 0x80], [0xED, 0xA0, 0x80], [0xF0, 0x8F, 0x80, 0x80],
            [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82],
        ] {
            #expect(hard(text) == UInt64(1) << UInt64(text.count) - 1)
        }
    }
}
