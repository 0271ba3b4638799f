import Foundation
import Models
import Testing
import TokenShards
import Tokenization
import Training
import Work

@Suite struct RecurrentTrainingTests {
    /// A way of reading the data.
    enum Reading: CaseIterable {
        case windows, streams, streamsOfDocuments

        var configuration: TrainingConfiguration {
            var configuration = TrainingFixture.configuration
            configuration.carriesState = self != .windows
            if self == .streamsOfDocuments {
                configuration.masksDocuments = true
                configuration.dropout = 0.1
            }
            return configuration
        }
    }

    private static func shape(
        _ architecture: RecurrentArchitecture, vocabularySize: Int = 0
    ) -> RecurrentConfiguration {
        RecurrentConfiguration(
            architecture: architecture, layerCount: 2, embeddingSize: 12, positionCount: 16,
            vocabularySize: vocabularySize)
    }

    private func loader(
        _ fixture: TrainingFixture, _ configuration: TrainingConfiguration
    ) throws -> BatchLoader {
        try Mixture(fixture.set).loader(
            length: 16, marksDocuments: configuration.masksDocuments,
            batchSize: configuration.windowsPerStep, seed: configuration.seed, isContinuous: true)
    }

    @Test(
        "a run that was stopped and resumed has the bytes of one that was not, on any threads",
        arguments: RecurrentArchitecture.allCases, Reading.allCases)
    func resumed(architecture: RecurrentArchitecture, reading: Reading) async throws {
        let fixture = try TrainingFixture()
        let configuration = reading.configuration
        func run(
            _ name: String, threadCount: Int, existing: Trainer.ExistingRun = .refuse,
            until last: Int = .max
        ) async throws {
            let trainer = try fixture.trainer(
                name, configuration: configuration, model: Self.shape(architecture),
                threadCount: threadCount, existing: existing)
            let stop = StopSignal()
            _ = try await trainer.run(stop: stop) { event in
                if case .step(let report) = event, report.step == last { stop.request() }
            }
        }
        try await run("whole", threadCount: 2)
        let expected = try fixture.latest(of: "whole")
        #expect((expected["carried_state.safetensors"] != nil) == (reading != .windows))
        try await run("other", threadCount: 3)
        #expect(try fixture.latest(of: "other") == expected)
        // The streams begin anew within the run.
        let loader = try loader(fixture, configuration)
        let epoch = loader.windowCount / loader.batchSize
        #expect((2...10).contains(epoch))
        for step in [1, epoch - 1, epoch, 11] {
            let name = "stopped-\(step)"
            try await run(name, threadCount: 1, until: step)
            try await run(name, threadCount: step % 3 + 1, existing: .resume)
            #expect(try fixture.latest(of: name) == expected)
        }
    }

    @Test(
        "the losses of streams are those of reading each in one go", arguments: [false, true],
        RecurrentArchitecture.allCases)
    func streams(masksDocuments: Bool, architecture: RecurrentArchitecture) async throws {
        let fixture = try TrainingFixture()
        var configuration = TrainingFixture.configuration
        configuration.carriesState = true
        configuration.masksDocuments = masksDocuments
        // With next to no learning the model stays the same.
        configuration.learningRate = 1e-12
        let loader = try loader(fixture, configuration)
        let (rows, steps) = (loader.batchSize, loader.windowCount / loader.batchSize)
        let trainer = try fixture.trainer(
            "run", configuration: configuration, model: Self.shape(architecture))
        var losses: [Double] = []
        _ = try await trainer.run { event in
            if case .step(let report) = event { losses.append(report.loss) }
        }

        let model = try RecurrentModel(
            Self.shape(architecture, vocabularySize: fixture.vocabulary.count),
            seed: configuration.seed)
        let shard = try #require(fixture.set.shards(of: .train).first)
        #expect(fixture.set.shards(of: .train).count == 1)
        var sums = [Double](repeating: 0, count: steps)
        for row in 0..<rows {
            let start = loader.row(at: row).windows[0].start
            let tokens = shard.tokens(start..<start + steps * 16 + 1)
            let ids = Array(tokens.dropLast())
            let starts = ids.indices.map { place in
                let document = shard.document(containing: start + place)
                return Int32(max(0, shard.document(document).firstToken - start))
            }
            let logits = model.logits(for: ids, documentStarts: masksDocuments ? starts : nil)
            let width = fixture.vocabulary.count
            for place in ids.indices {
                let row = logits[place * width..<(place + 1) * width].map(Double.init)
                let loss =
                    log(row.reduce(0) { $0 + exp($1) }) - row[tokens[place + 1].index]
                sums[place / 16] += loss
            }
        }
        for (step, sum) in sums.enumerated() {
            #expect(abs(losses[step] - sum / Double(rows * 16)) < 1e-5)
        }
    }

    @Test("neither accumulation nor evaluation changes what streams learn")
    func accumulation() async throws {
        let fixture = try TrainingFixture()
        var configuration = Reading.streamsOfDocuments.configuration
        configuration.gradientSlots = 4
        var found: [[Data?]] = []
        for (batchSize, accumulation, evaluateEvery) in [(8, 1, 100), (4, 2, 100), (2, 4, 3)] {
            configuration.batchSize = batchSize
            configuration.gradientAccumulationSteps = accumulation
            configuration.evaluateEvery = evaluateEvery
            let name = "run-\(batchSize)"
            let trainer = try fixture.trainer(
                name, configuration: configuration, model: Self.shape(.gru))
            _ = try await trainer.run()
            let files = try fixture.latest(of: name)
            found.append(
                ["model", "optimizer", "carried_state"].map { files["\($0).safetensors"] })
        }
        #expect(found[0].allSatisfy { $0 != nil })
        #expect(found[1] == found[0] && found[2] == found[0])
    }

