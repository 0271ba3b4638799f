import Models
import Tokenization

/// Summary of a model, for the commands about models.
enum ModelSummary {
    /// A model's shape and size in a few words.
    static func add(_ model: ModelDirectory, to report: inout Report) {
        let c = model.configuration
        report.row("model", "\(word: c.architectureName, "architecture")")
        for fact in c.facts { report.row([fact.title, fact.value]) }
        // The facts are words of these.
        report.member("config", ModelConfiguration(c))
        let before = c.contextLimit == nil ? "any, trained on " : ""
        report.row("context", "\(before)\(count: c.positionCount, "context") tokens")
        report.row("parameters", "\(count: model.layout.parameterCount, "parameters")")
    }

    /// Beginning before a prompt.
    static func addTextPrefix(_ vocabulary: Vocabulary, to report: inout Report) {
        let tokens = vocabulary.textPrefix.map {
            String(decoding: vocabulary.bytes(of: $0), as: UTF8.self)
        }
        let shown = tokens.isEmpty ? "none" : tokens.joined()
        report.row("beginning", "\(shown, as: tokens, "beginning")")
    }
}
