public import Models
public import Tokenization
public import Training

/// Report on a model, for a person who is to use or train it. Nothing of its tensors is
/// read.
public struct ModelReport {
    /// The model.
    public let model: ModelDirectory
    /// Its vocabulary; nil if the directory has none that can be read.
    public let vocabulary: Vocabulary?
    /// The recipe that it was trained with; nil if the directory is no checkpoint.
    public let recipe: TrainingConfiguration?

    /// Looks at the model in `directory`.
    public init(directory: String) throws {
        let directory = try CheckpointStore.modelDirectory(at: directory)
        model = try ModelDirectory(path: directory)
        vocabulary = try? Vocabulary(directory: directory)
        recipe = try? CheckpointStore.state(of: directory).configuration
    }

    /// A part of a model, and how many parameters it has.
    public struct Part: Equatable, Sendable {
        /// Name.
        public let title: String
        /// Its parameters.
        public let parameterCount: Int
    }

    /// The parameters by part; they add up to all. O(tensors).
    public var parts: [Part] {
        let kinds: [(title: String, words: [String])] = [
            ("token embedding", ["wte.", "embed_tokens.", "shared."]),
            ("position embedding", ["wpe."]), ("norms", ["layer_norm."]), ("attention", ["attn."]),
            ("feed-forward", ["mlp.", ".fc1.", ".fc2."]), ("recurrent layers", ["rnn."]),
            ("norms", ["ln_", "norm."]), ("output head", ["head.weight", "final_logits_bias"]),
        ]
        var counts = [Int](repeating: 0, count: kinds.count)
        for tensor in model.layout.tensors {
            // The first that fits: a norm of attention's heads is a part of attention.
            let kind = kinds.firstIndex { $0.words.contains { tensor.checkpointName.contains($0) } }
            counts[kind ?? 0] += tensor.count
        }
        return zip(kinds, counts).filter { $0.1 > 0 }
            .map { Part(title: $0.0.title, parameterCount: $0.1) }
    }

    /// The types of the numbers in the files, the most frequent first.
    public var types: [NumberType] {
        var counts: [NumberType: Int] = [:]
        for (index, tensor) in model.layout.tensors.enumerated() {
            counts[model.type(ofTensor: index), default: 0] += tensor.count
        }
        return counts.sorted { ($1.value, $0.key.rawValue) < ($0.value, $1.key.rawValue) }
            .map(\.key)
    }

    /// Bytes of the parameters in memory, as float32.
    public var parameterByteCount: Int { 4 * model.layout.floatCount }

    /// Bytes of what the model keeps of a text that fills its context.
    public var stateByteCount: Int {
        model.configuration.stateByteCount(tokenCount: model.configuration.positionCount)
    }

    /// Memory that training needs with the recipe of the checkpoint, or else the default one, and
    /// the windows of its batches.
    public func trainingMemory(threadCount: Int) -> (plan: MemoryPlan, windowCount: Int) {
        let recipe = recipe ?? TrainingConfiguration()
        return (
            MemoryPlan(
                shape: model.configuration, configuration: recipe, threadCount: threadCount),
            recipe.windowsPerStep
        )
    }
}
