import Bytes
import Files
import Foundation
import Models
import Pipeline
import TokenShards
import Tokenization
import Training
import Work

extension RunMeasurements {
    /// Measures what is not measured yet of the run at `place`, and keeps it beside the run.
    ///
    /// What cannot be measured, because the shards are elsewhere or the machine lacks the memory,
    /// is said in `notes` and left out.
    ///
    /// - Parameter isKept: whether the file is written; otherwise the caller has it alone.
    /// - Throws: `PipelineError.interrupted` when stopped by request.
    static func measure(
        _ place: RunPlace, isKept: Bool, work: WorkContext<PipelineEvent>, notes: inout [String]
    ) throws -> RunMeasurements {
        let earlier = RunMeasurements(runDirectory: place.directory)
        var result = earlier ?? RunMeasurements()
        let store = CheckpointStore(runDirectory: place.directory)
        guard let checkpoint = store.best ?? store.latest else { return result }
        do {
            let vocabulary = try Vocabulary(directory: checkpoint)
            let mixture = try place.mixture()
            if let mixture {
                let references = place.referenceVocabularies()
                let key = DataMeter.key(
                    mixture, vocabulary.fingerprint, references: references)
                if result.data?.key != key {
                    result.data = try DataMeter(
                        mixture: mixture, vocabulary: vocabulary, references: references,
                        work: work
                    ).measure()
                }
            } else {
                notes.append("the shards of \(place.directory) are not where they were")
            }
            let key = try Self.key(ofCheckpoint: checkpoint)
            if result.model?.key != key {
                let report = try ModelReport(directory: checkpoint)
                let meter = ModelMeter(
                    model: try report.model.model(), vocabulary: vocabulary,
                    sets: mixture?.sources.map(\.set) ?? [], work: work)
                var measured = try meter.measure(
                    key: key, step: CheckpointStore.state(of: checkpoint).step,
                    text: place.exampleText)
                measured.parts = report.parts.map {
                    .init(name: $0.title, parameters: $0.parameterCount)
                }
                result.model = measured
            }
        } catch PipelineError.interrupted {
            throw PipelineError.interrupted
        } catch {
            notes.append("\(place.directory) could not be measured: \(error)")
        }
        if isKept, result != earlier {
            try FileReplacement.writeJSON(
                result, to: place.directory + "/" + RunMeasurements.fileName)
        }
        return result
    }

    /// Hash of a checkpoint: of its manifest, which has the hashes of its files.
    private static func key(ofCheckpoint path: String) throws -> String {
        let manifest = try FileSystem.contents(path + "/manifest.json")
        let bytes = Array(try manifest ?? FileSystem.contents(path + "/config.json") ?? Data())
        return String(XXH64.hash(of: bytes.span), radix: 16)
    }
}

extension RunPlace {
    /// The data sets that the run has learned from; nil where they are not known or not there.
    func mixture() throws -> Mixture? {
        guard let data = RunData(runDirectory: directory) else { return nil }
        var sources: [WeightedShards] = []
        for source in data.sources {
            guard let path = found(source.directory) else { return nil }
            sources.append(
                WeightedShards(
                    name: source.name, set: try ShardSet(directory: path), weight: source.weight))
        }
        return try Mixture(sources)
    }

    /// Published vocabularies that lie beside that of the run: cl100k and o200k, where they were
    /// imported.
    func referenceVocabularies() -> [(name: String, directory: String)] {
        guard let folder = found("vocab") else { return [] }
        let names = (try? FileSystem.namesInDirectory(folder)) ?? []
        return names.sorted().filter { name in
            ["cl100k", "o200k"].contains { name.hasPrefix($0) }
                && !FileSystem.isMissing(folder + "/" + name + "/tokenizer.json")
        }.prefix(4).map { ($0, folder + "/" + $0) }
    }

    /// A text of the run's own to look at attention with: the beginning of its first sample.
    var exampleText: String? {
        let samples = (try? FileSystem.contents(directory + "/samples.json"))
            .flatMap { try? JSONDecoder().decode([String].self, from: $0) }
        let text = samples?.first { !$0.isEmpty } ?? "In the beginning there was a word"
        return String(text.prefix(400))
    }
}
