import Models

/// Optimizer: which rule steps which tensor by its gradient.
public enum OptimizerKind: String, Codable, Sendable, CaseIterable {
    /// AdamW for every parameter.
    case adamW = "adamw"
    /// Muon for the blocks' matrices, AdamW for embeddings, head, norms and biases.
    case muon

    /// The rule of a tensor.
    func rule(for tensor: ParameterLayout.Tensor) -> StepRule {
        self == .muon && tensor.isBlockMatrix ? .muon : .adamW
    }
}

/// Rule by which one tensor is changed by its gradient.
///
/// A rule is a case here with the state that it keeps, its kernels beside `AdamWKernels` and
/// `MuonKernels`, its call in ``Optimizer/step(model:gradients:norm:factor:)``, and the tensors
/// that an ``OptimizerKind`` gives to it.
enum StepRule: Sendable, CaseIterable {
    /// AdamW: a running mean of the gradient divided by the root of one of its square.
    case adamW
    /// Muon: the momentum of a matrix made orthogonal.
    case muon

    /// Moments that are kept for each parameter, under the names that PyTorch's optimizers give
    /// them; at least one.
    var moments: [String] {
        switch self {
        case .adamW: ["exp_avg", "exp_avg_sq"]
        case .muon: ["momentum_buffer"]
        }
    }
}
