/// Where the tensors of a model lie in a checkpoint that holds other models beside it.
public struct CheckpointPart: Sendable {
    /// What their names begin with there, and in a checkpoint of the model alone.
    let prefixes: [(there: String, alone: String)]
    /// What the names of the other models' tensors begin with.
    let others: [String]
}

extension ModelWeights {
    /// The tensors of a part, under the names of a checkpoint of the model alone. O(tensors).
    ///
    /// - Throws: `ModelError.unsupportedModel` where two have one name.
    func part(_ part: CheckpointPart) throws(ModelError) -> ModelWeights {
        var own: [String: Entry] = [:]
        for (name, entry) in entries where !part.others.contains(where: name.hasPrefix) {
            let prefix = part.prefixes.first { name.hasPrefix($0.there) }
            let alone = prefix.map { $0.alone + name.dropFirst($0.there.count) } ?? name
            guard own.updateValue(entry, forKey: alone) == nil else {
                throw .unsupportedModel(
                    path: path, reason: "it has the tensor \(alone) under two names")
            }
        }
        return ModelWeights(path: path, entries: own)
    }
}
