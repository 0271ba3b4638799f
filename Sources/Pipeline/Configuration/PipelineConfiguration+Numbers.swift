import Corpora
import Models
import Refinement
import TokenShards
import Training
import VocabularyLearning
import Work

extension PipelineConfiguration {
    /// Throws unless every number of every section is in its range.
    func checkNumbers() throws(PipelineError) {
        try corpus.checkNumbers(in: "corpus")
        try refinement?.checkNumbers(in: "corpus.refine")
        for (number, source) in sources.enumerated() {
            let place = "corpus.sources" + (source.name.isEmpty ? "[\(number)]" : ".\(source.name)")
            try source.corpus.checkNumbers(in: place)
            try source.refinement?.checkNumbers(in: place + ".refine")
        }
        try vocabulary.checkNumbers(in: "vocabulary")
        try shards.checkNumbers(in: "shards")
        try checkModel(model.shape)
        try training.checkNumbers(in: "training")
        try generation.checkNumbers(in: "generation")
        try instructionTuning.checkNumbers(in: "instruction_tuning")
    }

    /// Throws unless the numbers of a shape, whose vocabulary is not known yet, are in range.
    private func checkModel(_ shape: some ModelShape) throws(PipelineError) {
        var shape = shape
        shape.vocabularySize = max(shape.vocabularySize, 256)
        try shape.checkNumbers(in: "model")
    }

    /// The ranges of all numbers, by section and key.
    static var numericRanges: [String: [String: ValueRange]] {
        let refinement = RefinementConfiguration.ranges
        let corpus = CorpusConfiguration.ranges
        var model: [String: ValueRange] = [:]
        for family in ModelFamilies.all {
            // Tokens of a vocabulary are no keys.
            model.merge(family.ranges.filter { family.keys.contains($0.key) }) { old, _ in old }
        }
        model["vocab_size"] = nil
        return [
            "corpus": corpus,
            "corpus.refine": refinement,
            "corpus.sources[]": corpus.merging(
                CorpusSource.numericKeys.map { ($0.name, $0.range) }
            ) { $1 },
            "corpus.sources[].refine": refinement,
            "vocabulary": VocabularyConfiguration.ranges,
            "shards": ShardConfiguration.ranges,
            "model": model,
            "training": TrainingConfiguration.ranges,
            "generation": GenerationConfiguration.ranges,
            "instruction_tuning": InstructionTuningConfiguration.ranges,
        ]
    }
}

extension NumericSection {
    /// Throws unless every number is in its range.
    ///
    /// - Parameter place: the section's key, such as "training".
    func checkNumbers(in place: String) throws(PipelineError) {
        if let fault = numericFault {
            throw .badValue(key: "\(place).\(fault.key)", reason: "it \(fault.reason)")
        }
    }

    /// The ranges by their keys.
    fileprivate static var ranges: [String: ValueRange] {
        Dictionary(numericKeys.map { ($0.name, $0.range) }) { first, _ in first }
    }
}
