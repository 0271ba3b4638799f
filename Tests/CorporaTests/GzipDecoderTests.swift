import Compression
import Testing

@Suite struct GzipDecoderTests {
    private func decompress(
        _ bytes: [UInt8], chunk: Int = .max, room: Int = 4096
    ) throws -> [UInt8] {
        var decoder = try GzipDecoder()
        var buffer = [UInt8](repeating: 0, count: room)
        var result: [UInt8] = []
        var used = 0
        while used < bytes.count || decoder.hasMoreOutput {
            let end = used + min(chunk, bytes.count - used)
            var target = buffer.mutableSpan
            let step = try decoder.decode(bytes.span.extracting(used..<end), into: &target)
            used += step.consumedCount
            result += buffer[..<step.producedCount]
        }
        try decoder.finish()
        return result
    }

    private let text = Array(repeating: Array("grain, flour and bran; ".utf8), count: 20).flatMap {
        $0
    }

    @Test("a member that the gzip tool made is read")
    func toolMember() throws {
        // printf 'Hold my math!' | gzip -n | xxd -p
        let member: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xF3, 0xC8, 0xCF, 0x49,
            0x51, 0xC8, 0xAD, 0x54, 0xC8, 0x4D, 0x2C, 0xC9, 0x50, 0x04, 0x00, 0x28, 0xE2, 0x30,
            0xD7, 0x0D, 0x00, 0x00, 0x00,
        ]
        #expect(try decompress(member) == Array("Hold my math!".utf8))
    }

    @Test("members one after another are read as one", arguments: [1, 2, 7, 10_000])
    func members(chunk: Int) throws {
        let parts = [text, [], Array("x".utf8), text]
        let data = parts.flatMap { gzip($0) } + gzip(text, level: 0)
        for room in [1, 3, 64, 4096] {
            #expect(
                try decompress(data, chunk: chunk, room: room) == parts.flatMap { $0 } + text)
        }
    }

    @Test("data cut at any byte inside a member is truncated, with its place")
    func truncation() throws {
        let first = gzip(text)
        let data = first + gzip(Array("second".utf8))
        for end in 0...data.count {
            for chunk in [1, 3, 1000] {
                let result = Result { try decompress(Array(data[..<end]), chunk: chunk) }
                if end == first.count || end == data.count {
                    #expect(throws: Never.self) { try result.get() }
                } else {
                    let expected: GzipError =
                        end == 0
                        ? .empty : .truncated(memberOffset: end < first.count ? 0 : first.count)
                    #expect(throws: expected) { try result.get() }
                }
            }
        }
    }

    @Test("no bit of a member's data or checksum can change unseen")
    func flips() throws {
        let data = gzip(text)
        for index in data.indices {
            for bit in 0..<8 {
                var changed = data
                changed[index] ^= 1 << UInt8(bit)
                // Flags, time and system in the header say nothing of the text, and neither do the
                // bits that fill the last byte of the data.
                if let decoded = try? decompress(changed, room: 64) {
                    #expect(decoded == text)
                    #expect((3..<10).contains(index) || index == data.count - 9)
                }
            }
        }
        var checksum = data
        checksum[data.count - 8] ^= 1
        #expect(throws: GzipError.checksumMismatch(memberOffset: 0)) { try decompress(checksum) }
        var length = data
        length[data.count - 1] ^= 1
        #expect(throws: GzipError.checksumMismatch(memberOffset: 0)) { try decompress(length) }
    }

    @Test("what is not gzip, or follows it, is refused with its place", arguments: [1, 2, 100])
    func foreign(chunk: Int) throws {
        #expect(throws: GzipError.notGzip) { try decompress(Array("text".utf8), chunk: chunk) }
        let member = gzip(text)
        for rest in [[0], [0x1F, 0x8C], [0x20]] as [[UInt8]] {
            #expect(throws: GzipError.trailingBytes(offset: member.count)) {
                try decompress(member + rest, chunk: chunk)
            }
        }
    }

    @Test("an error stays")
    func spent() throws {
        var decoder = try GzipDecoder()
        var room = [UInt8](repeating: 0, count: 8)
        let bad = Array("bad".utf8)
        for _ in 0..<2 {
            #expect(throws: GzipError.notGzip) {
                var target = room.mutableSpan
                _ = try decoder.decode(bad.span, into: &target)
            }
        }
        #expect(throws: GzipError.notGzip) { try decoder.finish() }
    }
}
