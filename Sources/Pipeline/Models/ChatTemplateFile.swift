import Foundation
import Storage

/// How a model's messages become a prompt: a Jinja template, in one of the places where Hugging
/// Face's tokenizers keep it.
public enum ChatTemplateFile {
    /// The file that holds nothing else.
    static let fileName = "chat_template.jinja"
    private static let configurationName = "tokenizer_config.json"

    private struct Configuration: Decodable {
        let chat_template: Value?

        /// One template, or several by name, of which "default" is for chat.
        struct Value: Decodable {
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
    }

    /// The template in `directory`; nil if there is none.
    public static func read(directory: String) throws -> String? {
        let manager = FileManager.default
        let path = directory + "/" + fileName
        if manager.fileExists(atPath: path) {
            guard let data = manager.contents(atPath: path),
                let text = String(data: data, encoding: .utf8)
            else { throw PipelineError.badModelFile(path: path, reason: "it is not UTF-8") }
            return text
        }
        let configuration = directory + "/" + configurationName
        guard let data = manager.contents(atPath: configuration) else { return nil }
        do {
            return try JSONDecoder().decode(Configuration.self, from: data).chat_template?.text
        } catch {
            throw PipelineError.badModelFile(
                path: configuration, reason: "it is not a tokenizer's configuration in JSON")
        }
    }
}
