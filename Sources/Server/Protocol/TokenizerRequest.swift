import Bytes
import Tokenization

/// Request for the tokens of a text: the body of `POST /tokenize`, in the form of vLLM's server
/// (`prompt` or `messages`) or of llama.cpp's (`content`).
enum TokenizeRequest: Equatable, Sendable {
    case prompt(String, addsSpecialTokens: Bool, returnsStrings: Bool)
    case messages([ChatMessage], beginsAnswer: Bool, returnsStrings: Bool)
    case content(
        String, addsSpecialTokens: Bool, recognizesSpecialTokens: Bool, returnsPieces: Bool)

    /// The fields of all forms.
    static let fields = [
        modelField,
        RequestField("prompt", .text, "The text; the answer has tokens, count, max_model_len."),
        RequestField(
            "messages", .special(Schema.messages),
            "A conversation in place of prompt, by the model's template."),
        RequestField("content", .text, "The text; the answer has tokens alone, as llama.cpp's."),
        RequestField(
            "add_special_tokens", .flag,
            "With prompt: the tokens that the model's tokenizer puts before a text (true)."),
        RequestField(
            "add_generation_prompt", .flag,
            "With messages: the beginning of an answer at the end (true)."),
        RequestField("return_token_strs", .flag, "With prompt or messages: token_strs too."),
        RequestField(
            "add_special", .flag, "With content: what add_special_tokens is (false)."),
        RequestField(
            "parse_special", .flag, "With content: special tokens are recognised (true)."),
        RequestField("with_pieces", .flag, "With content: an object of id and piece each."),
    ]

    static let modelField = RequestField(
        "model", .text, "Name of the model; the only or first one without it.")

    /// The request in `reader`, whose fields are ``fields``.
    init(_ reader: RequestReader) throws(APIError) {
        let given = ["prompt", "messages", "content"].filter { reader[$0] != nil }
        guard given.count == 1 else {
            throw .badField(
                given.first ?? "content", "give one of prompt, messages and content")
        }
        let strangers =
            switch given[0] {
            case "prompt":
                ["add_generation_prompt", "add_special", "parse_special", "with_pieces"]
            case "messages": ["add_special_tokens", "add_special", "parse_special", "with_pieces"]
            default: ["add_special_tokens", "add_generation_prompt", "return_token_strs"]
            }
        for name in strangers where reader[name] != nil {
            throw .badField(name, "this does not belong to \(given[0])")
        }
        let returnsStrings = reader.flag("return_token_strs") ?? false
        if let text = reader.text("prompt") {
            self = .prompt(
                text, addsSpecialTokens: reader.flag("add_special_tokens") ?? true,
                returnsStrings: returnsStrings)
        } else if let text = reader.text("content") {
            self = .content(
                text, addsSpecialTokens: reader.flag("add_special") ?? false,
                recognizesSpecialTokens: reader.flag("parse_special") ?? true,
                returnsPieces: reader.flag("with_pieces") ?? false)
        } else {
            self = .messages(
                try ChatRequest.messages(reader["messages"]),
                beginsAnswer: reader.flag("add_generation_prompt") ?? true,
                returnsStrings: returnsStrings)
        }
    }
}

/// Request for the text of tokens: the body of `POST /detokenize`. Both forms are alike, and the
/// answer has the text under the names of both.
enum DetokenizeRequest {
    /// The fields.
    static let fields = [
        TokenizeRequest.modelField,
        RequestField("tokens", .special(Schema.ids), "The ids."),
    ]

    /// The ids in `reader`, whose fields are ``fields``.
    static func ids(
        _ reader: RequestReader, vocabularyCount: Int
    ) throws(APIError) -> [TokenID] {
        guard let list = reader["tokens"]?.array else {
            throw .badField("tokens", "give a list of ids")
        }
        return try RequestReader.ids(list, "tokens", vocabularyCount: vocabularyCount)
    }
}

/// Request for the text that a conversation becomes: the body of `POST /apply-template`.
enum TemplateRequest {
    /// The fields.
    static let fields = [
        TokenizeRequest.modelField,
        RequestField("messages", .special(Schema.messages), "The conversation."),
        RequestField(
            "add_generation_prompt", .flag, "Whether the beginning of an answer follows (true)."),
    ]
}
