import Testing

@testable import Compression

@Suite struct GzipEncoderTests {
    private func encode(_ pieces: [[UInt8]]) -> [UInt8] {
        var encoder = GzipEncoder()
        var result: [UInt8] = []
        for piece in pieces { encoder.append(piece.span, to: &result) }
        encoder.finish(into: &result)
        return result
    }

    @Test(
        "zlib reads members of every number of blocks",
        arguments: [0, 1, 65_534, 65_535, 65_536, 131_070, 131_071])
    func blocks(count: Int) {
        var bytes = Bytes(seed: 19)
        let text = bytes.random(count)
        let member = encode([text])
        #expect(zlibGunzip(member, room: count + 1) == text)
        #expect(member.count == 10 + 5 * (count / 65_535 + 1) + count + 8)
        // Pieces make no difference.
        for size in [999, 65_535, 70_000] {
            let pieces = stride(from: 0, to: count, by: size).map {
                Array(text[$0..<min(count, $0 + size)])
            }
            #expect(encode(pieces) == member)
        }
    }

    @Test("an encoder that has finished begins a new member")
    func again() throws {
        var encoder = GzipEncoder()
        var result: [UInt8] = []
        for text in ["one", "", "two"] {
            encoder.append(text.utf8Span.span, to: &result)
            encoder.finish(into: &result)
        }
        for engine in Engine.available {
            #expect(try engine.gunzip(result) == Array("onetwo".utf8))
        }
    }
}
