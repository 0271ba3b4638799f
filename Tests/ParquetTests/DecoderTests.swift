import Testing

@testable import Parquet

@Suite struct DecoderTests {
    @Test func `runs and packed groups of every width are decoded`() throws {
        var draw = SeededGenerator(3)
        for width in 0...32 {
            let top: UInt64 = width == 0 ? 0 : 1 << UInt64(width) - 1
            var numbers: [Int] = []
            while numbers.count < 200 {
                let number = Int(UInt64.random(in: 0...top, using: &draw))
                numbers += Array(repeating: number, count: Bool.random(using: &draw) ? 1 : 11)
            }
            let bytes = [9, 9] + runs(numbers, width: width)
            var decoder = RunDecoder(2..<bytes.count, width: width)
            for number in numbers { #expect(try Int(decoder.next(bytes.span)) == number) }
        }
    }

    @Test func `runs end with their bytes`() {
        for bytes in [[], [3], [4], [0x80], [3, 1]] as [[UInt8]] {
            var decoder = RunDecoder(0..<bytes.count, width: 12)
            #expect(throws: ParquetFault.self) {
                for _ in 0..<3 { _ = try decoder.next(bytes.span) }
            }
        }
    }

    @Test func `differences of every width are decoded`() throws {
        var draw = SeededGenerator(5)
        for width in 0...63 {
            for count in [0, 1, 2, 32, 33, 128, 129, 500] {
                let top = width == 63 ? Int.max : 1 << width - 1
                let numbers = (0..<count).map { _ in
                    Int.random(in: 0...top, using: &draw) * (Bool.random(using: &draw) ? 1 : -1)
                }
                let bytes = deltas(numbers) + [1, 2, 3]
                var decoder = try DeltaDecoder(bytes.span, 0..<bytes.count)
                #expect(try decoder.end(bytes.span) == bytes.count - 3)
                for number in numbers { #expect(try Int(decoder.next(bytes.span)) == number) }
                #expect(throws: ParquetFault.self) { try decoder.next(bytes.span) }
            }
        }
    }

    @Test func `differences that are cut short are refused`() throws {
        let bytes = deltas((0..<300).map { $0 * $0 % 97 })
        for count in 0..<bytes.count {
            let part = Array(bytes.prefix(count))
            #expect(throws: ParquetFault.self) {
                let decoder = try DeltaDecoder(part.span, 0..<count)
                _ = try decoder.end(part.span)
            }
        }
    }

    @Test func `blocks of all sizes and distances come back`() throws {
        var draw = SeededGenerator(7)
        for count in Array(0...40) + [47, 48, 49, 64, 200, 20_000] {
            for period in [1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 1_000_000] {
                guard count < 10_000 || [3, 16, 1_000_000].contains(period) else { continue }
                // Bytes that repeat with few exceptions.
                var bytes: [UInt8] = []
                for index in 0..<count {
                    bytes.append(
                        index < period || Int.random(in: 0..<30, using: &draw) == 0
                            ? UInt8.random(in: 0...255, using: &draw) : bytes[index - period])
                }
                for (block, decode) in [
                    (TestBlocks.snappy(bytes), decodeSnappy), (TestBlocks.lz4(bytes), decodeLZ4),
                ] {
                    // What lies around the room stays.
                    var output = [UInt8](repeating: 99, count: count + 20)
                    try decode(block.span, &output, 10..<10 + count)
                    #expect(Array(output[10..<10 + count]) == bytes)
                    #expect(output.prefix(10).allSatisfy { $0 == 99 })
                    #expect(output.suffix(10).allSatisfy { $0 == 99 })
                    guard count > 0 else { continue }
                    #expect(throws: ParquetFault.self) {
                        try decode(block.span, &output, 10..<9 + count)
                    }
                    #expect(throws: ParquetFault.self) {
                        try decode(block.span.extracting(droppingLast: 1), &output, 10..<10 + count)
                    }
                }
            }
        }
    }

    @Test func `blocks of any bytes are decoded as the plain twin does, or refused`() {
        var draw = SeededGenerator(11)
        var wholeCount = 0
        for _ in 0..<20_000 {
            // Elements of few bytes, some of which copy what is not there.
            var block = [UInt8.random(in: 0...100, using: &draw)]
            for _ in 0..<Int.random(in: 0...6, using: &draw) {
                let count = UInt8.random(in: 0...40, using: &draw)
                let distance = UInt8.random(in: 0...30, using: &draw)
                switch Int.random(in: 0..<6, using: &draw) {
                case 0...2: block += [count << 2] + (0...count)
                case 3: block += [(count & 7) << 2 | 1, distance]
                case 4: block += [count << 2 | 2, distance, 0]
                default: block += [count << 2 | 3, distance, 0, 0, 0]
                }
            }
            if let whole = PlainSnappy.decode(block), Bool.random(using: &draw) {
                block[0] = UInt8(whole.count & 0x7F)
            }
            let size = Int(block[0])
            let wanted = PlainSnappy.decode(block).flatMap { $0.count == size ? $0 : nil }
            var output = [UInt8](repeating: 0, count: size)
            do throws(ParquetFault) {
                try decodeSnappy(block.span, into: &output, range: 0..<size)
                #expect(output == wanted)
                wholeCount += 1
            } catch {
                #expect(wanted == nil)
            }
        }
        #expect(wholeCount > 1_000)
    }
}

/// Snappy as its description has it, byte by byte.
private enum PlainSnappy {
    static func decode(_ block: [UInt8]) -> [UInt8]? {
        var output: [UInt8] = []
        var place = 1
        func number(_ byteCount: Int) -> Int? {
            guard place + byteCount <= block.count else { return nil }
            defer { place += byteCount }
            return (0..<byteCount).reduce(0) { $0 | Int(block[place + $1]) << (8 * $1) }
        }
        while place < block.count {
            let tag = Int(block[place])
            place += 1
            var count = tag >> 2 + 1
            var distance = 0
            switch tag & 3 {
            case 0:
                if count > 60 {
                    guard let more = number(count - 60) else { return nil }
                    count = more + 1
                }
                guard place + count <= block.count else { return nil }
                output += block[place..<place + count]
                place += count
                continue
            case 1:
                guard let low = number(1) else { return nil }
                count = tag >> 2 & 7 + 4
                distance = (tag >> 5) << 8 | low
            case 2:
                guard let found = number(2) else { return nil }
                distance = found
            default:
                guard let found = number(4) else { return nil }
                distance = found
            }
            guard distance > 0, distance <= output.count else { return nil }
            for _ in 0..<count { output.append(output[output.count - distance]) }
        }
        return output
    }
}
