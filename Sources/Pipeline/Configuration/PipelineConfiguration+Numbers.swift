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
}
