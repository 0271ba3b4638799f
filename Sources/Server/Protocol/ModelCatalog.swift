import Bytes
import Models
import Tokenization

/// The models that a server has, by their names.
struct ModelCatalog: Sendable {
    let models: [ServedModel]
    /// Seconds since 1970 when they were loaded.
    let loaded: Int

    /// The model called `name`, or the first where no name is given.
    func model(_ name: String?) throws(APIError) -> ServedModel {
        guard let name else { return models[0] }
        if let model = models.first(where: { ExactName($0.name) == ExactName(name) }) {
            return model
        }
        let names = models.map(\.name).joined(separator: ", ")
        let verb = models.count == 1 ? "is" : "are"
        throw APIError(
            status: 404, kind: .notFound,
            message: "there is no model \(name.prefix(100)); there \(verb) \(names)",
            parameter: "model", code: "model_not_found")
    }

    /// The answer of `GET /v1/models`.
    var json: [UInt8] {
        var json = JSONText(isCompact: true)
        json.object { json in
            json.string("object", "list")
            json.array("data") { json in
                for model in models { json.object { write(model, into: &$0) } }
            }
        }
        return json.bytes
    }

    /// The answer of `GET /v1/models/NAME`.
    func json(of model: ServedModel) -> [UInt8] {
        var json = JSONText(isCompact: true)
        json.object { write(model, into: &$0) }
        return json.bytes
    }

    private func write(_ served: ServedModel, into json: inout JSONText) {
        json.string("id", served.name)
        json.string("object", "model")
        json.whole("created", loaded)
        json.string("owned_by", "quern")
        let shape = served.model.configuration
        json.object("meta") { json in
            // The number of byte-pair encoding among llama.cpp's kinds of vocabulary.
            json.whole("vocab_type", 2)
            json.whole("n_vocab", served.vocabulary.count)
            if let limit = shape.contextLimit {
                json.whole("n_ctx_train", limit)
            } else {
                json.value("n_ctx_train", "null")
            }
            let table = served.model.layout.tensors.first { $0.shape.count == 2 }
            json.whole("n_embd", table?.shape.last ?? 0)
            json.whole("n_params", served.engine.parameterCount)
            let bits = served.engine.options.weights.bits
            json.whole("size", served.engine.parameterCount * bits / 8)
        }
        json.flag("chat", served.chatTemplate != nil)
    }
}

extension WeightFormat {
    /// Bits of a weight, without the scales of blocks.
    fileprivate var bits: Int {
        switch self {
        case .float32: 32
        case .float16, .bfloat16: 16
        case .int8: 8
        case .blocks4: 4
        }
    }
}
