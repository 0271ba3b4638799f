import Bytes
import Compression

/// Finds the texts in a tar file: the files in it whose names tell a text.
///
/// Source: POSIX.1-2017, `pax`, "ustar Interchange Format" and "pax Header Block"; names of any
/// length in the way of GNU tar as well ("Basic Tar Format" in its manual).
struct TarCutter: SegmentCutter {
    private enum Place {
        /// Before the header of an entry.
        case beforeEntry
        /// In a text, of which so many bytes are still to come, and bytes of padding behind it.
        case inText(Int, padding: Int)
        /// In what is passed over.
        case inOther(Int)
        /// Behind the last entry.
        case behindEntries
    }

    /// Files in it that began.
    private(set) var fileCount = 0
    /// Those of them that are texts.
    private(set) var textCount = 0
    /// The name of the last that began.
    private(set) var name: [UInt8] = []
    /// Names of some that are no texts.
    private(set) var otherNames: [[UInt8]] = []

    private var place = Place.beforeEntry
    /// A header began of which not all is there yet.
    private var isInHeader = false
    /// What extended headers say of the next entry.
    private var extended = Extended()

    private struct Extended {
        var name: [UInt8]?
        var byteCount: Int?
    }

    private static let blockByteCount = 512
    /// The longest extended header that is read.
    static let extendedLimit = 1 << 16

    var reach: Int { Self.blockByteCount + Self.extendedLimit }

    var faultAtEnd: String? {
        switch place {
        case .inText, .inOther: "it ends inside entry \(fileCount)"
        case .beforeEntry, .behindEntries:
            isInHeader ? "it ends inside the header of entry \(fileCount + 1)" : nil
        }
    }

    mutating func look(through bytes: Span<UInt8>) -> SegmentFinding {
        switch place {
        case .inText(let count, let padding) where count <= bytes.count:
            place = padding > 0 ? .inOther(padding) : .beforeEntry
            return .end(count, next: count)
        case .inText(let count, let padding):
            place = .inText(count - bytes.count, padding: padding)
            return .inside(kept: 0)
        case .inOther(let count):
            guard bytes.count > 0 else { return .inside(kept: 0) }
            let passed = min(count, bytes.count)
            place = passed == count ? .beforeEntry : .inOther(count - passed)
            return .before(passed)
        case .behindEntries:
            return bytes.count > 0 ? .before(bytes.count) : .inside(kept: 0)
        case .beforeEntry:
            return lookForEntry(bytes)
        }
    }

    private mutating func lookForEntry(_ bytes: Span<UInt8>) -> SegmentFinding {
        guard bytes.count >= Self.blockByteCount else { return waitForHeader(bytes) }
        isInHeader = false
        let header = Array(copying: bytes.extracting(first: Self.blockByteCount))
        guard header.contains(where: { $0 != 0 }) else {
            place = .behindEntries
            return .before(Self.blockByteCount)
        }
        guard let byteCount = Self.number(header[124..<136]), Self.isSound(header) else {
            return .fault(offset: 0, reason: "expected the header of an entry of a tar file")
        }
        let kind = header[156]
        switch kind {
        case UInt8(ascii: "x"), UInt8(ascii: "L"):
            guard byteCount <= Self.extendedLimit else {
                return .fault(
                    offset: 0,
                    reason: "an extended header is above \(Self.extendedLimit) bytes")
            }
            let whole = Self.blockByteCount + Self.padded(byteCount)
            guard bytes.count >= whole else { return waitForHeader(bytes) }
            let data = Array(
                copying: bytes.extracting(Self.blockByteCount..<Self.blockByteCount + byteCount))
            guard kind == UInt8(ascii: "x") else {
                extended.name = Array(data.prefix { $0 != 0 })
                return .before(whole)
            }
            guard read(records: data) else {
                return .fault(
                    offset: Self.blockByteCount, reason: "expected records of an extended header")
            }
            return .before(whole)
        case UInt8(ascii: "S"):
            return .fault(offset: 0, reason: "a file with holes (sparse) is not read")
        case 0, UInt8(ascii: "0"), UInt8(ascii: "7"):
            begin(header, extended.byteCount ?? byteCount)
            return .before(Self.blockByteCount)
        default:
            // Links and folders have no bytes, whatever stands in the field of their size.
            let isEmpty = (UInt8(ascii: "1")...UInt8(ascii: "6")).contains(kind)
            let passed = isEmpty ? 0 : Self.padded(extended.byteCount ?? byteCount)
            // Headers for all entries and long names of links say nothing of the next name.
            if ![UInt8(ascii: "g"), UInt8(ascii: "K")].contains(kind) { extended = Extended() }
            place = passed > 0 ? .inOther(passed) : .beforeEntry
            return .before(Self.blockByteCount)
        }
    }

