import Bytes

/// The cut of one document into a text for training and a text that is held out.
///
/// The document is known by its text's hash, so that every process that meets it cuts it alike,
/// wherever it stands; ``CorpusReader`` gives out both texts as documents of their own.
public struct ValidationCut: Sendable, Equatable {
    /// The place where the document was found first.
    public let origin: DocumentOrigin
    /// The ``Document/contentHash`` of the whole document.
    public let documentHash: UInt64
    /// Bytes of the first text.
    public let byteCount: Int
    /// Bytes of the second, which is held out.
    public let heldOutByteCount: Int
    /// The ``Document/contentHash`` of the second.
    public let heldOutHash: UInt64

    /// The fewest bytes of a document that is cut.
    public static let leastByteCount = 1_024
    /// The fewest bytes that are held out.
    static let leastHeldOutByteCount = 64

    /// The cut of `document` where about `wanted` bytes are behind it, at most half of the
    /// document; nil for one that is too small. O(count).
    init?(of document: Document, holdingOut wanted: Int) {
        let text = document.text
        guard text.count >= Self.leastByteCount,
            let last = text.lastIndex(where: { !Self.isSpace($0) })
        else { return nil }
        let most = (last + 1) / 2
        let start = Self.boundary(
            in: text, before: last + 1,
            byteCount: min(max(wanted, Self.leastHeldOutByteCount), most))
        guard start > 0, !isBlank(text.span.extracting(first: start)) else { return nil }
        origin = document.origin
        documentHash = document.contentHash
        byteCount = start
        heldOutByteCount = text.count - start
        heldOutHash = XXH64.hash(of: text.span.extracting(start..<text.count))
    }

    /// Both texts of the document, if it is the one that is cut.
    func parts(of document: Document) -> (first: Document, heldOut: Document)? {
        guard document.contentHash == documentHash,
            document.text.count == byteCount + heldOutByteCount
        else { return nil }
        return (
            Document(text: Array(document.text[..<byteCount]), origin: document.origin),
            Document(text: Array(document.text[byteCount...]), origin: document.origin)
        )
    }

    /// Kinds of places at which a text is cut, the best first.
    private enum Boundary: Int, CaseIterable {
        /// Behind a blank line.
        case paragraph
        case line
        /// Behind the space, or the ideographic full stop, that ends a sentence.
        case sentence
        case word
        /// Between two characters.
        case character
    }

    /// The place of the best kind that lies nearest to `byteCount` bytes before `end`; between half
    /// and twice as many bytes are behind it.
    private static func boundary(in text: [UInt8], before end: Int, byteCount: Int) -> Int {
        let target = end - byteCount
        let places = max(1, end - 2 * byteCount, end / 2)...(end - (byteCount + 1) / 2)
        var best: (kind: Boundary, distance: Int, place: Int)?
        for place in places {
            guard let kind = kind(of: place, in: text) else { continue }
            let distance = abs(place - target)
            if let best,
                (best.kind.rawValue, best.distance) <= (kind.rawValue, distance)
            {
                continue
            }
            best = (kind, distance, place)
        }
        return best?.place ?? target
    }

    private static func kind(of place: Int, in text: [UInt8]) -> Boundary? {
        guard text[place] & 0xC0 != 0x80 else { return nil }
        let before = text[place - 1]
        if before == UInt8(ascii: "\n") {
            let lineEnd = text[place...].firstIndex { !isSpace($0) || $0 == UInt8(ascii: "\n") }
            let isBlankLine = lineEnd.map { text[$0] == UInt8(ascii: "\n") } ?? true
            let earlier = text[..<(place - 1)].last { !isSpace($0) || $0 == UInt8(ascii: "\n") }
            return !isBlankLine && earlier == UInt8(ascii: "\n") ? .paragraph : .line
        }
        if before == UInt8(ascii: " ") {
            let isEnd = place > 1 && [0x2E, 0x21, 0x3F].contains(text[place - 2])
            return isEnd ? .sentence : .word
        }
        let isFullStop = place > 2 && text[(place - 3)..<place].elementsEqual([0xE3, 0x80, 0x82])
        return isFullStop ? .sentence : .character
    }

    private static func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || (0x09...0x0D).contains(byte)
    }
}
