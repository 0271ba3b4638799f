import Bytes

/// A normal form of Unicode, as a `tokenizer.json` names it.
///
/// The forms are those of `tokenizers`, whose tables are of Unicode 9: a code point that was
/// assigned later stays as it is. For those assigned then, all versions agree.
package enum UnicodeForm: String, CaseIterable, Sendable {
    /// Characters and their marks as one code point where there is one.
    case nfc = "NFC"
    /// Marks as code points of their own.
    case nfd = "NFD"
    /// ``nfc`` of what ``nfkd`` gives.
    case nfkc = "NFKC"
    /// ``nfd``, and variants such as `ﬁ` and `²` as what they are variants of.
    case nfkd = "NFKD"

    /// The form's bit among the flags of a code point.
    fileprivate var bit: UInt8 {
        switch self {
        case .nfc: 1
        case .nfd: 2
        case .nfkc: 4
        case .nfkd: 8
        }
    }

    private var composes: Bool { self == .nfc || self == .nfkc }
    private var isCompatible: Bool { self == .nfkc || self == .nfkd }

    /// `text` in this form; `nil` if it is in this form already. O(count of `text`), and O(n log n)
    /// in a run of marks.
    ///
    /// Bytes that are not part of a well-formed sequence stay as they are, and what stands before
    /// and behind them does not meet.
    func normalized(_ text: ByteView) -> [UInt8]? {
        let tables = NormalForms.shared
        guard var place = tables.firstPlace(in: text, from: 0, bit: bit) else { return nil }
        var result: [UInt8] = []
        result.reserveCapacity(text.count + text.count / 8)
        var copied = 0
        var isChanged = false
        while true {
            // The character before may become one with what follows.
            let start = NormalForms.startOfCharacter(in: text, before: place.index, from: copied)
            let end = tables.endOfRun(in: text, from: place.index, bit: bit)
            text.slice(from: copied, to: start).withSpan { result.append(copying: $0) }
            let before = result.count
            tables.append(
                text.slice(from: start, to: end), composes: composes, isCompatible: isCompatible,
                to: &result)
            if !isChanged {
                isChanged =
                    result.count - before != end - start
                    || (start..<end).contains { text[$0] != result[before + $0 - start] }
            }
            copied = end
            guard let next = tables.firstPlace(in: text, from: end, bit: bit) else { break }
            place = next
        }
        guard isChanged else { return nil }
        text.slice(from: copied, to: text.count).withSpan { result.append(copying: $0) }
        return result
    }
}

/// The pinned tables of normal forms, of the characters of words, punctuation and Han.
final class NormalForms: Sendable {
    /// The one set of tables of the process: immutable, about 80 kB, made when first asked for.
    static let shared = NormalForms()

    private let flagBlocks = NormalForms.bytes(NormalFormTable.flagBlocks)
    private let flags = NormalForms.bytes(NormalFormTable.flags)
    private let classBlocks = NormalForms.bytes(NormalFormTable.classBlocks)
    private let classes = NormalForms.bytes(NormalFormTable.classes)
    private let canonical = Decompositions(
        NormalFormTable.canonicalKeys, NormalFormTable.canonicalEnds,
        NormalFormTable.canonicalPool)
    private let compatible = Decompositions(
        NormalFormTable.compatibleKeys, NormalFormTable.compatibleEnds,
        NormalFormTable.compatiblePool)
    private let composites: [UInt64: UInt32]

    /// What code points are taken apart into.
    private struct Decompositions {
        private let places: [UInt32: Range<Int>]
        private let pool: [UInt32]

        init(_ keys: [UInt64], _ ends: [UInt64], _ pool: [UInt64]) {
            self.pool = NormalForms.integers(pool)
            var places: [UInt32: Range<Int>] = [:]
            var start = 0
            // The filling of the last word of the keys is 0, which nothing is taken apart from.
            for (key, end) in zip(NormalForms.integers(keys), NormalForms.integers(ends))
            where key != 0 {
                places[key] = start..<Int(end)
                start = Int(end)
            }
            self.places = places
        }

        subscript(point: UInt32) -> ArraySlice<UInt32>? { places[point].map { pool[$0] } }
    }

    private init() {
        let pairs = zip(
            Self.integers(NormalFormTable.firsts), Self.integers(NormalFormTable.seconds))
        composites = Dictionary(
            zip(
                pairs.map { UInt64($0) << 32 | UInt64($1) },
                Self.integers(NormalFormTable.composites)),
            uniquingKeysWith: { first, _ in first })
    }

    private static func bytes(_ words: [UInt64]) -> OwnedBuffer<UInt8> {
        let buffer = OwnedBuffer<UInt8>(uninitializedCapacity: words.count * 8)
        for (index, word) in words.enumerated() {
            for byte in 0..<8 {
                buffer.view[index * 8 + byte] = UInt8(truncatingIfNeeded: word >> (8 * byte))
            }
        }
        return buffer
    }

    private static func integers(_ words: [UInt64]) -> [UInt32] {
        words.flatMap { [UInt32(truncatingIfNeeded: $0), UInt32($0 >> 32)] }
    }

    @inline(__always)
    private func flags(of point: UInt32) -> UInt8 {
        flags.view[Int(flagBlocks.view[Int(point >> 7)]) << 7 | Int(point & 0x7F)]
    }

    private func combiningClass(of point: UInt32) -> UInt8 {
        classes.view[Int(classBlocks.view[Int(point >> 7)]) << 7 | Int(point & 0x7F)]
    }

