import Testing

@testable import Bytes

@Suite struct LargePagesTests {
    @Test(arguments: [0, 1, 70_000, 3 << 20])
    func `room in large pages leaves the bytes as they are`(count: Int) {
        let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 31) }
        for capacity in [0, count, count + 1, 5 << 20, 9_999_999] {
            var text = bytes
            text.reserveLargePages(capacity)
            #expect(text.capacity >= capacity && text == bytes)
            text.append(7)
            #expect(text.count == count + 1 && text.last == 7 && text.dropLast() == bytes[...])
        }
    }
}
