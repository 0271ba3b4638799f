import Foundation
import Models
import Training
import Work

/// A sentence for the person at the terminal.
struct ProbeError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A batch of sequences; targets are -1 where nothing is scored. Where it has documents, they say
/// for each place the first of its document. Where states are carried, `continues` says which
/// sequences go on from the batch before, and `before` may hold batches that are read first.
struct ProbeBatch: Decodable {
    let inputs: [[TokenID]]
    let targets: [[Int32]]
    let document_starts: [[Int32]]?
    let continues: [Bool]?
    let before: [ProbeBatch]?

    /// All inputs, and all targets, row after row.
    var flat: (inputs: [TokenID], targets: [TokenID]) {
        (inputs.flatMap { $0 }, targets.flatMap { $0.map { TokenID(UInt32(bitPattern: $0)) } })
    }
}

/// Batches to train on in order, and the optimizer's numbers.
struct ProbeTraining: Decodable {
    let batches: [ProbeBatch]
    let learning_rate: Double
    let betas: [Double]
    let epsilon: Double
    let weight_decay: Double
    let clip: Double

    /// The same as the trainer is told it.
    var configuration: TrainingConfiguration {
        var configuration = TrainingConfiguration(optimizer: .adamW)
        (configuration.beta1, configuration.beta2) = (betas[0], betas[1])
        configuration.epsilon = epsilon
        configuration.weightDecay = weight_decay
        configuration.gradientClip = clip
        configuration.learningRate = learning_rate
        return configuration
    }
}

/// The commands.
enum Probe {
    static let commands: [String: (argumentCount: Int, body: @Sendable ([String]) throws -> Void)] =
        [
            "logits": (3, logits), "gradients": (3, gradients), "generate-greedy": (3, generate),
            "train-steps": (2, trainSteps), "roundtrip": (2, roundTrip), "create": (3, create),
            "throughput": (5, throughput), "optimize": (3, optimize), "encode": (2, encode),
            "decode": (1, decode), "chat": (1, chat), "render": (0, render), "learn": (4, learn),
            "min-hash": (1, minHash), "english-words": (0, englishWords), "quality": (1, quality),
            "open-safetensors": (1, openSafetensors),
            "probabilities": (1, probabilities), "attention": (3, attention), "beams": (5, beams),
            "generation-speed": (7, generationSpeed),
        ]

