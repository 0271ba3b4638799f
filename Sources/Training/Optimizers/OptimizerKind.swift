/// How parameters are changed by their gradients.
public enum OptimizerKind: String, Codable, Sendable, CaseIterable {
    /// AdamW for every parameter.
    case adamW = "adamw"
    /// Muon for the blocks' matrices, AdamW for embeddings, head, norms and biases.
    case muon
}
