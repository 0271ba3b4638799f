import Models
import Tokenization

/// Summary of a model, for the commands about models.
enum ModelSummary {
    /// A model's shape and size in a few words.
    static func rows(_ model: ModelDirectory) -> [[String]] {
        let c = model.configuration
        var heads = Figures.count(c.headCount)
        if c.keyWidth != c.queryWidth { heads += ", \(c.keyWidth / c.headSize) of keys and values" }
        return [
            ["model", c.architecture.rawValue],
            ["layers", Figures.count(c.layerCount)],
            ["heads", heads],
            [
                "width",
                "\(Figures.count(c.embeddingSize)), \(Figures.count(c.feedForwardSize)) inside",
            ],
            ["context", "\(Figures.count(c.positionCount)) tokens"],
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
