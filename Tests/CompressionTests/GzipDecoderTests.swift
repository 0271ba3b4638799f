import Testing

@testable import Compression

@Suite struct GzipDecoderTests {
    private let text = Array(repeating: Array("grain, flour and bran; ".utf8), count: 20).flatMap {
        $0
    }

    @Test("a member that the gzip tool made is read", arguments: Engine.available)
    func toolMember(engine: Engine) throws {
        // printf 'Hold my math!' | gzip -n | xxd -p
        let member: [UInt8] = [
            0x1F, 0x8B, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x03, 0xF3, 0xC8, 0xCF, 0x49,
            0x51, 0xC8, 0xAD, 0x54, 0xC8, 0x4D, 0x2C, 0xC9, 0x50, 0x04, 0x00, 0x28, 0xE2, 0x30,
            0xD7, 0x0D, 0x00, 0x00, 0x00,
        ]
        #expect(try engine.gunzip(member) == Array("Hold my math!".utf8))
    }

    @Test(
        "members one after another are read as one", arguments: Engine.available, [1, 2, 7, 9999])
    func members(engine: Engine, chunk: Int) throws {
        let parts = [text, [], Array("x".utf8), text, [], []]
        let data = parts.flatMap { gzip($0) } + parts.flatMap { gzip($0, level: 0) }
        let whole = parts.flatMap { $0 }
        for room in [1, 3, 64, 4096] {
            #expect(try engine.gunzip(data, chunk: chunk, room: room) == whole + whole)
        }
    }

    @Test(
        "data cut at any byte inside a member is truncated, with its place",
        arguments: Engine.available)
    func truncation(engine: Engine) throws {
        let first = gzip(text)
        let data = first + gzip(Array("second".utf8), level: 0)
        for end in 0...data.count {
            for chunk in [1, 3, 1000] {
                let result = Result { try engine.gunzip(Array(data[..<end]), chunk: chunk) }
                if end == first.count || end == data.count {
                    #expect(throws: Never.self) { try result.get() }
                } else {
                    let expected = gzip(
                        end == 0
                            ? .empty : .truncated(offset: end < first.count ? 0 : first.count))
                    #expect(throws: expected) { try result.get() }
                }
            }
        }
    }

    @Test("no bit of a member's data or checksum can change unseen", arguments: Engine.available)
    func flips(engine: Engine) throws {
        let data = gzip(text)
        for index in data.indices {
            for bit in 0..<8 {
                var changed = data
                changed[index] ^= 1 << UInt8(bit)
                // Flags, time and system in the header say nothing of the text, and neither do the
                // bits that fill the last byte of the data.
                if let decoded = try? engine.gunzip(changed, room: 64) {
                    #expect(decoded == text)
                    #expect((3..<10).contains(index) || index == data.count - 9)
                }
            }
        }
        var checksum = data
        checksum[data.count - 8] ^= 1
        #expect(throws: gzip(.checksumMismatch(offset: 0))) { try engine.gunzip(checksum) }
        var length = data
        length[data.count - 1] ^= 1
        #expect(throws: gzip(.checksumMismatch(offset: 0))) { try engine.gunzip(length) }
    }

    @Test(
        "what is not gzip, or follows it, is refused with its place", arguments: Engine.available,
        [1, 2, 100])
    func foreign(engine: Engine, chunk: Int) throws {
        #expect(throws: gzip(.foreign)) {
            try engine.gunzip(Array("text".utf8), chunk: chunk)
        }
        for level: Int32 in 0...9 {
            let member = gzip(text, level: level)
            for rest in [[0, 1], [0x1F, 0x8C], [0x20]] as [[UInt8]] {
                #expect(throws: gzip(.trailingBytes(offset: member.count))) {
                    try engine.gunzip(member + rest, chunk: chunk)
                }
            }
        }
    }

    @Test("zeros behind the last member are left out", arguments: Engine.available, [1, 2, 100])
    func filled(engine: Engine, chunk: Int) throws {
        let member = gzip(text, level: 6)
        for count in [1, 7, 511, 4_096] {
            let zeros = [UInt8](repeating: 0, count: count)
            #expect(try engine.gunzip(member + zeros, chunk: chunk) == text)
            #expect(try engine.gunzip(member + member + zeros, chunk: chunk) == text + text)
            #expect(throws: gzip(.trailingBytes(offset: member.count))) {
                try engine.gunzip(member + zeros + member, chunk: chunk)
            }
        }
        #expect(throws: gzip(.foreign)) { try engine.gunzip([0, 0], chunk: chunk) }
    }

    @Test("an error stays")
    func spent() throws {
        var decoder = try GzipDecoder()
        var room = [UInt8](repeating: 0, count: 8)
        let bad = Array("bad".utf8)
        for _ in 0..<2 {
            #expect(throws: gzip(.foreign)) {
                var target = room.mutableSpan
                _ = try decoder.decode(bad.span, into: &target)
            }
        }
        #expect(throws: gzip(.foreign)) { try decoder.finish() }
    }
}
