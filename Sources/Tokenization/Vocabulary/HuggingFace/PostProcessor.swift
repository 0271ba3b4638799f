import Bytes

/// Post-processor of a `tokenizer.json`: what it puts around the ids of a text, such as a token
/// that begins it.
///
/// It is no part of a text's own ids: the encoder never applies it. It is kept as it was read, so
/// that a file written again does to its readers what the first one did.
package struct PostProcessor: Sendable {
    /// The value in the file.
    let value: JSONValue

    /// Post-processor that `tokenizers` writes for a byte-level vocabulary: it changes offsets, not
    /// ids.
    static let byteLevel = PostProcessor(
        .object([
            .init(key: "type", value: .string("ByteLevel")),
            .init(key: "add_prefix_space", value: .bool(true)),
            .init(key: "trim_offsets", value: .bool(false)),
            .init(key: "use_regex", value: .bool(true)),
        ]))

    /// None.
    static let none = PostProcessor(.null)

    /// One that puts `token` before a text, as published files say it.
    static func beginning(with token: SpecialToken, isOfCharacters: Bool) -> PostProcessor {
        func special(_ type: String) -> JSONValue { item("SpecialToken", token.content, type) }
        let (first, second) = (item("Sequence", "A", "0"), item("Sequence", "B", "1"))
        let ids = JSONValue.object([
            .init(key: "id", value: .string(token.content)),
            .init(key: "ids", value: .array([.number(token.id.description)])),
            .init(key: "tokens", value: .array([.string(token.content)])),
        ])
        let template = JSONValue.object([
            .init(key: "type", value: .string("TemplateProcessing")),
            .init(key: "single", value: .array([special("0"), first])),
            .init(key: "pair", value: .array([special("0"), first, special("1"), second])),
            .init(
                key: "special_tokens",
                value: .object([.init(key: token.content, value: ids)])),
        ])
        guard !isOfCharacters else { return PostProcessor(template) }
        return PostProcessor(
            .object([
                .init(key: "type", value: .string("Sequence")),
                .init(key: "processors", value: .array([byteLevel.value, template])),
            ]))
    }

    /// A part of a template: what it is, which one, and the type that its ids get.
    private static func item(_ kind: String, _ id: String, _ type: String) -> JSONValue {
        .object([
            .init(
                key: kind,
                value: .object([
                    .init(key: "id", value: .string(id)),
                    .init(key: "type_id", value: .number(type)),
                ]))
        ])
    }

    /// The contents of the tokens that it puts before a text, in their order.
    var beginning: [String] {
        if let pair = Self.parts(of: value).lazy.compactMap({ $0["cls"]?.array }).first {
            return pair.first?.string.map { [$0] } ?? []
        }
        let template = Self.parts(of: value).lazy.compactMap { $0["single"]?.array }.first
        return (template ?? []).prefix { $0["Sequence"] == nil }
            .compactMap { $0["SpecialToken"]?["id"]?.string }
    }

    private static func parts(of value: JSONValue) -> [JSONValue] {
        value["type"] == .string("Sequence") ? value["processors"]?.array ?? [] : [value]
    }

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
        var hasTemplate = false
        for part in Self.parts(of: value) {
            switch part["type"]?.string {
            case "ByteLevel": break
            // `tokenizers` takes what a first template made for a pair of texts.
            case "TemplateProcessing" where !hasTemplate && Self.isAround(part, specials):
                hasTemplate = true
            case "RobertaProcessing" where !hasTemplate && Self.isPair(part, specials),
                "BertProcessing" where !hasTemplate && Self.isPair(part, specials):
                hasTemplate = true
            default:
                throw .unsupported(
                    path: path,
                    reason:
                        "its post-processor is not ByteLevel or one TemplateProcessing, "
                        + "RobertaProcessing or BertProcessing with special tokens of the "
                        + "vocabulary around the text")
            }
        }
        self.init(value)
    }

    /// Whether the two tokens around a text are special tokens with their own numbers.
    private static func isPair(_ part: JSONValue, _ specials: [SpecialToken]) -> Bool {
        ["sep", "cls"].allSatisfy { key in
            specials.contains {
                part[key]?.array == [.string($0.content), .number($0.id.description)]
            }
        }
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
