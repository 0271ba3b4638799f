import Testing

@testable import Compression

/// Decoding of damaged data: what stands before the damage, however the data is cut into calls.
@Suite struct ExactDecodingTests {
    /// Text of several blocks.
    private static let text: [UInt8] = {
        var bytes = Bytes(seed: 3)
        return bytes.compressible(400_000)
    }()

    private func compressed(_ format: CompressionFormat, frames: Int) throws -> [UInt8] {
        var data: [UInt8] = []
        let size = Self.text.count / frames
        for frame in 0..<frames {
            let part = Self.text[frame * size..<(frame + 1) * size]
            switch format {
            case .zstandard: data += try compress(Array(part), level: 1)
            case .gzip:
                var encoder = GzipEncoder()
                encoder.append(Array(part).span, to: &data)
                encoder.finish(into: &data)
            }
        }
        return data
    }

    /// All bytes that come out of `data`, and the error behind them.
    private func decode(
        _ data: [UInt8], _ format: CompressionFormat, isExact: Bool, chunk: Int, room: Int
    ) throws -> (text: [UInt8], error: CompressionError?) {
        var decoder = try format.makeDecoder(isExact: isExact)
        var text: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: room)
        var place = 0
        do throws(CompressionError) {
            while place < data.count || decoder.hasMoreOutput {
                let end = min(place + chunk, data.count)
                var output = buffer.mutableSpan
                let step = try decoder.decode(data.span.extracting(place..<end), into: &output)
                place += step.consumedCount
                text += buffer[..<step.producedCount]
            }
            try decoder.finish()
            return (text, nil)
        } catch {
            return (text, error)
        }
    }

    @Test(arguments: CompressionFormat.allCases, [1, 5])
    func `the bytes before damage do not depend on how the data is cut`(
        format: CompressionFormat, frames: Int
    ) throws {
        let whole = try compressed(format, frames: frames)
        var random = Bytes(seed: UInt64(frames))
        var kept = 0
        for round in 0..<40 {
            var data = whole
            let place = Int(random.next() % UInt64(data.count))
            if round % 2 == 0 {
                data.removeLast(data.count - place)
            } else {
                data[place] ^= UInt8(1 + random.next() % 255)
            }
            let expected = try decode(
                data, format, isExact: true, chunk: data.count + 1, room: 1 << 20)
            for (chunk, room) in [(4_096, 1 << 17), (262_144, 999), (777, 50_000)] {
                let found = try decode(data, format, isExact: true, chunk: chunk, room: room)
                #expect(found.text == expected.text, "\(place), cut by \(chunk) and \(room)")
                #expect(found.error == expected.error)
            }
            let other = try decode(data, format, isExact: false, chunk: 4_096, room: 4_096)
            #expect((other.error == nil) == (expected.error == nil))
            if round % 2 == 0 {
                #expect(Self.text.starts(with: expected.text))
                #expect(expected.text.starts(with: other.text))
            }
            if expected.error != nil, !expected.text.isEmpty { kept += 1 }
        }
        #expect(kept > 10)
        let sound = try decode(whole, format, isExact: true, chunk: 10_000, room: 10_000)
        #expect(sound.text == Array(Self.text.prefix(Self.text.count / frames * frames)))
        #expect(sound.error == nil)
    }
}
