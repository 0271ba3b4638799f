import Testing

@testable import Compression

/// Headers of gzip members, beside what zlib makes of them.
@Suite struct GzipHeaderTests {
    private let text = Array("the miller grinds the grain".utf8)

    /// A member whose header has the fields that `flags` announce.
    private func member(flags: UInt8, extra: Int = 5) -> [UInt8] {
        var header: [UInt8] = [0x1F, 0x8B, 8, flags, 1, 2, 3, 4, 2, 3]
        if flags & 4 != 0 {
            header += [UInt8(extra & 0xFF), UInt8(extra >> 8)]
            header += [UInt8](repeating: 0, count: extra)
        }
        if flags & 8 != 0 { header += Array("a name.txt\0".utf8) }
        if flags & 16 != 0 { header += Array("a comment\0".utf8) }
        if flags & 2 != 0 {
            let checksum = crc32(0, header.span)
            header += [UInt8(checksum & 0xFF), UInt8(checksum >> 8 & 0xFF)]
        }
        return header + gzip(text).dropFirst(10)
    }

    @Test("headers with every set of fields are read, also byte by byte")
    func fields() throws {
        for flags: UInt8 in 0..<32 {
            for extra in [0, 1, 300] {
                let data = member(flags: flags, extra: extra)
                #expect(zlibGunzip(data) == text)
                for engine in Engine.available {
                    for chunk in [1, 3, .max] {
                        #expect(try engine.gunzip(data + data, chunk: chunk) == text + text)
                    }
                }
            }
        }
    }

    @Test("a header cut anywhere is truncated")
    func truncation() throws {
        for flags: UInt8 in 0..<32 {
            let first = gzip(text)
            let data = first + member(flags: flags)
            for end in first.count + 1..<data.count {
                #expect(throws: gzip(.truncated(offset: first.count))) {
                    try Engine.zlib.gunzip(Array(data[..<end]))
                }
            }
        }
    }

    @Test("a header with another bit is refused where zlib refuses it")
    func flips() throws {
        for flags: UInt8 in [0, 2, 6, 10, 18, 30] {
            let data = member(flags: flags)
            for place in 0..<data.count - text.count - 8 {
                for bit in 0..<8 {
                    var changed = data
                    changed[place] ^= 1 << UInt8(bit)
                    let expected = zlibGunzip(changed)
                    for engine in Engine.available {
                        let found = try? engine.gunzip(changed)
                        #expect(found == expected, "flags \(flags), byte \(place), bit \(bit)")
                    }
                }
            }
        }
    }

    @Test("what is wrong with a header is said")
    func faults() throws {
        var method = member(flags: 0)
        method[2] = 7
        #expect(throws: gzip(.corrupt(offset: 0, reason: "unknown compression method"))) {
            try Engine.zlib.gunzip(method)
        }
        #expect(throws: gzip(.corrupt(offset: 0, reason: "unknown header flags set"))) {
            try Engine.zlib.gunzip(member(flags: 0x20))
        }
        var checksum = member(flags: 2)
        checksum[10] ^= 1
        #expect(throws: gzip(.corrupt(offset: 0, reason: "header crc mismatch"))) {
            try Engine.zlib.gunzip(checksum)
        }
    }
}
