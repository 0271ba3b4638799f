import Compression
import Testing

@Suite struct ZstandardEncoderTests {
    @Test("what was encoded is decoded, for every size of chunk and room")
    func roundTrip() throws {
        var bytes = Bytes(seed: 1)
        for text in [[], [42], bytes.random(60), bytes.compressible(60)] {
            let frame = try compress(text)
            for chunk in 1...frame.count {
                for room in [1, 2, 3, 7, 59, 60, 61] {
                    #expect(try decompress(frame, chunk: chunk, room: room) == text)
                }
            }
        }
    }

    @Test("large data survives, at low and high levels", arguments: [-5, 1, 3, 12])
    func large(level: Int) throws {
        var bytes = Bytes(seed: 2)
        let text = bytes.compressible(300_000) + bytes.random(100_000)
        let frame = try compress(text, level: level)
        #expect(try decompress(frame, chunk: 5_000, room: 30_000) == text)
    }

    @Test("the cut of the input does not change the frame")
    func cuts() throws {
        var bytes = Bytes(seed: 3)
        let text = bytes.compressible(200_000)
        let whole = try compress(text)
        for chunk in [1_000, 4_096, 99_999, 131_072] {
            #expect(try compress(text, chunk: chunk) == whole)
        }
    }

    @Test("an encoder makes one frame after another")
    func reuse() throws {
        var encoder = try ZstandardEncoder()
        var data: [UInt8] = []
        for word in ["the ", "quern ", "grinds"] {
            try encoder.append(Array(word.utf8).span, to: &data)
            try encoder.finish(into: &data)
        }
        #expect(try decompress(data) == Array("the quern grinds".utf8))
    }

    @Test("the checksum is four bytes that can be left out")
    func checksum() throws {
        let text = Array("grain".utf8)
        let difference = try compress(text).count - compress(text, checksum: false).count
        #expect(difference == 4)
    }

    @Test("a level that does not exist is refused")
    func level() {
        #expect {
            _ = try ZstandardEncoder(level: 99)
        } throws: { error in
            if case .levelOutOfRange(99, _, _) = (error as? CompressionError)?.fault {
                true
            } else {
                false
            }
        }
    }
}
