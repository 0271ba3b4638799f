import Compression
import Testing

@Suite struct SeekableEncoderTests {
    private func pack(_ records: [[UInt8]], frameByteCount: Int) throws -> [UInt8] {
        var encoder = try SeekableEncoder(frameByteCount: frameByteCount)
        var output: [UInt8] = []
        for record in records { try encoder.append(record.span, to: &output) }
        try encoder.finish(into: &output)
        return output
    }

    /// The table of a file, as a reader finds it.
    private func findTable(of file: [UInt8]) -> SeekTable? {
        let footerStart = max(0, file.count - SeekTable.footerByteCount)
        guard
            let count = SeekTable.byteCount(
                footer: file.span.extracting(droppingFirst: footerStart)),
            count <= file.count
        else { return nil }
        let start = file.count - count
        return SeekTable(file.span.extracting(droppingFirst: start), precedingByteCount: start)
    }

    @Test("the layout is that of the format, byte for byte")
    func layout() throws {
        let file = try pack([Array("ab".utf8), Array("c".utf8)], frameByteCount: 2)
        let found = findTable(of: file)
        let table = try #require(found)
        #expect(table.frames.map(\.contentByteCount) == [2, 1])
        let sizes = table.frames.map(\.compressedByteCount)
        #expect(sizes.reduce(0, +) + 8 + 2 * 12 + 9 == file.count)
        let end = Array(file[(file.count - 41)...])
        #expect(Array(end[..<8]) == [0x5E, 0x2A, 0x4D, 0x18, 33, 0, 0, 0])
        #expect(Array(end[8..<16]) == [UInt8(sizes[0]), 0, 0, 0, 2, 0, 0, 0])
        // The low half of XXH64("ab"), which ends the frame too.
        #expect(Array(end[16..<20]) == Array(file[(sizes[0] - 4)..<sizes[0]]))
        #expect(Array(end[32...]) == [2, 0, 0, 0, 0x80, 0xB1, 0xEA, 0x92, 0x8F])
    }

    @Test(
        "frames end where records do, and all of it decodes", arguments: [1, 100, 5_000, 1 << 20])
    func frames(frameByteCount: Int) throws {
        var bytes = Bytes(seed: 5)
        let records = (0..<200).map { _ in bytes.compressible(Int(bytes.next() % 90)) }
        let file = try pack(records, frameByteCount: frameByteCount)
        #expect(try decompress(file) == Array(records.joined()))
        let found = findTable(of: file)
        let table = try #require(found)
        var ends: Set<Int> = []
        var end = 0
        for record in records {
            end += record.count
            ends.insert(end)
        }
        var (place, offset) = (0, 0)
        for frame in table.frames {
            let content = try decompress(
                Array(file[offset..<offset + frame.compressedByteCount]))
            #expect(content.count == frame.contentByteCount)
            place += content.count
            offset += frame.compressedByteCount
            #expect(ends.contains(place))
            #expect(content.count < frameByteCount + 90)
        }
        #expect(place == end)
    }

    @Test("no records are one frame of nothing")
    func empty() throws {
        let file = try pack([], frameByteCount: 10)
        #expect(try decompress(file) == [])
        #expect(findTable(of: file)?.frames.map(\.contentByteCount) == [0])
    }

    @Test("what is not quite a table is none")
    func damage() throws {
        let file = try pack([Array("ab".utf8), Array("c".utf8)], frameByteCount: 2)
        let tableCount = 8 + 2 * 12 + 9
        let start = file.count - tableCount
        for place in start..<file.count {
            for bit in 0..<8 {
                var damaged = file
                damaged[place] ^= 1 << UInt8(bit)
                let found = findTable(of: damaged)
                // Decoded sizes and checksums can only be checked against the frames.
                let isEntry = (start + 8..<file.count - 9).contains(place)
                let isSize = isEntry && (place - start - 8) % 12 < 4
                // The two low bits of the descriptor mean nothing yet.
                let isUnused = place == file.count - 5 && bit < 2
                #expect((found == nil) == !(isEntry && !isSize || isUnused), "\(place) \(bit)")
            }
        }
        for end in 0..<file.count { #expect(findTable(of: Array(file[..<end])) == nil) }
    }
}
