import Compression
import Testing

@Suite struct FrameWalkTests {
    private func byteCount(_ data: [UInt8], at offset: Int, limit: Int = .max / 2) -> Int? {
        FrameWalk.byteCount(ofFrameAt: offset, limit: limit) { place, count in
            place < data.count ? Array(data[place..<min(place + count, data.count)]) : []
        }
    }

    @Test("the frames of a file are found, whatever is in them")
    func lengths() throws {
        var bytes = Bytes(seed: 6)
        let frames = try [
            compress(bytes.compressible(400_000)), skippableFrame([1, 2, 3]),
            compress(bytes.random(300_000), checksum: false), compress([]),
            compress([UInt8](repeating: 0, count: 900_000)), skippableFrame([]),
        ]
        let data = Array(frames.joined())
        var offset = 0
        for frame in frames {
            #expect(byteCount(data, at: offset) == frame.count)
            offset += frame.count
        }
        #expect(byteCount(data, at: offset) == nil)
    }

    @Test("what is cut short in a header is no frame, and a long frame is not walked")
    func limits() throws {
        var bytes = Bytes(seed: 7)
        let frame = try compress(bytes.random(1_000_000))
        #expect(byteCount(frame, at: 0, limit: 300_000) == nil)
        #expect(byteCount(Array(frame[..<5]), at: 0) == nil)
        #expect(byteCount(Array("text, not a frame at all".utf8), at: 0) == nil)
    }
}
