import Testing

@testable import Compression

@Suite struct ZstandardBlockDecoderTests {
    @Test func `frames are decoded into a part of the output, one call after another`() throws {
        var encoder = try ZstandardEncoder()
        var decoder = try ZstandardBlockDecoder()
        for text in ["grain", "", "flour and bran"].map({ Array($0.utf8) }) {
            var frames: [UInt8] = []
            try encoder.appendFrame(of: text.span, to: &frames)
            try encoder.appendFrame(of: text.span, to: &frames)
            var output = [UInt8](repeating: 9, count: 2 * text.count + 4)
            var room = output.mutableSpan
            let count = try decoder.decode(frames.span, into: &room, range: 2..<2 + 2 * text.count)
            #expect(count == 2 * text.count)
            #expect(output == [9, 9] + text + text + [9, 9])
        }
    }

    @Test func `damage and what has no room are refused, and the next is decoded`() throws {
        let text = [UInt8](repeating: 7, count: 1_000)
        var frame: [UInt8] = []
        var encoder = try ZstandardEncoder()
        try encoder.appendFrame(of: text.span, to: &frame)
        var decoder = try ZstandardBlockDecoder()
        var output = [UInt8](repeating: 0, count: 1_000)
        for (bytes, end) in [(frame, 999), (Array(frame.dropLast()), 1_000), ([1, 2, 3, 4, 5], 9)] {
            #expect(throws: CompressionError.self) {
                var room = output.mutableSpan
                _ = try decoder.decode(bytes.span, into: &room, range: 0..<end)
            }
        }
        var room = output.mutableSpan
        #expect(try decoder.decode(frame.span, into: &room, range: 0..<1_000) == 1_000)
        #expect(output == text)
    }
}
