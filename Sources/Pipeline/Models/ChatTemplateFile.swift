import Foundation

/// How a model's messages become a prompt: a Jinja template, in one of the places where Hugging
/// Face's tokenizers keep it.
public enum ChatTemplateFile {
    /// The file that holds nothing else.
    static let fileName = "chat_template.jinja"

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
        return try TokenizerConfigurationFile.read(directory: directory)?.chatTemplate
    }
}
