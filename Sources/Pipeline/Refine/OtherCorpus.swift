import Corpora
import Files
import Foundation
import Refinement

/// Another corpus, with whose documents those of a corpus are compared.
struct OtherCorpus {
    /// How it is read.
    let reading: CorpusConfiguration
    /// Its files.
    let inputs: CorpusInputs

    /// The other corpora that `refinement` names: those that a refinement has made as these are
    /// made, and all others in the manner of `corpus`. O(files).
    ///
    /// - Parameter inputs: the files of that corpus, of which none may be another one's.
    static func all(
        of refinement: RefinementConfiguration, like corpus: CorpusConfiguration,
        _ inputs: CorpusInputs
    ) throws -> [OtherCorpus] {
        let own = Set(inputs.paths)
        return try refinement.otherPaths.map { path in
            let reading = try reading(path, like: corpus)
            let other = OtherCorpus(reading: reading, inputs: try reading.findInputs())
            if let both = other.inputs.paths.first(where: own.contains) {
                throw PipelineError.badValue(
                    key: "corpus.refine.against",
                    reason: "\(both) is of the corpus itself, and each document would go")
            }
            return other
        }
    }

    /// How the corpus at `path` is read.
    static func reading(
        _ path: String, like corpus: CorpusConfiguration
    ) throws -> CorpusConfiguration {
        let data = FileSystem.contentsIfReadable(path + "/" + RefinedDirectory.reportName)
        var reading = corpus
        if let data, let report = try? JSONDecoder().decode(RefinementReport.self, from: data) {
            reading = corpus.refined(files: report.files(in: path))
        } else {
            reading.inputs = [path]
            reading.inputsFrom = nil
        }
        reading.keptFields = []
        reading.quarantinePath = nil
        if reading.onError == .quarantine { reading.onError = .skip }
        return reading
    }

    /// Throws if an output would take the place of something of it.
    func check(outputs: [String]) throws {
        for output in outputs { try inputs.check(output: output) }
    }
}
