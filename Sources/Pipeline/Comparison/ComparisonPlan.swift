import Models
import Tokenization
import Training

/// What the rule of a comparison makes of its networks: their widths and steps.
struct ComparisonPlan {
    private let configuration: ComparisonConfiguration
    private let vocabularySize: Int

    /// A plan for models of `vocabulary`.
    init(_ configuration: ComparisonConfiguration, vocabulary: Vocabulary) {
        self.init(configuration, vocabularySize: vocabulary.count)
    }

    /// A plan for models of a vocabulary of so many tokens.
    init(_ configuration: ComparisonConfiguration, vocabularySize: Int) {
        self.configuration = configuration
        self.vocabularySize = vocabularySize
    }

    private func shape(of network: PipelineConfiguration) -> any ModelShape {
        var shape = network.model.shape
        shape.vocabularySize = vocabularySize
        return shape
    }

    /// The network that the others are measured by.
    private var reference: PipelineConfiguration {
        configuration.reference.network ?? configuration.pipeline
    }

    /// A network with the width that the rule asks for.
    ///
    /// - Throws: ``PipelineError/badValue(key:reason:)`` when there is none.
    func sized(
        _ network: PipelineConfiguration, _ entry: ComparisonConfiguration.Entry
    ) throws -> PipelineConfiguration {
        guard configuration.rule == .parameters, entry.name != configuration.reference.name else {
            return network
        }
        let reference = shape(of: reference)
        try reference.validate()
        let wanted = reference.nonEmbeddingParameterCount
        let key = configuration.widthKeys[entry.name] ?? "n_embd"
        let search = try WidthSearch(shape(of: network), key: key)
        guard let found = search.shape(nearestTo: wanted) else {
            let number = configuration.models.firstIndex { $0.name == entry.name } ?? 0
            throw PipelineError.badValue(
                key: "models[\(number)].model.\(key)",
                reason: """
                    for \(entry.name) no multiple of \(search.step) comes within a tenth of the \
                    \(wanted) parameters that \(configuration.reference.name) has beside \
                    embeddings and head; change the layers of either, or their heads
                    """)
        }
        var sized = network
        sized.model = ModelConfiguration(found)
        return sized
    }

    /// Steps after which a network has done the operations of the first one's training.
    func steps(of network: PipelineConfiguration) -> Int {
        func operationsPerStep(_ network: PipelineConfiguration) -> Double {
            shape(of: network).trainingOperationsPerToken
                * Double(network.training.windowsPerStep)
        }
        let all = operationsPerStep(reference) * Double(reference.training.steps)
        return stepCount((all / operationsPerStep(network)).rounded())
    }
}

/// A number of steps that a rule asks for, as a whole number; one that no run can have is beyond
/// the range of `training.steps`, and refused with it.
func stepCount(_ wish: Double) -> Int { max(1, Int(min(wish, 0x1p60))) }
