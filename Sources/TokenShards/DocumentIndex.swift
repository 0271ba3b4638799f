import Bytes
import Files

/// Place of one document in a shard, and the length and hash of its text.
public struct DocumentEntry: Equatable, Sendable {
    /// The number of its first token in the shard; its end-of-text token belongs to it.
    public var firstToken: Int
    /// The length of its text in bytes.
    public var byteCount: Int
    /// The XXH64 of its text.
    public var contentHash: UInt64
    /// Place in its source; nil where that was not recorded.
    public var place: DocumentPlace?
}

/// Place of a document in its source.
public enum DocumentPlace: Hashable, Sendable {
    /// A line, counted from 1.
    case line(Int)
    /// A part of a text file between separators, counted from 1.
    case part(Int)
    /// An element of a JSON array, or an object among others, counted from 1.
    case item(Int)
    /// A row of a file of columns, counted from 1.
    case row(Int)

    /// Number of a unit, from 1.
    public var number: Int {
        switch self {
        case .line(let number), .part(let number), .item(let number), .row(let number): number
        }
    }

    /// The word of an index entry: the number, and in the highest byte what it counts; 0 for
    /// unknown.
    static func word(of place: DocumentPlace?) -> UInt64 {
        switch place {
        case .line(let number): UInt64(number) & numberMask | 1 << 56
        case .part(let number): UInt64(number) & numberMask | 2 << 56
        case .item(let number): UInt64(number) & numberMask | 3 << 56
        case .row(let number): UInt64(number) & numberMask | 4 << 56
        case nil: 0
        }
    }

    /// The place that ``word(of:)`` made `word` of; nil for any other word.
    init?(word: UInt64) {
        let number = Int(word & Self.numberMask)
        switch word >> 56 {
        case 1: self = .line(number)
        case 2: self = .part(number)
        case 3: self = .item(number)
        case 4: self = .row(number)
        default: return nil
        }
    }

    private static let numberMask: UInt64 = 1 << 56 - 1
}

/// The file beside a shard that says where each document begins and what its text was.
///
/// Layout, little-endian: the eight bytes `QUERNIDX`; a 32-bit version, 2; the 32-bit size of an
/// entry, 32; the 64-bit number of entries; then for each document four 64-bit words: first token,
/// bytes of text, XXH64 of the text, and its place in the source: a number, with 1 in the highest
/// byte if it counts lines, 2 if it counts parts of a text file, 3 if items of a JSON file, 4 if
/// rows of a file of columns. Version 1 has entries of 24 bytes, without the place. Version 3 goes
/// on behind the entries with what is to be learned of conversations, where the ids do not tell:
/// the 64-bit number of ranges, and for each in order the 64-bit number of its first token in the
/// shard and of the one behind its last. No format of the field records what a document's text was
/// and where it came from, and without that it cannot be shown that a shard decodes to its source.
struct DocumentIndex {
    static let magic = Array("QUERNIDX".utf8)
    static let headerByteCount = 24
    static let version: UInt32 = 2
    static let versionWithAnswers: UInt32 = 3
    static let entryByteCount = 32

    private enum Entries {
        /// A file, and the bytes of an entry in it.
        case file(MappedFile, Int)
        /// The first token of each document, where no file has an index.
        case firstTokens([Int])
    }

    private let entries: Entries
    let count: Int
    /// The number of ranges that are to be learned; nil where nothing says which.
    let answerCount: Int?

    /// An index of documents of which no more is known than where they begin.
    init(firstTokens: [Int]) {
        entries = .firstTokens(firstTokens)
        count = firstTokens.count
        answerCount = nil
    }

    init(path: String) throws(ShardError) {
        let file: MappedFile
        do throws(FileError) {
            file = try MappedFile(path: path)
        } catch {
            throw .file(error)
        }
        guard file.byteCount >= Self.headerByteCount else {
            throw .badShard(path: path, reason: "it ends inside its header")
        }
        let (entrySize, announced, hasAnswers) = file.withBytes { bytes -> (Int?, UInt64, Bool) in
            var matches = true
            for (offset, byte) in Self.magic.enumerated() {
                matches = matches && bytes.byte(at: offset) == byte
            }
            let version = bytes.littleEndian(at: 8, as: UInt32.self)
            let size = bytes.littleEndian(at: 12, as: UInt32.self)
            let isKnown = matches && (version, size) == (Self.version, UInt32(Self.entryByteCount))
            let isFirst = matches && (version, size) == (1, 24)
            let isThird =
                matches && (version, size) == (Self.versionWithAnswers, UInt32(Self.entryByteCount))
            return (
                isKnown || isFirst || isThird ? Int(size) : nil,
                bytes.littleEndian(at: 16, as: UInt64.self), isThird
            )
        }
        guard let entrySize else { throw .badShard(path: path, reason: "it is no document index") }
        var body = file.byteCount - Self.headerByteCount
        var answers: Int?
        if hasAnswers {
            // Only as many entries as there is room for are taken from the file's own word.
            let entryBytes = Int(clamping: announced).multipliedReportingOverflow(by: entrySize)
            let end = Self.headerByteCount.addingReportingOverflow(entryBytes.partialValue)
            guard !entryBytes.overflow, !end.overflow, end.partialValue >= Self.headerByteCount,
                end.partialValue + 8 <= file.byteCount
            else { throw .badShard(path: path, reason: "it ends inside its entries") }
            let tail = file.byteCount - end.partialValue - 8
            let number = file.withBytes {
                $0.littleEndian(at: end.partialValue, as: UInt64.self)
            }
            guard tail % 16 == 0, number == UInt64(tail / 16) else {
                throw .badShard(
                    path: path, reason: "its size does not agree with the \(number) answers in it")
            }
            answers = tail / 16
            body = entryBytes.partialValue
        }
        answerCount = answers
        guard body % entrySize == 0, announced == UInt64(body / entrySize) else {
            throw .badShard(
                path: path,
                reason: "its size does not agree with the \(announced) entries it announces")
        }
        entries = .file(file, entrySize)
        count = body / entrySize
    }

