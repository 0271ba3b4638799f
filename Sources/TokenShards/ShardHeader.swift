import Bytes

/// The first 1,024 bytes of a shard: 256 little-endian 32-bit words.
///
/// | word | meaning |
/// | --- | --- |
/// | 0, 1 | magic and version: 20240520, 1 for 16-bit ids; 20240801, 7 for 32-bit ids |
/// | 2 | number of tokens |
/// | 8 | version of Quern's own fields, 1 |
/// | 9 | vocabulary size |
/// | 10, 11 | vocabulary fingerprint, low word first |
/// | 12 | end-of-text policy: 0 none, 1 before, 2 after; with tokens that were named instead, 4, |
/// |    | plus 1 if one stands before each document and 2 if one stands behind |
/// | 13 | end-of-text id; or that of the token behind |
/// | 14 | id of the token before, where it was named |
///
/// All others are zero. The layout of words 0 to 2 is llm.c's (`dev/data/data_common.py`), whose
/// readers pass over the rest.
struct ShardHeader: Equatable {
    static let byteCount = 1_024
    /// The reader of llm.c keeps the count in a signed 32-bit integer.
    static let maximumTokenCount = Int(Int32.max)

    /// Version of our own fields, in word 8, where other programs have zero.
    private static let ownVersion: UInt32 = 1

    /// Whether a file of these bytes has such a header with our own fields.
    static func isOurs(_ bytes: RawSpan) -> Bool {
        guard bytes.byteCount >= byteCount else { return false }
        func word(_ number: Int) -> UInt32 { bytes.littleEndian(at: 4 * number, as: UInt32.self) }
        return [TokenWidth.uint16, .uint32].contains { (word(0), word(1)) == magic($0) }
            && word(8) == ownVersion
    }

    /// Magic and version of llm.c's file of ids.
    private static func magic(_ width: TokenWidth) -> (UInt32, UInt32) {
        width == .uint16 ? (20_240_520, 1) : (20_240_801, 7)
    }

    var width: TokenWidth
    var tokenCount: Int
    var vocabularySize: Int
    var vocabularyFingerprint: UInt64
    var endOfText: EndOfTextPolicy
    var endOfTextID: TokenID
    /// The tokens that were named for the bounds of documents, in place of the end-of-text token.
    var named = DocumentMarks()

    /// The tokens around each document.
    var marks: DocumentMarks { named.isEmpty ? DocumentMarks(endOfText, endOfTextID) : named }

    /// The header as it stands in a file.
    var bytes: [UInt8] {
        var words = [UInt32](repeating: 0, count: 256)
        (words[0], words[1]) = Self.magic(width)
        words[2] = UInt32(tokenCount)
        words[8] = Self.ownVersion
        words[9] = UInt32(vocabularySize)
        words[10] = UInt32(truncatingIfNeeded: vocabularyFingerprint)
        words[11] = UInt32(truncatingIfNeeded: vocabularyFingerprint >> 32)
        words[12] =
            switch endOfText {
            case .none: 0
            case .before: 1
            case .after: 2
            }
        words[13] = endOfTextID.rawValue
        if !named.isEmpty {
            words[12] = 4 + (named.begin == nil ? 0 : 1) + (named.end == nil ? 0 : 2)
            words[13] = named.end?.rawValue ?? 0
            words[14] = named.begin?.rawValue ?? 0
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(Self.byteCount)
        for word in words { bytes.append(littleEndian: word) }
        return bytes
    }
}

extension Array where Element == UInt8 {
    /// Appends the bytes of `value`, the lowest first.
    mutating func append<Value: FixedWidthInteger>(littleEndian value: Value) {
        var rest = value
        for _ in 0..<Value.bitWidth / 8 {
            append(UInt8(truncatingIfNeeded: rest))
            rest >>= 8
        }
    }
}
