import Files
import Foundation

/// Settings in `tokenizer_config.json`, in a Hugging Face directory, besides the tokenizer itself.
struct TokenizerConfigurationFile: Decodable {
    private static let name = "tokenizer_config.json"

    private let chat_template: Template?
    private let bos_token: Token?
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

    /// The token that stands before each text, where no `tokenizer.json` says what does.
    var addedBeginning: String? {
        add_bos_token == true ? bos_token?.content ?? "<|endoftext|>" : nil
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
            guard let data = manager.contents(atPath: path),
                let text = String(data: data, encoding: .utf8)
            else { throw PipelineError.badModelFile(path: path, reason: "it is not UTF-8") }
            return text
        }
        return try TokenizerConfigurationFile.read(directory: directory)?.chatTemplate
    }
}