    /// Bytes of its file; 0 where it has none.
    var byteCount: Int {
        switch entries {
        case .firstTokens: 0
        case .file(let file, _): file.byteCount
        }
    }

    /// Takes what was read of its file out of the process's memory. O(pages in memory).
    func forgetPages() {
        if case .file(let file, _) = entries { file.forget() }
    }

    /// Range `number` of those that are to be learned, which must be below ``answerCount``.
    private func answer(_ number: Int) -> Range<Int> {
        guard case .file(let file, let entryByteCount) = entries else { return 0..<0 }
        let offset = Self.headerByteCount + count * entryByteCount + 8 + number * 16
        return file.withBytes { bytes in
            let start = Int(
                truncatingIfNeeded: bytes.littleEndian(at: offset, as: UInt64.self))
            let end = Int(
                truncatingIfNeeded: bytes.littleEndian(at: offset + 8, as: UInt64.self))
            // A file that was not verified may say anything.
            return start..<max(start, end)
        }
    }

    /// Whether the ranges follow one another within so many tokens. O(their number).
    func answersAreInOrder(tokenCount: Int) -> Bool {
        var end = 0
        for number in 0..<(answerCount ?? 0) {
            let range = answer(number)
            guard range.lowerBound >= end, range.upperBound <= tokenCount else { return false }
            end = range.upperBound
        }
        return true
    }

    /// The ranges that are to be learned within `tokens`. O(log of all + their number).
    func answers(in tokens: Range<Int>) -> [Range<Int>] {
        guard let answerCount else { return [] }
        var (low, high) = (0, answerCount)
        while low < high {
            let middle = (low + high) / 2
            if answer(middle).upperBound <= tokens.lowerBound {
                low = middle + 1
            } else {
                high = middle
            }
        }
        var found: [Range<Int>] = []
        for number in low..<answerCount {
            let range = answer(number)
            guard range.lowerBound < tokens.upperBound else { break }
            let part = range.clamped(to: tokens)
            if !part.isEmpty { found.append(part) }
        }
        return found
    }

    /// Entry `index`, which must be below ``count``.
    subscript(index: Int) -> DocumentEntry {
        precondition(index >= 0 && index < count, "document \(index) of \(count)")
        switch entries {
        case .firstTokens(let firstTokens):
            return DocumentEntry(
                firstToken: firstTokens[index], byteCount: 0, contentHash: 0, place: nil)
        case .file(let file, let entryByteCount):
            let offset = Self.headerByteCount + index * entryByteCount
            return file.withBytes { bytes in
                DocumentEntry(
                    firstToken: Int(
                        truncatingIfNeeded: bytes.littleEndian(at: offset, as: UInt64.self)),
                    byteCount: Int(
                        truncatingIfNeeded: bytes.littleEndian(at: offset + 8, as: UInt64.self)),
                    contentHash: bytes.littleEndian(at: offset + 16, as: UInt64.self),
                    place: entryByteCount < Self.entryByteCount
                        ? nil
                        : DocumentPlace(
                            word: bytes.littleEndian(at: offset + 24, as: UInt64.self)))
            }
        }
    }

    /// The XXH64 of the whole file, or of the first tokens. O(bytes).
    func checksum() -> UInt64 {
        switch entries {
        case .firstTokens(let firstTokens): unsafe XXH64.hash(of: firstTokens.span.bytes)
        case .file(let file, _): file.withBytes { XXH64.hash(of: $0) }
        }
    }
}

extension RawSpan {
    /// The byte at `offset`, which is checked.
    func byte(at offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount, "byte \(offset) of \(byteCount)")
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// The little-endian integer at `offset`, which is checked and need not be aligned.
    func littleEndian<Value: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, as type: Value.Type
    ) -> Value {
        precondition(
            offset >= 0 && offset + MemoryLayout<Value>.size <= byteCount,
            "bytes from \(offset) of \(byteCount)")
        return Value(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: type))
    }
}
