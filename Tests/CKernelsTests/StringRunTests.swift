import CKernels
import Testing

@Suite struct StringRunTests {
    /// What a kernel finds in `text`, which lies at the end of its memory.
    private struct Found: Equatable {
        var utf8: Int
        var plain: Int
        var passed: Int
        var text: [UInt8]

        init(_ level: Int32, _ text: [UInt8]) {
            let kernels = qk_text(level).pointee
            utf8 = kernels.utf8_run(text.count, text)
            plain = kernels.json_run(text.count, text)
            // What lies behind the room stays as it was.
            var target = [UInt8](repeating: 0xAB, count: text.count + 70)
            var written = 0
            passed = kernels.json_text(text.count, text, &target, &written)
            self.text = Array(target[..<written]) + target[text.count...]
        }
    }

    /// The longest beginning of `text` that is UTF-8, by the standard library.
    private func validCount(_ text: [UInt8]) -> Int {
        var text = text[...]
        while String(validating: text, as: UTF8.self) == nil { text = text.dropLast() }
        return text.count
    }

    @Test("every sequence of two bytes, and those of more by their edges, is as Unicode has it")
    func sequences() {
        let edges: [UInt8] = [0x41, 0x7F, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC0]
        var texts = (0x8000..<65_536).map { [UInt8($0 >> 8), UInt8($0 & 255)] }
        for lead in UInt8(0xC0)...0xFF {
            for second in edges {
                for third in edges {
                    for fourth in edges { texts.append([lead, second, third, fourth]) }
                }
            }
        }
        for text in texts {
            let count = qk_text(Int32(QK_PLAIN)).pointee.utf8_run(text.count, text)
            if count != validCount(text) { Issue.record("\(text): \(count)") }
            for level in availableLevels
            where qk_text(level).pointee.utf8_run(text.count, text) != count {
                Issue.record("\(text) at \(level)")
            }
        }
    }

    @Test("each level finds what the plain one finds, wherever blocks end")
    func levels() {
        var state: UInt64 = 11
        func random(_ limit: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % limit
        }
        let parts: [[UInt8]] =
            ["a", "mill ", "\u{7F}", "é", "麦", "🌾", "\\n", "\\\"", "\\\\"].map { Array($0.utf8) }
        let rare: [[UInt8]] =
            [[0x22], [0x5C], [0x0A], [0], [0x80], [0xC3], [0xE9, 0xBA], [0xED, 0xA0, 0x80]]
            + [[0xF0, 0x9F, 0x8C], [0xF4, 0x90], [0xC0, 0x80], [0xFF], Array("\\u0041".utf8)]
        for _ in 0..<3_000 {
            var text: [UInt8] = []
            let (wanted, kinds) = (random(300), random(2) == 0 ? 1 : parts.count)
            while text.count < wanted { text += parts[random(kinds)] }
            if random(4) > 0 {
                text.insert(contentsOf: rare[random(rare.count)], at: random(text.count + 1))
            }
            let expected = Found(Int32(QK_PLAIN), text)
            for level in availableLevels where Found(level, text) != expected {
                Issue.record("\(text) at \(level)")
            }
        }
    }
}
