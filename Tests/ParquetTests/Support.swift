import Compression
import Files
import Foundation
import Work

@testable import Parquet

/// A folder that goes with the test that made it.
final class TemporaryFolder {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "quern-parquet-" + UUID().uuidString
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func write(_ bytes: [UInt8], _ name: String = "a.parquet") throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }
}

/// A page that a test puts together, with all that may be said about it.
struct TestPage {
    /// The number of the type: 0 data, 1 index, 2 dictionary, 3 data of version 2.
    var type = 0
    var valueCount: Int
    var encoding = 0
    var levelEncoding = 3
    /// What is compressed in version 1, and stands before what is compressed in version 2.
    var levels: [UInt8] = []
    var content: [UInt8]
    var isCompressed = true
    /// Added to the right sum.
    var checksumError: UInt32? = 0
    /// Added to the right size.
    var sizeError = 0

    func bytes(_ codec: PageCodec) throws -> [UInt8] {
        let stored =
            type == 3
            ? levels + (isCompressed ? try compress(content, codec) : content)
            : try compress(levels + content, codec)
        let header = ThriftWriter.structure { header in
            header.field(1, int32: type)
            header.field(2, int32: levels.count + content.count + sizeError)
            header.field(3, int32: stored.count)
            if let checksumError {
                let sum = CRC32.checksum(of: stored.span) &+ checksumError
                header.field(4, int32: Int(Int32(bitPattern: sum)))
            }
            switch type {
            case 0:
                header.field(5) { page in
                    page.field(1, int32: valueCount)
                    page.field(2, int32: encoding)
                    page.field(3, int32: levelEncoding)
                    page.field(4, int32: 3)
                    page.field(5) { $0.field(1, Array("statistics".utf8)) }
                }
            case 2:
                header.field(7) { page in
                    page.field(1, int32: valueCount)
                    page.field(2, int32: encoding)
                }
            case 3:
                header.field(8) { page in
                    page.field(1, int32: valueCount)
                    page.field(2, int32: 0)
                    page.field(3, int32: valueCount)
                    page.field(4, int32: encoding)
                    page.field(5, int32: levels.count)
                    page.field(6, int32: 0)
                    if !isCompressed { page.field(7, false) }
                }
            default: header.field(6) { _ in }
            }
        }
        return header + stored
    }

    private func compress(_ bytes: [UInt8], _ codec: PageCodec) throws -> [UInt8] {
        switch codec {
        case .none: return bytes
        case .snappy: return TestBlocks.snappy(bytes)
        case .lz4: return TestBlocks.lz4(bytes)
        case .gzip:
            // Two members, as some writers leave them.
            var encoder = GzipEncoder()
            var result: [UInt8] = []
            for part in [bytes[..<(bytes.count / 2)], bytes[(bytes.count / 2)...]] {
                encoder.append(Array(part).span, to: &result)
                encoder.finish(into: &result)
            }
            return result
        case .zstandard:
            var encoder = try ZstandardEncoder()
            var result: [UInt8] = []
            try encoder.appendFrame(of: bytes.span, to: &result)
            return result
        }
    }
}

/// A file of one column that a test puts together.
struct TestFile {
    var name = "text"
    /// Groups around the column, from the outermost.
    var groups: [String] = []
    /// The repetition of the column, and of the groups around it.
    var repetition = 0
    var type = 6
    var convertedType: Int? = 0
    var logicalType: Int? = 1
    var codec = PageCodec.none
    var codecNumber: Int?
    var isEncrypted = false
    var isElsewhere = false
    var end = "PAR1"
    var rowCountError = 0
    var offsetError = 0
    var hasDictionaryOffset = true