    /// Asks for more bytes than these, with which a header begins.
    private mutating func waitForHeader(_ bytes: Span<UInt8>) -> SegmentFinding {
        isInHeader = bytes.count > 0
        return .inside(kept: bytes.count)
    }

    private mutating func begin(_ header: [UInt8], _ byteCount: Int) {
        fileCount += 1
        name = extended.name ?? Self.name(header)
        extended = Extended()
        let padding = Self.padded(byteCount) - byteCount
        if Self.isText(name) {
            textCount += 1
            place = .inText(byteCount, padding: padding)
        } else {
            if otherNames.count < 3 { otherNames.append(name) }
            place = byteCount > 0 ? .inOther(byteCount + padding) : .beforeEntry
        }
    }

    /// Reads records of the form "length keyword=value\n", and keeps those about names and sizes;
    /// false if they are none.
    private mutating func read(records: [UInt8]) -> Bool {
        var rest = records[...]
        while let first = rest.first, first != 0 {
            guard let space = rest.firstIndex(of: 0x20),
                let length = Int(String(decoding: rest[..<space], as: UTF8.self)),
                length > space - rest.startIndex + 2, length <= rest.count
            else { return false }
            let record = rest[(space + 1)..<(rest.startIndex + length - 1)]
            guard rest[rest.startIndex + length - 1] == 0x0A,
                let equals = record.firstIndex(of: UInt8(ascii: "="))
            else { return false }
            let value = Array(record[(equals + 1)...])
            switch String(decoding: record[..<equals], as: UTF8.self) {
            case "path": extended.name = value
            case "size":
                guard let size = Int(String(decoding: value, as: UTF8.self)),
                    (0...Self.largestByteCount).contains(size)
                else { return false }
                extended.byteCount = size
            default: break
            }
            rest = rest.dropFirst(length)
        }
        return true
    }

    /// More than any disk has, and far from the greatest number.
    private static let largestByteCount = 1 << 56

    private static func padded(_ byteCount: Int) -> Int {
        (byteCount + blockByteCount - 1) / blockByteCount * blockByteCount
    }

    /// A number in octal digits, or, where the first bit is set, in binary ones; nil if it is none.
    private static func number(_ field: ArraySlice<UInt8>) -> Int? {
        if let first = field.first, first & 0x80 != 0 {
            var value = Int(first & 0x7F)
            for byte in field.dropFirst() {
                guard value <= largestByteCount >> 8 else { return nil }
                value = value << 8 | Int(byte)
            }
            return value <= largestByteCount ? value : nil
        }
        let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
        if digits.isEmpty { return 0 }
        return Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 < 0 ? nil : $0 }
    }

    /// Whether the sum of a header's bytes, its own field taken for spaces, is what it says.
    private static func isSound(_ header: [UInt8]) -> Bool {
        let field = 148..<156
        guard let stated = number(header[field]) else { return false }
        let sum = header.indices.reduce(0) { $0 + (field.contains($1) ? 32 : Int(header[$1])) }
        return sum == stated
    }

    private static func name(_ header: [UInt8]) -> [UInt8] {
        let name = Array(header[..<100].prefix { $0 != 0 })
        // GNU tar has other things in the place of the front.
        guard header[257..<263].elementsEqual(Array("ustar\0".utf8)) else { return name }
        let front = Array(header[345..<500].prefix { $0 != 0 })
        return front.isEmpty ? name : front + [UInt8(ascii: "/")] + name
    }

    /// Whether a name tells a text that is not compressed and not hidden.
    private static func isText(_ name: [UInt8]) -> Bool {
        let text = String(decoding: name, as: UTF8.self)
        guard CompressionFormat(nameOf: text.lowercased()) == nil,
            text.split(separator: "/").last?.hasPrefix(".") == false
        else { return false }
        return CorpusFormat(nameOf: text) == .text
    }
}