    @Test("a model without a state, and data that is no running text, are refused by name")
    func refused() throws {
        let fixture = try TrainingFixture()
        var configuration = Reading.streams.configuration
        func refusal(_ model: any ModelShape, _ template: ChatTemplate? = nil) -> String {
            let error = #expect(throws: TrainingError.self) {
                _ = try Trainer(
                    model: model, configuration: configuration, set: fixture.set,
                    vocabulary: fixture.vocabulary,
                    template: template.map { ConversationTemplate($0) },
                    surroundings: .init(runDirectory: fixture.path("run"), existing: .refuse))
            }
            return "\(error, default: "")"
        }
        #expect(
            refusal(TrainingFixture.model)
                == "training.stateful is for rnn, lstm, gru: gpt2 has no state to carry; "
                + "leave it out")
        let template = try ChatTemplate(
            fixture.vocabulary.adding(specialTokens: ChatTemplate.specialTokens))
        #expect(refusal(Self.shape(.lstm), template).contains("conversations and pairs"))
        configuration.packing = .document
        #expect(refusal(Self.shape(.lstm)).contains("needs the packing \"concatenate\""))
        configuration.packing = .concatenate
        configuration.batchSize = 1 << 12
        #expect(throws: ShardError.self) {
            try fixture.trainer("run", configuration: configuration, model: Self.shape(.lstm))
        }
        #expect(!FileManager.default.fileExists(atPath: fixture.path("run")))
    }

    @Test("a run goes on in its own streams alone, from a state that is whole")
    func otherCheckpoints() async throws {
        let fixture = try TrainingFixture()
        let configuration = Reading.streams.configuration
        func trainer(
            _ run: String, _ configuration: TrainingConfiguration, resumes: Bool = true
        ) throws -> Trainer {
            try fixture.trainer(
                run, configuration: configuration, model: Self.shape(.lstm),
                existing: resumes ? .resume : .refuse)
        }
        func reason(_ run: String, _ configuration: TrainingConfiguration) -> String {
            let error = #expect(throws: (any Error).self) {
                _ = try trainer(run, configuration)
            }
            return "\(error, default: "")"
        }
        _ = try await trainer("plain", Reading.windows.configuration, resumes: false).run()
        #expect(reason("plain", configuration).contains("training.stateful off"))
        _ = try await trainer("run", configuration, resumes: false).run()
        var other = configuration
        other.batchSize = 8
        #expect(reason("run", other).contains("rows as before: 8, not 16"))
        // Divided otherwise they are the same rows; and what was learned can be gone on from.
        (other.batchSize, other.gradientAccumulationSteps) = (8, 1)
        #expect(throws: Never.self) { _ = try trainer("run", other) }
        #expect(throws: Never.self) { _ = try trainer("run", Reading.windows.configuration) }

        let path = fixture.path("run") + "/checkpoints/latest/carried_state.safetensors"
        let kept = try #require(FileManager.default.contents(atPath: path))
        // Manifests would find all of this before the file is opened.
        let checkpoints = fixture.path("run") + "/checkpoints/"
        for name in try FileManager.default.contentsOfDirectory(atPath: checkpoints)
        where name.hasPrefix("step-") {
            try FileManager.default.removeItem(atPath: checkpoints + name + "/manifest.json")
        }
        func write(_ rows: Int, _ value: Float, step: Int = 12, name: String = "state") throws {
            let buffer = FloatBuffer(count: rows * 48)
            buffer[7] = value
            try SafetensorsFile.write(
                [.init(name: name, shape: [rows, 2, 2, 12], buffer: buffer, offset: 0)],
                metadata: ["format": "pt", "step": "\(step)"], to: path)
        }
        let statePath = checkpoints + "latest/" + TrainingState.fileName
        let text = try String(contentsOfFile: statePath, encoding: .utf8)
        for position in ["97", "98"] {
            let other = text.replacing(/"position" : \d+/, with: "\"position\" : \(position)")
            #expect(other != text)
            try other.write(toFile: statePath, atomically: true, encoding: .utf8)
            #expect(reason("run", configuration).contains("no step at position \(position)"))
        }
        try text.write(toFile: statePath, atomically: true, encoding: .utf8)
        try write(8, 0.5)
        #expect(throws: Never.self) { _ = try trainer("run", configuration) }
        try write(7, 0.5)
        #expect(reason("run", configuration).contains("[7, 2, 2, 12]"))
        try write(8, .nan)
        #expect(reason("run", configuration).contains("not finite"))
        try write(8, 0.5, step: 11)
        #expect(reason("run", configuration).contains("not the state after step 12"))
        try write(8, 0.5, name: "h")
        #expect(reason("run", configuration).contains("other tensors"))
        try kept.dropLast().write(to: URL(fileURLWithPath: path))
        #expect(reason("run", configuration).contains("bytes"))
        try FileManager.default.removeItem(atPath: path)
        #expect(reason("run", configuration).contains("the file is missing"))
    }
}