    /// The file of these row groups.
    func bytes(_ rowGroups: [[TestPage]]) throws -> [UInt8] {
        var bytes = Array("PAR1".utf8)
        struct Entry {
            var start: Int
            var dataStart: Int?
            var byteCount: Int
            var valueCount: Int
        }
        var entries: [Entry] = []
        for pages in rowGroups {
            var entry = Entry(start: bytes.count, byteCount: 0, valueCount: 0)
            for page in pages {
                if page.type != 2, entry.dataStart == nil { entry.dataStart = bytes.count }
                bytes += try page.bytes(codec)
                if page.type == 0 || page.type == 3 {
                    entry.valueCount += max(0, page.valueCount)
                }
            }
            entry.byteCount = bytes.count - entry.start
            entries.append(entry)
        }
        let rowCount = entries.reduce(0) { $0 + $1.valueCount } + rowCountError
        let footer = ThriftWriter.structure { footer in
            footer.field(1, int32: 2)
            let elements = ["root"] + groups + [name]
            footer.field(2, structures: Array(elements.enumerated())) { element, item in
                let isLeaf = item.offset == elements.count - 1
                if isLeaf { element.field(1, int32: type) }
                if item.offset > 0 { element.field(3, int32: repetition) }
                element.field(4, Array(item.element.utf8))
                if !isLeaf {
                    element.field(5, int32: 1)
                } else {
                    if let convertedType { element.field(6, int32: convertedType) }
                    if let logicalType { element.field(10) { $0.field(logicalType) { _ in } } }
                }
            }
            footer.field(3, int64: rowCount)
            footer.field(4, structures: entries) { group, entry in
                group.field(1, structures: [entry]) { column, entry in
                    if isElsewhere { column.field(1, Array("b.parquet".utf8)) }
                    column.field(2, int64: entry.start)
                    column.field(3) { metadata in
                        metadata.field(1, int32: type)
                        metadata.field(2, int32s: [0, 3])
                        metadata.field(3, texts: groups + [name])
                        metadata.field(4, int32: codecNumber ?? codec.rawValue)
                        metadata.field(5, int64: entry.valueCount + rowCountError)
                        metadata.field(6, int64: entry.byteCount)
                        metadata.field(7, int64: entry.byteCount)
                        metadata.field(
                            9, int64: (entry.dataStart ?? entry.start) + offsetError)
                        if hasDictionaryOffset, entry.dataStart != entry.start {
                            metadata.field(11, int64: entry.start)
                        } else {
                            metadata.field(11, int64: 0)
                        }
                    }
                    if isEncrypted { column.field(8) { $0.field(1) { _ in } } }
                }
                group.field(2, int64: entry.byteCount)
                group.field(3, int64: entry.valueCount + rowCountError)
            }
            footer.field(6, Array("a test".utf8))
        }
        bytes += footer
        bytes += (0..<4).map { UInt8(truncatingIfNeeded: footer.count >> (8 * $0)) }
        return bytes + Array(end.utf8)
    }
}

/// How tests write values.
enum TestEncoding: CaseIterable {
    case plain, dictionary, oldDictionary, lengths, prefixes

    /// The pages of `values`, of about `pageSize` rows each.
    func pages(
        _ values: [[UInt8]?], version: Int, isOptional: Bool, pageSize: Int
    ) -> [TestPage] {
        var pages: [TestPage] = []
        var places: [[UInt8]: Int] = [:]
        var dictionary: [[UInt8]] = []
        if self == .dictionary || self == .oldDictionary {
            for value in values.compactMap({ $0 }) where places[value] == nil {
                places[value] = dictionary.count
                dictionary.append(value)
            }
            pages.append(
                TestPage(
                    type: 2, valueCount: dictionary.count, encoding: self == .dictionary ? 0 : 2,
                    content: dictionary.flatMap(plainValue)))
        }
        for start in stride(from: 0, to: values.count, by: pageSize) {
            let rows = values[start..<min(values.count, start + pageSize)]
            let present = rows.compactMap { $0 }
            var levels: [UInt8] = []
            if isOptional {
                levels = runs(rows.map { $0 == nil ? 0 : 1 }, width: 1)
                if version == 1 { levels = word(levels.count) + levels }
            }
            let content: [UInt8]
            let encoding: Int
            switch self {
            case .plain:
                (content, encoding) = (present.flatMap(plainValue), 0)
            case .dictionary, .oldDictionary:
                let width = Int.bitWidth - max(0, dictionary.count - 1).leadingZeroBitCount
                content = [UInt8(width)] + runs(present.map { places[$0]! }, width: width)
                encoding = self == .dictionary ? 8 : 2
            case .lengths:
                content = deltas(present.map(\.count)) + present.joined()
                encoding = 6
            case .prefixes:
                var last: [UInt8] = []
                let prefixes = present.map { value in
                    let count = zip(last, value).prefix { $0 == $1 }.count
                    last = value
                    return count
                }
                let rests = zip(prefixes, present).map { $1.dropFirst($0) }
                content = deltas(prefixes) + deltas(rests.map(\.count)) + rests.joined()
                encoding = 7
            }
            pages.append(
                TestPage(
                    type: version == 1 ? 0 : 3, valueCount: rows.count, encoding: encoding,
                    levels: levels, content: content))
        }
        return pages
    }
}

