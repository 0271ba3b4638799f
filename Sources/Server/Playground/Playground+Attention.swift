import Bytes
public import Foundation
import Models
import Tokenization

extension Playground {
    /// The attention of every head over a prompt: `{"model", "prompt"}`.
    ///
    /// The answer has the tokens that the model reads, among them those that its vocabulary puts
    /// before a text, and the weights, (layers, heads, queries, keys), a byte each, of which 255 is
    /// all, in base64. `queries` and `keys` are the first token and their number.
    ///
    /// - Parameter body: the request.
    /// - Throws: ``PlaygroundError`` for a request that is no such object, an unknown model, one
    ///   without such maps, a prompt without a token, or one of too many, 128 at most.
    public func attention(_ body: Data) throws(PlaygroundError) -> Data {
        let request = try PlaygroundRequest(body, keys: ["model", "prompt"])
        let shown = try model(try request.text("model", byteLimit: 1 << 12), parameter: "model")
        let prompt = try request.text("prompt", byteLimit: Limit.textByteCount)
        let text = try shown.tokenizer.ids(of: prompt, parameter: "prompt")
        guard !text.isEmpty else {
            throw PlaygroundError("the prompt has no token", parameter: "prompt")
        }
        let ids = shown.vocabulary.textPrefix + text
        let limit = min(Limit.attendingCount, shown.model.configuration.contextLimit ?? .max)
        guard ids.count <= limit else {
            throw PlaygroundError(
                "the prompt has \(ids.count) tokens, and at most \(limit) are shown",
                parameter: "prompt")
        }
        guard let maps = turn.withLock({ shown.model.attentionMaps(for: ids) }) else {
            throw PlaygroundError(
                "\(shown.model.configuration.architectureName) has no attention over a prompt",
                parameter: "model")
        }
        guard maps.weights.count <= Limit.weightCount else {
            let perPair = maps.layerCount * maps.headCount
            let most = Int(Double(Limit.weightCount / perPair).squareRoot())
            throw PlaygroundError(
                "the prompt has \(ids.count) tokens, and with so many heads \(most) are shown",
                parameter: "prompt")
        }
        guard maps.weights.allSatisfy(\.isFinite) else {
            throw PlaygroundError(
                "the model's weights are damaged: its attention is no number", parameter: "model")
        }
        let weights = maps.weights.map { UInt8((max(0, min($0, 1)) * 255).rounded()) }
        return .answer { json in
            json.string("model", shown.name)
            shown.tokenizer.append(ids, to: &json)
            json.value("layers", "\(maps.layerCount)")
            json.value("heads", "\(maps.headCount)")
            json.value("queries", "[\(maps.queries.lowerBound),\(maps.queries.count)]")
            json.value("keys", "[\(maps.keys.lowerBound),\(maps.keys.count)]")
            json.string("weights", Data(weights).base64EncodedString())
        }
    }
}