    static func read<Value: Decodable>(_ type: Value.Type, _ path: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: URL(fileURLWithPath: path)))
    }

    static func number(_ text: String) throws -> Int {
        guard let number = Int(text) else { throw ProbeError("\(text) is not a number") }
        return number
    }

    static func printJSON(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        print(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    static func logits(_ arguments: [String]) throws {
        let model = try open(arguments[0])
        let ids = try read([TokenID].self, arguments[1])
        let logits = model.logits(for: ids, documentStarts: nil, kernels: .best)
        let buffer = FloatBuffer(count: logits.count)
        for (index, value) in logits.enumerated() { buffer[index] = value }
        let shape = [ids.count, model.configuration.vocabularySize]
        try SafetensorsFile.write(
            [.init(name: "logits", shape: shape, buffer: buffer, offset: 0)], to: arguments[2])
    }

    static func runner(_ model: any LanguageModel, _ batch: ProbeBatch, threads: Int = 2)
        -> BatchRunner
    {
        BatchRunner(
            model: model, batchSize: batch.inputs.count, contextLength: batch.inputs[0].count,
            team: ThreadTeam(threadCount: threads), carriesState: batch.continues != nil)
    }

    /// The mean loss, after adding the gradients of the mean.
    static func accumulate(_ runner: BatchRunner, _ batch: ProbeBatch) -> Double {
        let (inputs, targets) = batch.flat
        let scored = targets.count { $0 != .ignored }
        let sum = runner.computeGradients(
            inputs: inputs.span, targets: targets.span,
            documentStarts: batch.document_starts?.flatMap { $0 }, continues: batch.continues,
            scale: 1 / Float(scored))
        return sum / Double(scored)
    }

    static func gradients(_ arguments: [String]) throws {
        let model = try open(arguments[0])
        let batch = try read(ProbeBatch.self, arguments[1])
        let runner = runner(model, batch)
        for earlier in batch.before ?? [] { _ = accumulate(runner, earlier) }
        let loss = accumulate(runner, batch)
        try SafetensorsFile.write(
            model.layout.tensors.map {
                .init(
                    name: $0.checkpointName, shape: $0.shape, buffer: runner.gradients,
                    offset: $0.offset, rowOrder: $0.rowOrder)
            }, to: arguments[2])
        let (inputs, targets) = batch.flat
        let losses = runner.tokenLosses(
            inputs: inputs.span, targets: targets.span,
            documentStarts: batch.document_starts?.flatMap { $0 })
        try printJSON(["loss": [loss], "token_losses": losses.map(Double.init)])
    }

    static func generate(_ arguments: [String]) throws {
        let model = try open(arguments[0])
        var generator = TextGenerator(
            model, configuration: .greedy(maximumTokenCount: try number(arguments[2])))
        generator.start(prompt: try read([TokenID].self, arguments[1]))
        var ids: [TokenID] = []
        while let id = generator.next() { ids.append(id) }
        try printJSON(ids)
    }

    static func trainSteps(_ arguments: [String]) throws {
        let model = try open(arguments[0])
        let training = try read(ProbeTraining.self, arguments[1])
        let runner = runner(model, training.batches[0])
        let optimizer = Optimizer(
            training.configuration, layout: model.layout, team: runner.team)
        var losses: [Double] = []
        for batch in training.batches {
            losses.append(accumulate(runner, batch))
            optimizer.step(
                model: model, gradients: runner.gradients,
                norm: optimizer.norm(of: runner.gradients), factor: 1)
        }
        try printJSON(losses)
    }

    static func roundTrip(_ arguments: [String]) throws {
        try open(arguments[0]).write(toDirectory: arguments[1])
    }

    /// The model in a directory, of whichever family.
    static func open(_ directory: String) throws -> any LanguageModel {
        try ModelDirectory(path: directory).model()
    }

    static func shape(_ json: String) throws -> any ModelShape {
        try JSONDecoder().decode(ModelConfiguration.self, from: Data(json.utf8)).shape
    }

    static func create(_ arguments: [String]) throws {
        let model = try shape(arguments[2]).makeModel(seed: UInt64(try number(arguments[1])))
        try model.write(toDirectory: arguments[0])
    }

    static func throughput(_ arguments: [String]) throws {
        let shape = try shape(arguments[3])
        let model = try shape.makeModel(seed: 1)
        let (batchSize, context) = (try number(arguments[0]), shape.positionCount)
        let team = ThreadTeam(threadCount: try number(arguments[2]))
        guard let precision = Precision(rawValue: arguments[4]) else {
            throw ProbeError("\(arguments[4]) is no precision")
        }
        let runner = BatchRunner(
            model: model, batchSize: batchSize, contextLength: context, team: team,
            kernels: .best(precision))
        let optimizer = Optimizer(
            TrainingConfiguration(optimizer: .adamW), layout: model.layout, team: team)
        var generator = RandomGenerator(seed: 1)
        // As often as a text has them: the token of rank r has a share of 1 / r (Zipf's law).
        let size = Double(shape.vocabularySize)
        let ids = (0..<batchSize * context).map { _ in
            TokenID(Int(pow(size, Double.random(in: 0..<1, using: &generator))) - 1)
        }
        var times: [Double] = []
        let clock = ContinuousClock()
        let start = clock.now
        while clock.now - start < .seconds(try number(arguments[1])) || times.count < 3 {
            let time = clock.measure {
                _ = runner.computeGradients(
                    inputs: ids.span, targets: ids.span, scale: 1 / Float(ids.count))
                optimizer.step(
                    model: model, gradients: runner.gradients,
                    norm: optimizer.norm(of: runner.gradients), factor: 1)
            }
            times.append(time / .seconds(1))
        }
        times.sort()
        let (median, best) = (times[times.count / 2], times[0])
        let peak = MatrixPeak.measure(team: team)
        let rate = Double(ids.count) / median
        print(
            String(
                format: "%.0f tokens/s median, %.0f best; %.0f GFLOP/s of a peak of %.0f; %d MiB",
                rate, Double(ids.count) / best, rate * shape.trainingOperationsPerToken / 1e9,
                peak, runner.byteCount >> 20))
    }
}
