import CZlib
import Testing

@testable import Compression

/// The libraries that inflate, each on the same data.
@Suite struct InflaterTests {
    /// Every kind of block, and references as far back as they go.
    private static let members: [(name: String, text: [UInt8], member: [UInt8])] = {
        var bytes = Bytes(seed: 15)
        let words = bytes.compressible(100_000)
        let mixed = (0..<40).flatMap { $0 % 2 == 0 ? words[..<4_000] : bytes.random(1_500)[...] }
        var result: [(String, [UInt8], [UInt8])] = []
        for (name, text) in [
            ("nothing", []), ("words", words), ("noise", bytes.random(70_000)), ("mixed", mixed),
            ("zeros", [UInt8](repeating: 0, count: 200_000)),
            // The same bytes at the greatest distance.
            ("far", bytes.random(32_768 - 262) + bytes.random(262) + words + words),
        ] {
            result.append(("\(name) stored", text, gzip(text, level: 0)))
            result.append(("\(name) fixed codes", text, gzip(text, strategy: Z_FIXED)))
            result.append(("\(name) no references", text, gzip(text, strategy: Z_HUFFMAN_ONLY)))
            result.append(("\(name) runs", text, gzip(text, strategy: Z_RLE)))
            result.append(("\(name) best", text, gzip(text, level: 9)))
            result.append(("\(name) flushed", text, gzip(text, level: 1, block: 3_001)))
        }
        return result
    }()

    @Test("every kind of data is inflated, in chunks of every size", arguments: Engine.available)
    func kinds(engine: Engine) throws {
        for (name, text, member) in Self.members {
            for (chunk, room) in [
                (.max, 1 << 18), (1, 1 << 18), (13, 5_000), (4_000, 333), (.max, 17),
            ] as [(Int, Int)] {
                let found = try engine.gunzip(member, chunk: chunk, room: room)
                #expect(found == text, "\(name), chunks of \(chunk), room for \(room)")
            }
        }
    }

    @Test("damaged data is an error or changes nothing", arguments: Engine.available)
    func damage(engine: Engine) throws {
        var bytes = Bytes(seed: 16)
        for (name, text, member) in Self.members where !text.isEmpty {
            for _ in 0..<20 {
                var changed = member
                let place = 10 + Int(bytes.next() % UInt64(member.count - 10))
                changed[place] ^= 1 << UInt8(bytes.next() % 8)
                guard let found = try? engine.gunzip(changed, room: 1 << 16) else { continue }
                #expect(found == text, "\(name), byte \(place)")
            }
        }
    }

    @Test("random data never crashes a decoder and seldom passes", arguments: Engine.available)
    func noise(engine: Engine) throws {
        var bytes = Bytes(seed: 17)
        let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 0xFF]
        for count in 0..<400 {
            let data = header + bytes.random(count)
            #expect(throws: CompressionError.self) { try engine.gunzip(data, room: 100) }
        }
    }

    @Test("both libraries make the same checksum")
    func checksums() throws {
        let zlib = try ZlibInflater()
        // The check value that catalogues of CRCs give.
        #expect(zlib.checksum(0, Array("123456789".utf8).span) == 0xCBF4_3926)
        guard let isal = ISALInflater() else { return }
        var bytes = Bytes(seed: 18)
        for count in Array(0..<300) + [100_000] {
            let (first, second) = (bytes.random(count), bytes.random(count / 3))
            let value = zlib.checksum(zlib.checksum(0, first.span), second.span)
            #expect(isal.checksum(isal.checksum(0, first.span), second.span) == value)
            #expect(zlib.checksum(0, (first + second).span) == value)
        }
    }
}
