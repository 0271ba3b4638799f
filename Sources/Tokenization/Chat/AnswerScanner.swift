/// Tells the tokens of the assistant's answers from those of everything else in a conversation.
///
/// No list of marks is kept with the ids, for the ids say it themselves: the special tokens of a
/// ``ChatTemplate`` come from the template alone, so that text cannot fake the beginning or the end
/// of an answer.
///
/// An answer's tokens are those of its content and the `<|im_end|>` behind it. Those of the line
/// `assistant` before it are not, nor is one that holds the line break of that line and the
/// beginning of the content. Of an answer whose beginning was not seen nothing counts.
public struct AnswerScanner: Sendable {
    private enum Place {
        case outside
        /// Within the line of the role, of which so many bytes have been read as those of an
        /// answer.
        case header(byteCount: Int)
        case answer
    }

    private static let header = Array(ChatTemplate.header(of: .assistant).utf8)

    private let template: ChatTemplate
    private var place = Place.outside

    /// A scanner at the beginning of a conversation.
    public init(_ template: ChatTemplate) { self.template = template }

    /// Reads the next token.
    ///
    /// - Precondition: `id` belongs to the template's vocabulary.
    /// - Returns: whether it belongs to an answer.
    public mutating func isAnswer(_ id: TokenID) -> Bool {
        if id == template.start {
            place = .header(byteCount: 0)
            return false
        }
        switch place {
        case .outside: return false
        case .answer:
            if id == template.end { place = .outside }
            return true
        case .header(let byteCount):
            let bytes = template.vocabulary.bytes(of: id)
            let rest = Self.header[byteCount...]
            let common = min(bytes.count, rest.count)
            guard id != template.end, bytes.prefix(common).elementsEqual(rest.prefix(common)) else {
                place = .outside
                return false
            }
            place = common == rest.count ? .answer : .header(byteCount: byteCount + common)
            return false
        }
    }
}
