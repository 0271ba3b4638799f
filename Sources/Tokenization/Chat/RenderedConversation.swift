import Bytes
public import ChatTemplates

/// Conversation as the text of a template, on its way to ids.
public struct RenderedConversation: Sendable {
    /// The text, each character with its origin.
    public let text: TemplateText
    let vocabulary: Vocabulary

    init(text: TemplateText, vocabulary: Vocabulary) {
        (self.text, self.vocabulary) = (text, vocabulary)
    }

    /// The plain text. O(count).
    public var string: String { text.string }

    /// The ids of the text: control tokens where the template itself writes them, and nowhere
    /// else. O(count).
    ///
    /// - Parameter encoder: an encoder of the template's vocabulary.
    /// - Throws: ``TokenizationError/lackedByte(_:offset:)``, with the place in the text.
    public func ids(with encoder: BytePairEncoder) throws(TokenizationError) -> [TokenID] {
        var ids: [TokenID] = []
        try eachPiece { (piece) throws(TokenizationError) in
            switch piece {
            case .control(let id, _): ids.append(id)
            case .text(let bytes, let place):
                try Self.encode(bytes, at: place, with: encoder, into: &ids)
            }
        }
        return ids
    }

    /// Encodes a part of the text, which goes on behind what stands before it.
    static func encode(
        _ bytes: [UInt8], at place: Int, with encoder: BytePairEncoder, into ids: inout [TokenID]
    ) throws(TokenizationError) {
        encoder.encode(bytes.span, isContinued: place > 0, into: &ids)
        try encoder.check(behind: place)
    }

    /// Part of the text between control tokens, or one of these.
    enum Piece {
        /// A control token, and the place of its first byte.
        case control(TokenID, at: Int)
        /// Ordinary text from one control token to the next, and the place of its first byte.
        case text([UInt8], at: Int)
    }

    /// Calls `body` with the pieces in order.
    ///
    /// A control token is looked for within a stretch of the template's own text, so that none
    /// stands in a message or is made of both. What is between two of them is one text, as for
    /// transformers.
    func eachPiece<Failure: Error>(_ body: (Piece) throws(Failure) -> Void) throws(Failure) {
        let finder = SpecialTokenFinder(vocabulary, .all)
        var plain: [UInt8] = []
        var (plainStart, place) = (0, 0)
        func flush() throws(Failure) {
            if !plain.isEmpty { try body(.text(plain, at: plainStart)) }
            plain.removeAll(keepingCapacity: true)
            plainStart = place
        }
        for stretch in stretches {
            guard stretch.isTemplate, let finder else {
                plain += stretch.bytes
                place += stretch.bytes.count
                continue
            }
            try ByteView.with(stretch.bytes.span) { (view) throws(Failure) in
                var search = SpecialTokenSearch(finder, in: view)
                var start = 0
                while let found = search.next(from: start) {
                    plain += stretch.bytes[start..<found.range.lowerBound]
                    place += found.range.lowerBound - start
                    try flush()
                    try body(.control(TokenID(found.id), at: place))
                    place += found.range.count
                    plainStart = place
                    start = found.range.upperBound
                }
                plain += stretch.bytes[start...]
                place += stretch.bytes.count - start
            }
        }
        try flush()
    }

    /// The bytes of the template and of everything else, in turn.
    private var stretches: [(bytes: [UInt8], isTemplate: Bool)] {
        var stretches: [(bytes: [UInt8], isTemplate: Bool)] = []
        for run in text.runs {
            let isTemplate = run.origin == .template
            if stretches.last?.isTemplate == isTemplate {
                stretches[stretches.count - 1].bytes += Array(run.text.utf8)
            } else {
                stretches.append((Array(run.text.utf8), isTemplate))
            }
        }
        return stretches
    }
}