func word(_ number: Int) -> [UInt8] {
    (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
}

func plainValue(_ value: [UInt8]) -> [UInt8] { word(value.count) + value }

/// Numbers packed one behind the other, the lowest bits first.
func packed(_ numbers: [UInt64], width: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: (numbers.count * width + 7) / 8)
    for (index, number) in numbers.enumerated() {
        for bit in 0..<width where number >> UInt64(bit) & 1 == 1 {
            let place = index * width + bit
            bytes[place / 8] |= 1 << UInt8(place % 8)
        }
    }
    return bytes
}

/// Numbers in runs of equal ones where there are 8 or more, and else in packed groups.
func runs(_ numbers: [Int], width: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var index = 0
    while index < numbers.count {
        let end = numbers[index...].firstIndex { $0 != numbers[index] } ?? numbers.count
        if end - index >= 8 {
            appendVarint(UInt64(end - index) << 1, to: &bytes)
            for byte in 0..<(width + 7) / 8 {
                bytes.append(UInt8(truncatingIfNeeded: numbers[index] >> (8 * byte)))
            }
            index = end
        } else {
            var group = numbers[index..<min(numbers.count, index + 8)].map { UInt64($0) }
            index += group.count
            group += Array(repeating: 0, count: 8 - group.count)
            appendVarint(1 << 1 | 1, to: &bytes)
            bytes += packed(group, width: width)
        }
    }
    return bytes
}

/// Numbers as differences, in blocks of 128 with four parts.
func deltas(_ numbers: [Int]) -> [UInt8] {
    func zigzag(_ value: Int) -> UInt64 { UInt64(bitPattern: Int64(value << 1 ^ value >> 63)) }
    var bytes: [UInt8] = []
    appendVarint(128, to: &bytes)
    appendVarint(4, to: &bytes)
    appendVarint(UInt64(numbers.count), to: &bytes)
    appendVarint(zigzag(numbers.first ?? 0), to: &bytes)
    let differences = zip(numbers.dropFirst(), numbers).map { $0 &- $1 }
    for start in stride(from: 0, to: differences.count, by: 128) {
        let block = differences[start..<min(differences.count, start + 128)]
        let least = block.min()!
        appendVarint(zigzag(least), to: &bytes)
        var widths: [UInt8] = []
        var parts: [UInt8] = []
        for part in 0..<4 {
            var rest = block.dropFirst(32 * part).prefix(32).map {
                UInt64(bitPattern: Int64($0 &- least))
            }
            let width = rest.isEmpty ? 0 : 64 - rest.map(\.leadingZeroBitCount).min()!
            widths.append(UInt8(width))
            guard !rest.isEmpty else { continue }
            rest += Array(repeating: 0, count: 32 - rest.count)
            parts += packed(rest, width: width)
        }
        bytes += widths + parts
    }
    return bytes
}

/// Compressors of blocks, simple and slow.
enum TestBlocks {
    private enum Part {
        case literal(ArraySlice<UInt8>)
        case copy(distance: Int, count: Int)
    }

    /// Literals and copies, by the last place of each four bytes.
    private static func parts(_ bytes: [UInt8], end: Int) -> [Part] {
        var places: [[UInt8]: Int] = [:]
        var parts: [Part] = []
        var (start, index) = (0, 0)
        while index + 4 <= end {
            let key = Array(bytes[index..<index + 4])
            let last = places.updateValue(index, forKey: key)
            guard let place = last, index - place < 65_536 else {
                index += 1
                continue
            }
            var count = 4
            while index + count < end, bytes[place + count] == bytes[index + count] { count += 1 }
            if start < index { parts.append(.literal(bytes[start..<index])) }
            parts.append(.copy(distance: index - place, count: count))
            index += count
            start = index
        }
        if start < bytes.count { parts.append(.literal(bytes[start...])) }
        return parts
    }

