package import ChatTemplates
import Files
import Foundation
public import Tokenization

/// Settings in `tokenizer_config.json`, in a Hugging Face directory, besides the tokenizer itself.
struct TokenizerConfigurationFile: Decodable {
    private static let name = "tokenizer_config.json"

    private let chat_template: Template?
    private let bos_token: Token?
    private let eos_token: Token?
    private let unk_token: Token?
    private let pad_token: Token?
    private let add_bos_token: Bool?

    /// One template, or several by name, of which "default" is for chat.
    private struct Template: Decodable {
        struct Named: Decodable {
            let name: String
            let template: String
        }

        let text: String?

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let one = try? value.decode(String.self) {
                text = one
            } else {
                text = try value.decode([Named].self).first { $0.name == "default" }?.template
            }
        }
    }

    /// A token as text, or with how it is looked for.
    private struct Token: Decodable {
        struct Described: Decodable {
            let content: String
        }

        let content: String

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let text = try? value.decode(String.self) {
                content = text
            } else {
                content = try value.decode(Described.self).content
            }
        }
    }

    /// Jinja template by which messages become a prompt.
    var chatTemplate: String? { chat_template?.text }

    /// Special tokens by the names that a chat template has for them.
    var tokenNames: [String: String] {
        let tokens = [
            "bos_token": bos_token, "eos_token": eos_token, "unk_token": unk_token,
            "pad_token": pad_token,
        ]
        return tokens.compactMapValues { $0?.content }
    }

    /// The token that stands before each text, where no `tokenizer.json` says what does.
    var addedBeginning: String? {
        add_bos_token == true ? bos_token?.content ?? "<|endoftext|>" : nil
    }

    /// The token for a text with nothing in it: the one that begins a text, or else the one that
    /// ends it; nil where the file names neither.
    func beginning(in vocabulary: Vocabulary) -> TokenID? {
        (bos_token ?? eos_token).flatMap { vocabulary.specialToken($0.content) }
    }

    /// The file in `directory`; nil if there is none.
    static func read(directory: String) throws -> TokenizerConfigurationFile? {
        let path = directory + "/" + name
        guard let data = try FileSystem.contents(path) else { return nil }
        do {
            return try StrictJSON.decode(TokenizerConfigurationFile.self, from: data)
        } catch {
            throw PipelineError.badModelFile(
                path: path, reason: "it is not a tokenizer's configuration in JSON")
        }
    }
}

/// Jinja template by which a model's messages become a prompt, in one of the places where Hugging
/// Face's tokenizers keep it.
enum ChatTemplateFile {
    /// The file that holds nothing else.
    static let fileName = "chat_template.jinja"

    /// The template in `directory`; nil if there is none.
    static func read(directory: String) throws -> String? {
        let manager = FileManager.default
        let path = directory + "/" + fileName
        if manager.fileExists(atPath: path) {
            guard let data = FileSystem.contentsIfReadable(path),
                let text = String(data: data, encoding: .utf8)
            else { throw PipelineError.badModelFile(path: path, reason: "it is not UTF-8") }
            return text
        }
        return try TokenizerConfigurationFile.read(directory: directory)?.chatTemplate
    }
}

extension ConversationTemplate {
    /// The template of the model in `directory`: its own, or ChatML where it has none.
    ///
    /// - Parameters:
    ///   - directory: the model.
    ///   - vocabulary: the model's vocabulary.
    ///   - endTokens: the tokens that end a text of the model.
    /// - Throws: the template's fault, and `TokenizationError` where there is none and the
    ///   vocabulary lacks the tokens of ChatML.
    public init(
        directory: String, _ vocabulary: Vocabulary, endTokens: Set<TokenID>
    ) throws {
        guard let source = try ChatTemplateFile.read(directory: directory),
            source != ChatTemplate.jinja
        else {
            // All that only a program writes ends an answer there.
            self.init(try ChatTemplate(vocabulary))
            return
        }
        let names = try TokenizerConfigurationFile.read(directory: directory)?.tokenNames
        do {
            try self.init(
                vocabulary, source: source, names: names ?? [:], endTokens: endTokens)
        } catch {
            throw PipelineError.badModelFile(path: directory, reason: error.description)
        }
    }
}

extension ConversationTemplate {
    /// The template to tune the model in `directory` with: its own, or ChatML, whose tokens the
    /// vocabulary then gets.
    init(tuning directory: String, _ vocabulary: Vocabulary, endTokens: Set<TokenID>) throws {
        let source = try ChatTemplateFile.read(directory: directory)
        guard source == nil || source == ChatTemplate.jinja else {
            try self.init(directory: directory, vocabulary, endTokens: endTokens)
            return
        }
        self.init(
            try ChatTemplate(vocabulary.adding(specialTokens: ChatTemplate.specialTokens)))
    }
}

extension TemplateClock {
    /// The time now, where this machine is.
    package static var now: TemplateClock {
        let parts = Calendar(identifier: .gregorian).dateComponents(
            [.year, .month, .day, .hour, .minute, .second], from: Date())
        var clock = TemplateClock(
            year: parts.year ?? 1970, month: parts.month ?? 1, day: parts.day ?? 1)
        (clock.hour, clock.minute, clock.second) = (
            parts.hour ?? 0, parts.minute ?? 0, parts.second ?? 0
        )
        return clock
    }
}
