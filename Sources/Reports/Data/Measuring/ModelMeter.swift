import Foundation
import Models
import Pipeline
import TokenShards
import Tokenization
import Training
import Work

/// Measures a model for a report, in bounded time: a larger model reads less text.
struct ModelMeter {
    let model: any LanguageModel
    let vocabulary: Vocabulary
    let sets: [ShardSet]
    let work: WorkContext<PipelineEvent>

    /// Operations that are spent on each measurement at most, whatever the model's size.
    private static let operationLimit = 4e12
    private static let tokenLimit = 65_536
    private static let logitLimit = 1 << 26
    private static let (layerLimit, headLimit, attentionTokenLimit) = (6, 8, 14)
    private static let binCount = 10

    /// Operations to read a token.
    private var operationsPerToken: Double {
        max(1, model.configuration.trainingOperationsPerToken / 3)
    }

    private var tokenLimit: Int {
        let count = Self.operationLimit / operationsPerToken
        return max(model.configuration.positionCount, min(Self.tokenLimit, Int(min(count, 1e9))))
    }

    /// Measures.
    ///
    /// - Parameters:
    ///   - key: hash of the checkpoint.
    ///   - step: the step after which it was written.
    ///   - text: the text on which attention is shown.
    func measure(key: String, step: Int, text: String?) throws -> ModelMeasurement {
        var result = ModelMeasurement(key: key, step: step)
        result.facts = model.configuration.facts.map { [$0.title, $0.value] }
        result.operationsPerToken = model.configuration.trainingOperationsPerToken
        result.attention = try text.flatMap(attention)
        guard !model.readsPairs, sets.contains(where: hasValidation) else { return result }
        result.calibration = try calibration()
        result.byPosition = try byPosition()
        return result
    }

    private func hasValidation(_ set: ShardSet) -> Bool {
        set.manifest.totals(of: .validation).tokens > 2
    }

    // MARK: Attention

    private func attention(_ text: String) throws -> ModelMeasurement.Attention? {
        let ids = try TextSampler.ids(of: text, model: model, vocabulary: vocabulary)
            .prefix(min(Self.attentionTokenLimit, model.configuration.positionCount))
        guard ids.count > 1, !model.readsPairs, let maps = model.attentionMaps(for: Array(ids))
        else { return nil }
        let layers = Self.evenly(maps.layerCount, Self.layerLimit)
        let heads = Self.evenly(maps.headCount, Self.headLimit)
        return ModelMeasurement.Attention(
            tokens: ids.map { Vocabulary.printable(vocabulary.bytes(of: $0)) },
            layers: layers.map { $0 + 1 }, heads: heads.map { $0 + 1 },
            weights: layers.map { layer in
                heads.map { head in
                    maps.weights(layer: layer, head: head).map {
                        $0.isFinite ? Int(($0 * 100).rounded()) : 0
                    }
                }
            })
    }

    /// At most `limit` of the numbers below `count`, the first and the last among them.
    static func evenly(_ count: Int, _ limit: Int) -> [Int] {
        guard count > limit, limit > 1 else { return Array(0..<count) }
        return (0..<limit).map { $0 * (count - 1) / (limit - 1) }
    }

    // MARK: Calibration

    private func calibration() throws -> [ModelMeasurement.CalibrationBin] {
        let size = model.configuration.vocabularySize
        let length = min(model.configuration.positionCount, 512)
        let predictions = max(length, min(tokenLimit / 4, Self.logitLimit / size))
        let pass = model.makeInferencePass(
            weights: .float32, textCount: 1, team: ThreadTeam(threadCount: work.threadCount),
            kernels: .best)
        var bins = [(count: Int, confidence: Double, hits: Int)](
            repeating: (0, 0, 0), count: Self.binCount)
        for set in sets where hasValidation(set) {
            let shards = set.shards(of: .validation)
            let windows = set.windows(
                in: .validation, length: length, stride: length, marksDocuments: true
            ).documentBeginnings(limit: max(1, predictions / length / sets.count))
            for window in windows {
                if work.stop.isRequested { throw PipelineError.interrupted }
                let start = window.start
                let ids = shards[window.shard].tokens(start..<start + window.length + 1)
                let part = TextPart(
                    Array(ids.dropLast()), into: pass.makeState(capacity: window.length),
                    wanted: 0..<window.length)
                pass.read([part]) { _, place, logits, row in
                    guard let best = Self.likeliest(logits, row) else { return }
                    let bin = min(Int(best.probability * Double(Self.binCount)), Self.binCount - 1)
                    bins[bin].count += 1
                    bins[bin].confidence += best.probability
                    bins[bin].hits += best.token == ids[place + 1].index ? 1 : 0
                }
            }
        }
        return bins.map { bin in
            let count = Double(max(bin.count, 1))
            return ModelMeasurement.CalibrationBin(
                count: bin.count, confidence: bin.confidence / count,
                accuracy: Double(bin.hits) / count)
        }
    }

    /// The likeliest token of a row and its probability; nil where the logits are not finite. O(V).
    private static func likeliest(
        _ logits: LogitRows, _ row: Int
    ) -> (token: Int, probability: Double)? {
        logits.withLogits(ofText: row) { values in
            var best = 0
            for index in values.indices where values[index] > values[best] { best = index }
            let most = values[best]
            var sum = 0.0
            for index in values.indices { sum += Double(exp(values[index] - most)) }
            return sum.isFinite && sum > 0 ? (best, 1 / sum) : nil
        }
    }

    // MARK: Positions

    private func byPosition() throws -> LossCurve? {
        let context = model.configuration.positionCount
        let windowLimit = max(4, min(256, tokenLimit / context))
        let batchSize = min(16, windowLimit)
        try BatchRunner.checkMemory(
            of: model.configuration, batchSize: batchSize, contextLength: context,
            threadCount: work.threadCount)
        let runner = BatchRunner(
            model: model, batchSize: batchSize, contextLength: context,
            team: ThreadTeam(threadCount: work.threadCount))
        let meter = LossCurveMeter(
            scorer: runner, sets: sets.filter(hasValidation), split: .validation,
            windowLimit: windowLimit)
        let curve = try meter.byPosition { _, _ in
            if work.stop.isRequested { throw PipelineError.interrupted }
        }
        return curve.points.isEmpty || !curve.points.allSatisfy(\.loss.isFinite) ? nil : curve
    }
}
