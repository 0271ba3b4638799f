import Foundation
import Models
import Training
import Work

/// Gradients to step by in order, and the optimizer's numbers.
struct ProbeOptimization: Decodable {
    let gradients: [String]
    let optimizer: OptimizerKind
    let learning_rate: Double
    let muon_learning_rate: Double
    let muon_momentum: Double
    let betas: [Double]
    let epsilon: Double
    let weight_decay: Double
    let clip: Double
    let factors: [Double]

    /// The same as the trainer is told it.
    var configuration: TrainingConfiguration {
        var configuration = TrainingConfiguration()
        configuration.optimizer = optimizer
        configuration.learningRate = learning_rate
        configuration.muonLearningRate = muon_learning_rate
        configuration.muonMomentum = muon_momentum
        (configuration.beta1, configuration.beta2) = (betas[0], betas[1])
        configuration.epsilon = epsilon
        configuration.weightDecay = weight_decay
        configuration.gradientClip = clip
        return configuration
    }
}

extension Probe {
    static func optimize(_ arguments: [String]) throws {
        let model = try GPT(directory: arguments[0])
        let request = try read(ProbeOptimization.self, arguments[1])
        let optimizer = Optimizer(
            request.configuration, layout: model.layout, team: ThreadTeam(threadCount: 2))
        let gradients = FloatBuffer(count: model.layout.floatCount)
        var norms: [Double] = []
        for (path, factor) in zip(request.gradients, request.factors) {
            let file = try SafetensorsFile(path: path)
            for tensor in model.layout.tensors {
                try file.read(tensor.name, shape: tensor.shape, into: gradients, at: tensor.offset)
            }
            let norm = optimizer.norm(of: gradients)
            optimizer.step(model: model, gradients: gradients, norm: norm, factor: factor)
            norms.append(norm)
        }
        try model.write(toDirectory: arguments[2])
        try printJSON(norms)
    }
}
