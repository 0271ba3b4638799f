/// The limits that a document must keep to stay, each of which is off unless it is given.
///
/// The rules on lines and letters are in the manner of Gopher's repetition and quality filters (Rae
/// et al., 2021, table A1, <https://arxiv.org/abs/2112.11446>, which takes 0.3 and 0.2 for the two
/// shares of repeated lines); each is defined here in full, so that the figures can be checked by
/// counting.
public struct DocumentFilter: Codable, Sendable, Equatable {
    /// The least number of bytes.
    public var minimumByteCount: Int?
    /// The greatest number of bytes.
    public var maximumByteCount: Int?
    /// The least number of words; see ``WordScanner``.
    public var minimumWordCount: Int?
    /// The greatest number of words.
    public var maximumWordCount: Int?
    /// The greatest share of lines that stood in the document before, from 0 to 1.
    ///
    /// White space around a line does not count, and neither do blank lines.
    public var maximumRepeatedLineShare: Double?
    /// The greatest share that those lines have of the bytes of all lines, from 0 to 1.
    public var maximumRepeatedLineByteShare: Double?
    /// The greatest share of what is no letter, from 0 to 1: the ASCII bytes that are neither
    /// letters nor white space, of all bytes that are no ASCII white space.
    ///
    /// Bytes beyond ASCII count as letters, so that no script is at a disadvantage.
    public var maximumNonLetterShare: Double?

    /// The keys of the JSON object, each of which may be left out. They also name the rules.
    package enum CodingKeys: String, CodingKey, CaseIterable, Sendable {
        case minimumByteCount = "min_bytes"
        case maximumByteCount = "max_bytes"
        case minimumWordCount = "min_words"
        case maximumWordCount = "max_words"
        case maximumRepeatedLineShare = "max_repeated_lines"
        case maximumRepeatedLineByteShare = "max_repeated_line_bytes"
        case maximumNonLetterShare = "max_non_letters"
    }

    /// A filter that lets everything through.
    public init() {}

    /// The first rule, in the order of the keys, that `text` breaks; `nil` if it keeps all.
    /// O(bytes).
    func brokenRule(of text: Span<UInt8>) -> CodingKeys? {
        if let minimumByteCount, text.count < minimumByteCount { return .minimumByteCount }
        if let maximumByteCount, text.count > maximumByteCount { return .maximumByteCount }
        if minimumWordCount != nil || maximumWordCount != nil {
            var count = 0
            WordScanner.forEachWord(of: text) { _ in count += 1 }
            if let minimumWordCount, count < minimumWordCount { return .minimumWordCount }
            if let maximumWordCount, count > maximumWordCount { return .maximumWordCount }
        }
        if maximumRepeatedLineShare != nil || maximumRepeatedLineByteShare != nil {
            let lines = LineRepetition(text)
            if let maximumRepeatedLineShare, lines.share > maximumRepeatedLineShare {
                return .maximumRepeatedLineShare
            }
            if let maximumRepeatedLineByteShare, lines.byteShare > maximumRepeatedLineByteShare {
                return .maximumRepeatedLineByteShare
            }
        }
        if let maximumNonLetterShare, Self.nonLetterShare(of: text) > maximumNonLetterShare {
            return .maximumNonLetterShare
        }
        return nil
    }

    /// The share that ``maximumNonLetterShare`` bounds; 0 where there is only white space.
    static func nonLetterShare(of text: Span<UInt8>) -> Double {
        var (visible, other) = (0, 0)
        for index in text.indices {
            let byte = text[index]
            let isSpace = byte == 0x20 || byte &- 9 < 5
            let isLetter = byte >= 0x80 || (byte | 0x20) &- 0x61 < 26
            visible &+= isSpace ? 0 : 1
            other &+= isSpace || isLetter ? 0 : 1
        }
        return visible == 0 ? 0 : Double(other) / Double(visible)
    }

    /// Throws if a limit makes no sense.
    func validate() throws(RefinementError) {
        for (least, greatest, key) in [
            (minimumByteCount, maximumByteCount, CodingKeys.maximumByteCount),
            (minimumWordCount, maximumWordCount, .maximumWordCount),
        ] {
            if let least, let greatest, least > greatest {
                throw .badValue(key: key.rawValue, wish: "must not be less than the minimum")
            }
        }
    }
}
