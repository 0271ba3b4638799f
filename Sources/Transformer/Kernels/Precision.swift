/// In what matrix products multiply. Parameters, sums and everything else are float32.
public enum Precision: String, Codable, CaseIterable, Sendable {
    /// Operands as they are.
    case float32
    /// Operands rounded to bfloat16, where the processor multiplies those faster.
    case mixed
}
