import CKernels

/// The functions inside of a feed-forward part that published models have.
public enum Activation: String, CaseIterable, Sendable {
    /// GELU by the tanh formula: GPT-2's. Hendrycks and Gimpel,
    /// <https://arxiv.org/abs/1606.08415>.
    case geluTanh = "gelu_new"
    /// GELU by the normal distribution itself.
    case gelu
    /// max(x, 0).
    case relu
    /// x / (1 + e^-x): Llama's.
    case silu

    /// The activation that `config.json` calls `name`; nil for one that is not known.
    ///
    /// Source: `ACT2FN` of Transformers' `activations.py`, where several names have one formula.
    init?(configurationName name: String) {
        switch name {
        case "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "gelu_accurate", "gelu_python_tanh":
            self = .geluTanh
        case "gelu", "gelu_python": self = .gelu
        case "relu": self = .relu
        case "silu", "swish": self = .silu
        default: return nil
        }
    }

    /// The function in a formula.
    var word: String { self == .geluTanh ? "gelu" : rawValue }

    /// The number that C has for it.
    var number: Int32 {
        switch self {
        case .geluTanh: Int32(QK_GELU_TANH)
        case .gelu: Int32(QK_GELU)
        case .relu: Int32(QK_RELU)
        case .silu: Int32(QK_SILU)
        }
    }
}