    static func snappy(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        appendVarint(UInt64(bytes.count), to: &result)
        for part in parts(bytes, end: bytes.count) {
            switch part {
            case .literal(let literal):
                let size = literal.count - 1
                if size < 60 {
                    result.append(UInt8(size) << 2)
                } else {
                    let byteCount = (Int.bitWidth - size.leadingZeroBitCount + 7) / 8
                    result.append(UInt8(59 + byteCount) << 2)
                    result += word(size).prefix(byteCount)
                }
                result += literal
            case .copy(let distance, var count):
                while count > 0 {
                    let part = min(64, count)
                    if part >= 4, part < 12, distance < 2_048 {
                        result.append(UInt8(distance >> 8) << 5 | UInt8(part - 4) << 2 | 1)
                        result.append(UInt8(distance & 0xFF))
                    } else if distance % 2 == 0 {
                        result.append(UInt8(part - 1) << 2 | 2)
                        result += word(distance).prefix(2)
                    } else {
                        result.append(UInt8(part - 1) << 2 | 3)
                        result += word(distance)
                    }
                    count -= part
                }
            }
        }
        return result
    }

    static func lz4(_ bytes: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        func rest(_ count: Int) -> [UInt8] {
            guard count >= 15 else { return [] }
            return Array(repeating: 255, count: (count - 15) / 255) + [UInt8((count - 15) % 255)]
        }
        var literal: ArraySlice<UInt8> = []
        // The last bytes are always literals.
        for part in parts(bytes, end: max(0, bytes.count - 5)) {
            switch part {
            case .literal(let bytes): literal = bytes
            case .copy(let distance, let count):
                result.append(UInt8(min(15, literal.count)) << 4 | UInt8(min(15, count - 4)))
                result += rest(literal.count) + literal + word(distance).prefix(2)
                result += rest(count - 4)
                literal = []
            }
        }
        result.append(UInt8(min(15, literal.count)) << 4)
        return result + rest(literal.count) + literal
    }
}

/// Numbers that follow from a seed, so that a failure can be seen again.
struct SeededGenerator: RandomNumberGenerator {
    private var words: SplitMix64

    init(_ seed: UInt64) { words = SplitMix64(seed: seed) }

    mutating func next() -> UInt64 { words.next() }
}

/// Strings that share beginnings and words, some of them empty, long or no UTF-8; `nullShare` in 8
/// are missing.
func strings(
    _ count: Int, nullShare: Int, _ draw: inout SeededGenerator
) -> [[UInt8]?] {
    let words = ["grain", "flour", " of ", "mill", "麦", "stone ", "\n"]
    var values: [[UInt8]?] = []
    for _ in 0..<count {
        if Int.random(in: 0..<8, using: &draw) < nullShare {
            values.append(nil)
            continue
        }
        switch Int.random(in: 0..<20, using: &draw) {
        case 0: values.append([])
        case 1: values.append([0xFF, 0x00, 0xC3])
        case 2:
            values.append(
                (0..<Int.random(in: 0..<3_000, using: &draw)).map { _ in
                    UInt8.random(in: 0...255, using: &draw)
                })
        case 3...8: values.append(values.last.flatMap { $0 } ?? Array("grain".utf8))
        default:
            let text = (0..<Int.random(in: 1..<40, using: &draw)).map { _ in
                words.randomElement(using: &draw)!
            }
            values.append(Array(text.joined().utf8))
        }
    }
    return values
}

/// All values of a column.
func readAll(
    _ path: String, _ column: [String] = ["text"], rowGroups: Range<Int>? = nil,
    limits: ParquetLimits = ParquetLimits()
) throws(ParquetError) -> [ParquetValue] {
    let file = try ParquetFile(path: path)
    var reader = ParquetReader(
        try file.column(at: column), rowGroups: rowGroups, limits: limits)
    var values: [ParquetValue] = []
    while let value = try reader.next() { values.append(value) }
    return values
}

func expected(_ values: [[UInt8]?]) -> [ParquetValue] {
    values.map { $0.map(ParquetValue.bytes) ?? .null }
}
