import Bytes
import Testing

@testable import Corpora

@Suite struct SegmentReaderTests {
    /// Segments that the reader must give, in the plainest way.
    private static func split(_ bytes: [UInt8], at delimiter: [UInt8]) -> [[UInt8]] {
        var parts: [[UInt8]] = []
        var part: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if !delimiter.isEmpty, bytes[index...].starts(with: delimiter) {
                parts.append(part)
                part = []
                index += delimiter.count
            } else {
                part.append(bytes[index])
                index += 1
            }
        }
        return part.isEmpty ? parts : parts + [part]
    }

    /// The segments, nil for those above the limit, whose fronts go to `fronts`.
    private static func read(
        _ path: String, _ delimiter: [UInt8], buffer: Int, limit: Int = 1 << 20, front: Int = 0,
        fronts: inout [[UInt8]]
    ) throws -> [[UInt8]?] {
        var reader = SegmentReader(
            source: try InputBytes(path: path, byteCount: nil, sizes: .small(buffer)), path: path,
            cutter: DelimiterCutter(delimiter), limit: limit, bufferByteCount: buffer,
            frontByteCount: front)
        var parts: [[UInt8]?] = []
        while true {
            switch try reader.advance() {
            case .end: return parts
            case .tooLarge:
                parts.append(nil)
                fronts.append(reader.front)
            case .segment:
                let seen = reader.withSegment { Array(copying: $0) }
                let taken = reader.takeSegment()
                #expect(seen == taken)
                parts.append(taken)
            }
        }
    }

    private static func read(
        _ path: String, _ delimiter: [UInt8], buffer: Int, limit: Int = 1 << 20
    ) throws -> [[UInt8]?] {
        var fronts: [[UInt8]] = []
        return try read(path, delimiter, buffer: buffer, limit: limit, fronts: &fronts)
    }

    @Test("delimiters are found across every end of the buffer")
    func straddling() throws {
        let folder = try TemporaryFolder()
        let texts = [
            "", "\n", "\n\n\n", "a", "a\n", "a\n\n\nb", "\n\n\n\n\n\n\n",
            "one\n\n\ntwo\n\nstill two\n\n\n",
            "\n\n\n\nfour then text\n\n\n\n\n\nsix then text", "no end at all but quite long",
        ]
        for (index, text) in texts.enumerated() {
            let plain = try folder.write("\(index).txt", text)
            let compressed = try folder.write("\(index).txt.zst", compress(text))
            for delimiter in [[], [10], [10, 10], [10, 10, 10], Array("\n\ntw".utf8)] as [[UInt8]] {
                let expected = Self.split(Array(text.utf8), at: delimiter)
                for buffer in 1...max(8, text.utf8.count + 1) {
                    #expect(try Self.read(plain, delimiter, buffer: buffer) == expected)
                    #expect(try Self.read(compressed, delimiter, buffer: buffer) == expected)
                }
            }
        }
    }

    @Test("random text over a small alphabet is cut as the plain loop cuts it")
    func fuzz() throws {
        let folder = try TemporaryFolder()
        var generator = SeededGenerator(state: 3)
        for round in 0..<150 {
            let count = Int.random(in: 0...60, using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: 97...98, using: &generator) }
            let path = try folder.write("\(round % 2).txt", bytes)
            let delimiterCount = Int.random(in: 1...4, using: &generator)
            let delimiter = (0..<delimiterCount).map { _ in
                UInt8.random(in: 97...98, using: &generator)
            }
            let expected = Self.split(bytes, at: delimiter)
            for buffer in 1...12 {
                #expect(try Self.read(path, delimiter, buffer: buffer) == expected)
            }
        }
    }

    @Test("a segment above the limit is passed over and the others are kept")
    func limit() throws {
        let folder = try TemporaryFolder()
        let text = "12345\n123456\n\n1234567890\n1\n1234567"
        let path = try folder.write("lines.txt", text)
        let parts = Self.split(Array(text.utf8), at: [10])
        for limit in 1...11 {
            let expected = parts.map { $0.count <= limit ? $0 : nil }
            for buffer in 1...40 {
                #expect(try Self.read(path, [10], buffer: buffer, limit: limit) == expected)
            }
        }
    }

    @Test("of a segment above the limit the first bytes are kept, the same through every buffer")
    func fronts() throws {
        let folder = try TemporaryFolder()
        let text = "12345\n123456\n\n1234567890abcdefghijklmnopqrstuvwxyz\n1\n1234567"
        let path = try folder.write("lines.txt", text)
        let parts = Self.split(Array(text.utf8), at: [10])
        for limit in 1...11 {
            for front in 0...7 {
                let expected = parts.filter { $0.count > limit }.map {
                    Array($0.prefix(min(front, limit)))
                }
                for buffer in 1...40 {
                    var fronts: [[UInt8]] = []
                    _ = try Self.read(
                        path, [10], buffer: buffer, limit: limit, front: front, fronts: &fronts)
                    #expect(fronts == expected)
                }
            }
        }
    }
}
