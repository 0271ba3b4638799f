/// What a `tokenizer.json` puts around the ids of a text, such as a token that begins it.
///
/// It is no part of a text's own ids: the encoder never applies it. It is kept as it was read, so
/// that a file written again does to its readers what the first one did.
struct PostProcessor: Sendable {
    /// The value in the file.
    let value: JSONValue

    /// What `tokenizers` writes for a byte-level vocabulary: it changes offsets, not ids.
    static let byteLevel = PostProcessor(
        .object([
            .init(key: "type", value: .string("ByteLevel")),
            .init(key: "add_prefix_space", value: .bool(true)),
            .init(key: "trim_offsets", value: .bool(false)),
            .init(key: "use_regex", value: .bool(true)),
        ]))

    private init(_ value: JSONValue) {
        self.value = value
    }

    /// The post-processor that `value` describes, if all it does is to put special tokens around a
    /// text.
    init(
        _ value: JSONValue, specials: [SpecialToken], path: String
    ) throws(TokenizationError) {
        guard !value.isNull else {
            self.init(value)
            return
        }
        let parts: [JSONValue]
        if value["type"] == .string("Sequence") {
            parts = value["processors"]?.array ?? []
        } else {
            parts = [value]
        }
        for part in parts {
            switch part["type"]?.string {
            case "ByteLevel": break
            case "TemplateProcessing" where Self.isAround(part, specials): break
            default:
                throw .unsupported(
                    path: path,
                    reason:
                        "its post-processor is not ByteLevel or TemplateProcessing with special "
                        + "tokens of the vocabulary around the text")
            }
        }
        self.init(value)
    }

    /// Whether a template is the text once, among special tokens with their own numbers.
    private static func isAround(_ template: JSONValue, _ specials: [SpecialToken]) -> Bool {
        guard let single = template["single"]?.array,
            case .object(let members) = template["special_tokens"] ?? .object([])
        else { return false }
        let ids = Dictionary(
            specials.map { ($0.content, $0.id.description) },
            uniquingKeysWith: { first, _ in first })
        for member in members {
            guard let number = ids[member.key],
                member.value["ids"]?.array == [.number(number)]
            else { return false }
        }
        var texts = 0
        for item in single {
            if item["Sequence"] != nil {
                texts += 1
            } else if let name = item["SpecialToken"]?["id"]?.string {
                guard members.contains(where: { $0.key == name }) else { return false }
            } else {
                return false
            }
        }
        return texts == 1
    }
}
