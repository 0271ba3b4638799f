import Models
import Tokenization

/// Summary of a model, for the commands about models.
enum ModelSummary {
    /// A model's shape and size in a few words.
    static func rows(_ model: ModelDirectory) -> [[String]] {
        let c = model.configuration
        let context = Figures.count(c.positionCount) + " tokens"
        return [["model", c.architectureName]] + c.facts.map { [$0.title, $0.value] } + [
            ["context", c.contextLimit == nil ? "any, trained on \(context)" : context],
            ["parameters", Figures.count(model.layout.parameterCount)],
        ]
    }

    /// Beginning before a prompt.
    static func textPrefix(_ vocabulary: Vocabulary) -> [String] {
        let tokens = vocabulary.textPrefix.map {
            String(decoding: vocabulary.bytes(of: $0), as: UTF8.self)
        }
        return ["beginning", tokens.isEmpty ? "none" : tokens.joined()]
    }
}
