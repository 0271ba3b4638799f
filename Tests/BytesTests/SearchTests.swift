import Bytes
import Testing

@Suite
struct SearchTests {
    /// Offset at which `needle` first begins, searched place by place.
    private func plainOffset(of needle: [UInt8], in bytes: [UInt8]) -> Int? {
        guard needle.count <= bytes.count else { return nil }
        return (0...bytes.count - needle.count).first {
            bytes[$0..<$0 + needle.count].elementsEqual(needle)
        }
    }

    @Test("every needle is found where it first begins, in every place of a word")
    func firstOffsets() {
        var generator = SystemRandomNumberGenerator()
        for needle in [
            [10], [10, 10], [10, 10, 10], [10, 11], [10, 11, 10], [10, 10, 11, 10],
            [0, 1, 0, 0, 1],
        ] {
            for length in 0..<100 {
                for round in 0..<40 {
                    // 11 differs from 10 in the bit that the search borrows from; 138 in the high
                    // bit.
                    var choices: [UInt8] = [10, 11, 138, 0, 1]
                    // Mostly bytes that no needle has, so that many places are passed over at once.
                    if round % 2 == 1 { choices += [UInt8](repeating: 200, count: 40) }
                    let bytes = (0..<length).map { _ in
                        choices.randomElement(using: &generator)!
                    }
                    let needle = needle.map(UInt8.init)
                    #expect(
                        firstOffset(of: needle, in: bytes.span)
                            == plainOffset(of: needle, in: bytes),
                        "\(needle) in \(bytes)")
                }
            }
        }
    }
}