    /// Whether `\w` of Rust's expressions matches the code point.
    func isOfWord(_ point: UInt32) -> Bool { flags(of: point) & 0x10 != 0 }

    /// Whether the code point is of general category P.
    @inline(__always)
    func isPunctuation(_ point: UInt32) -> Bool { flags(of: point) & 0x20 != 0 }

    /// Whether the code point is of the script Han.
    @inline(__always)
    func isHan(_ point: UInt32) -> Bool { flags(of: point) & 0x40 != 0 }

    /// The first character at or after `start` that the form of `bit` may change. O(distance).
    func firstPlace(in text: ByteView, from start: Int, bit: UInt8) -> (index: Int, length: Int)? {
        var index = start
        while index < text.count {
            while index &+ 8 <= text.count, text.word(at: index) & 0x8080_8080_8080_8080 == 0 {
                index &+= 8
            }
            guard index < text.count else { return nil }
            if text[index] < 0x80 {
                index &+= 1
                continue
            }
            let (point, length) = decodeCodePoint(text, index)
            if let point, flags(of: point) & bit != 0 { return (index, length) }
            index += length
        }
        return nil
    }

    /// The end of the run of characters that the form of `bit` may change. O(its length).
    func endOfRun(in text: ByteView, from start: Int, bit: UInt8) -> Int {
        var index = start
        while index < text.count {
            let (point, length) = decodeCodePoint(text, index)
            guard let point, flags(of: point) & bit != 0 else { break }
            index += length
        }
        return index
    }

    /// The start of the character that ends at `index`; `index` if none does that starts at
    /// `start` or later.
    static func startOfCharacter(in text: ByteView, before index: Int, from start: Int) -> Int {
        for length in 1...4 where index - length >= start {
            let (point, found) = decodeCodePoint(text, index - length)
            if point != nil { return found == length ? index - length : index }
        }
        return index
    }

    /// Appends a run of characters in a form to `result`. O(n log n).
    func append(_ run: ByteView, composes: Bool, isCompatible: Bool, to result: inout [UInt8]) {
        var points: [(point: UInt32, order: UInt8)] = []
        var index = 0
        while index < run.count {
            let (point, length) = decodeCodePoint(run, index)
            // All of a run are characters.
            if let point { decompose(point, isCompatible, to: &points) }
            index += length
        }
        // Marks in the order of their classes, those of one class in the order of the text.
        var first = 0
        while first < points.count {
            guard points[first].order != 0 else {
                first += 1
                continue
            }
            var end = first + 1
            while end < points.count, points[end].order != 0 { end += 1 }
            if end - first > 1 {
                // The sort of the standard library is stable.
                points[first..<end].sort { $0.order < $1.order }
            }
            first = end
        }
        if composes { compose(&points) }
        for (point, _) in points { Self.append(point, to: &result) }
    }

    private func decompose(
        _ point: UInt32, _ isCompatible: Bool, to points: inout [(point: UInt32, order: UInt8)]
    ) {
        if point >= 0xAC00, point < 0xAC00 + 11172 {
            let number = point - 0xAC00
            points.append((0x1100 + number / 588, 0))
            points.append((0x1161 + number % 588 / 28, 0))
            if number % 28 > 0 { points.append((0x11A7 + number % 28, 0)) }
            return
        }
        let parts = (isCompatible ? compatible[point] : nil) ?? canonical[point] ?? [point]
        for part in parts { points.append((part, combiningClass(of: part))) }
    }

    /// Makes one of each pair that is one, as chapter 3.11 of the Unicode standard says.
    private func compose(_ points: inout [(point: UInt32, order: UInt8)]) {
        var output = 0
        var starter: Int?
        var lastOrder: UInt8 = 0
        for index in points.indices {
            let (point, order) = points[index]
            // A mark is blocked by one of its own class or a higher one, a starter by any mark.
            if let place = starter, output == place + 1 || lastOrder != 0 && lastOrder < order,
                let composite = composite(points[place].point, point)
            {
                points[place].point = composite
                continue
            }
            if order == 0 { starter = output }
            lastOrder = order
            points[output] = (point, order)
            output += 1
        }
        points.removeSubrange(output...)
    }

    private func composite(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if first >= 0x1100, first < 0x1113, second >= 0x1161, second < 0x1176 {
            return 0xAC00 + ((first - 0x1100) * 21 + second - 0x1161) * 28
        }
        if first >= 0xAC00, first < 0xAC00 + 11172, (first - 0xAC00) % 28 == 0, second > 0x11A7,
            second < 0x11C3
        {
            return first + second - 0x11A7
        }
        return composites[UInt64(first) << 32 | UInt64(second)]
    }

    private static func append(_ point: UInt32, to result: inout [UInt8]) {
        switch point {
        case ..<0x80: result.append(UInt8(point))
        case ..<0x800:
            result.append(UInt8(0xC0 | point >> 6))
            result.append(UInt8(0x80 | point & 0x3F))
        case ..<0x10000:
            result.append(UInt8(0xE0 | point >> 12))
            result.append(UInt8(0x80 | point >> 6 & 0x3F))
            result.append(UInt8(0x80 | point & 0x3F))
        default:
            result.append(UInt8(0xF0 | point >> 18))
            result.append(UInt8(0x80 | point >> 12 & 0x3F))
            result.append(UInt8(0x80 | point >> 6 & 0x3F))
            result.append(UInt8(0x80 | point & 0x3F))
        }
    }
}
