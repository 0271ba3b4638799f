import Foundation
import Models
import Processes
import Synchronization
import Testing
import TokenShards
import Tokenization
import Work

@testable import Training

/// Training by several processes, each played by a thread of this one that talks over TCP.
@Suite struct RankedTrainingTests {
    static let secret = Array("a secret of the tests".utf8)

    /// Runs `body` as each of `count` ranks at once.
    static func run<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (any ProcessGroup) async throws -> Value
    ) async throws -> [Result<Value, any Error>] {
        let port = try freePort()
        return await withTaskGroup(of: (Int, Result<Value, any Error>).self) { tasks in
            for rank in 0..<count {
                tasks.addTask(executorPreference: OwnThread()) {
                    do {
                        let group = try TCPGroup(
                            rank: rank, count: count, host: "127.0.0.1", port: port,
                            secret: secret, watchdogSeconds: 60)
                        do {
                            let value = try await body(group)
                            try group.finish()
                            return (rank, .success(value))
                        } catch {
                            group.abandon(becauseOf: (error as? ProcessError)?.culprit)
                            throw error
                        }
                    } catch {
                        return (rank, .failure(error))
                    }
                }
            }
            var results: [Int: Result<Value, any Error>] = [:]
            for await (rank, result) in tasks { results[rank] = result }
            return (0..<count).map { results[$0]! }
        }
    }

    /// A thread for one task: a rank waits for others by keeping its thread.
    final class OwnThread: TaskExecutor {
        private let jobs = Monitor<[UnownedJob]>([])

        init() {
            let jobs = jobs
            WorkerThread.start(named: "rank") { [weak self] in
                while true {
                    let job = jobs.wait { $0.isEmpty ? nil : $0.removeFirst() }
                    guard let self else { return }
                    job.runSynchronously(on: self.asUnownedTaskExecutor())
                }
            }
        }

        func enqueue(_ job: consuming ExecutorJob) {
            let job = UnownedJob(job)
            jobs.withLock { $0.append(job) }
            jobs.notifyAll()
        }
    }

    private static func freePort() throws -> Int {
        // Below those that the system gives to whoever asks for any: nobody else takes it.
        for _ in 0..<1_000 {
            let port = 20_000 + nextPort.wrappingAdd(1, ordering: .relaxed).oldValue % 12_000
            let number = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            defer { close(number) }
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            address.sin_port = UInt16(port).bigEndian
            let isFree = withUnsafePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(number, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                }
            }
            if isFree { return port }
        }
        throw CocoaError(.fileNoSuchFile)
    }

    private static let nextPort = Atomic(Int(getpid()) * 61 % 12_000)

    /// Trains in `run` by so many ranks, of which each has so many threads.
    ///
    /// - Parameters:
    ///   - last: the step after which the last rank asks for a stop.
    ///   - leastStageCount: the least gradients that are sent together.
    @discardableResult
    static func train(
        _ fixture: TrainingFixture, _ run: String, ranks: Int,
        _ configuration: TrainingConfiguration, _ model: any ModelShape, data: Mixture? = nil,
        existing: Trainer.ExistingRun = .refuse, until last: Int = .max,
        leastStageCount: Int = ParameterDivision.leastStageCount
    ) async throws -> [TrainingSummary] {
        let data = data ?? Mixture(fixture.set)
        nonisolated(unsafe) let fixture = fixture
        let results = try await Self.run(ranks) { group in
            var surroundings = Trainer.Surroundings(
                runDirectory: fixture.path(run), existing: existing)
            surroundings.group = group
            surroundings.leastStageCount = leastStageCount
            let trainer = try Trainer(
                model: model, configuration: configuration, data: data,
                vocabulary: fixture.vocabulary, surroundings: surroundings,
                work: WorkContext(threadCount: 1 + (group.rank + ranks) % 2))
            let stop = StopSignal()
            return try await trainer.run(stop: stop) { event in
                if case .step(let report) = event, report.step == last,
                    group.rank == group.count - 1
                {
                    stop.request()
                }
            }
        }
        return try results.map { try $0.get() }
    }

    /// A model and how it is trained.
    struct Case: CustomTestStringConvertible {
        let testDescription: String
        let model: any ModelShape
        let configuration: TrainingConfiguration
        var hasTwoSources = false
    }

    static let cases: [Case] = {
        var base = TrainingFixture.configuration
        base.batchSize = 8
        base.gradientAccumulationSteps = 1
        base.gradientSlots = 8
        base.steps = 6
        base.evaluateEvery = 3
        base.checkpointEvery = 4
        func changed(_ change: (inout TrainingConfiguration) -> Void) -> TrainingConfiguration {
            var copy = base
            change(&copy)
            return copy
        }
        let gpt2 = TrainingFixture.model
        var llama = TrainingFixture.model
        llama.architecture = .llama
        var qwen = TrainingFixture.model
        qwen.architecture = .qwen3
        // Enough parameters for several blocks in a tensor.
        var wide = TrainingFixture.model
        wide.embeddingSize = 96
        let lstm = RecurrentConfiguration(
            architecture: .lstm, layerCount: 2, embeddingSize: 12, positionCount: 16,
            vocabularySize: 0)
        return [
            Case(testDescription: "gpt2, AdamW", model: gpt2, configuration: base),
            Case(
                testDescription: "gpt2, Muon, wide", model: wide,
                configuration: changed { $0.optimizer = .muon }),
            Case(
                testDescription: "llama, Muon, accumulation, masks and dropout", model: llama,
                configuration: changed {
                    $0.optimizer = .muon
                    $0.batchSize = 4
                    $0.gradientAccumulationSteps = 3
                    $0.masksDocuments = true
                    $0.dropout = 0.2
                }),
            Case(
                testDescription: "qwen3, AdamW, mixed", model: qwen,
                configuration: changed { $0.precision = .mixed }),
            Case(
                testDescription: "gpt2, Muon, two sources, whole documents", model: gpt2,
                configuration: changed {
                    $0.optimizer = .muon
                    $0.packing = .bestFit
                }, hasTwoSources: true),
            Case(
                testDescription: "LSTM with a state, dropout", model: lstm,
                configuration: changed {
                    $0.carriesState = true
                    $0.dropout = 0.1
                }),
        ]
    }()

    @Test(
        "any number of ranks writes the checkpoints of one process, byte for byte",
        arguments: cases)
    func sameBytes(_ test: Case) async throws {
        let fixture = try TrainingFixture()
        let other = try TrainingFixture(endOfText: .after)
        let data =
            test.hasTwoSources
            ? try Mixture([
                WeightedShards(name: "first", set: fixture.set, weight: 0.7),
                WeightedShards(name: "second", set: other.set, weight: 0.3),
            ]) : Mixture(fixture.set)
        let trainer = try Trainer(
            model: test.model, configuration: test.configuration, data: data,
            vocabulary: fixture.vocabulary,
            surroundings: Trainer.Surroundings(
                runDirectory: fixture.path("alone"), existing: .refuse),
            work: WorkContext(threadCount: 2))
        let alone = try await trainer.run()
        let expected = try fixture.latest(of: "alone")
        for ranks in [2, 4, 8] {
            let name = "of \(ranks)"
            let summaries = try await Self.train(
                fixture, name, ranks: ranks, test.configuration, test.model, data: data,
                // Layer by layer, and all at once.
                leastStageCount: ranks == 8 ? .max : 1)
            let found = try fixture.latest(of: name)
            for (file, bytes) in expected {
                #expect(found[file] == bytes, "\(file), \(ranks) ranks")
            }
            #expect(found.count == expected.count)
            for summary in summaries {
                #expect(summary.validation == alone.validation)
                #expect(summary.sources == alone.sources)
            }
            #expect(
                try figures(fixture.path(name)) == figures(fixture.path("alone")),
                "metrics, \(ranks) ranks")
        }
        // Stopped by one rank, and gone on with another number of them.
        try await Self.train(
            fixture, "stopped", ranks: 4, test.configuration, test.model, data: data, until: 2)
        #expect(try CheckpointStore(runDirectory: fixture.path("stopped")).latestState()?.step == 3)
        try await Self.train(
            fixture, "stopped", ranks: 2, test.configuration, test.model, data: data,
            existing: .resume, leastStageCount: 1_000)
        #expect(try fixture.latest(of: "stopped") == expected)
    }

    /// Losses and norms of the steps of a run, as its metrics have them.
    private func figures(_ run: String) throws -> [[String: Double]] {
        let text = try String(contentsOfFile: run + "/metrics.jsonl", encoding: .utf8)
        return try text.split(separator: "\n").map { line in
            let object = try JSONSerialization.jsonObject(with: Data(line.utf8))
            let members = object as? [String: Any] ?? [:]
            return members.compactMapValues { $0 as? Double }.filter {
                ["loss", "gradient_norm", "bits_per_byte"].contains($0.key)
            }
        }
    }

    @Test("three ranks share three slots")
    func threeRanks() async throws {
        let fixture = try TrainingFixture()
        var configuration = TrainingFixture.configuration
        configuration.gradientSlots = 3
        configuration.steps = 3
        let trainer = try fixture.trainer("alone", configuration: configuration)
        _ = try await trainer.run()
        try await Self.train(fixture, "three", ranks: 3, configuration, TrainingFixture.model)
        #expect(try fixture.latest(of: "three") == fixture.latest(of: "alone"))
    }

    @Test("ranks that cannot have whole subtrees are told how many can")
    func badCount() async throws {
        let fixture = try TrainingFixture()
        let configuration = TrainingFixture.configuration
        await #expect(
            throws: TrainingError.badRankCount(count: 3, slots: 4, possible: [1, 2, 4])
        ) {
            try await Self.train(fixture, "run", ranks: 3, configuration, TrainingFixture.model)
        }
        #expect(!FileManager.default.fileExists(atPath: fixture.path("run")))
    }

    @Test("ranks that differ are refused by name, and nothing is written")
    func differing() async throws {
        let fixture = try TrainingFixture()
        nonisolated(unsafe) let shared = fixture
        func errors(
            _ change:
                @escaping @Sendable (inout TrainingConfiguration, inout Trainer.Surroundings)
                -> Void
        ) async throws -> [String] {
            try await Self.run(2) { group in
                var configuration = TrainingFixture.configuration
                var surroundings = Trainer.Surroundings(
                    runDirectory: shared.path("run"), existing: .refuse)
                surroundings.group = group
                if group.rank == 1 { change(&configuration, &surroundings) }
                let trainer = try Trainer(
                    model: TrainingFixture.model, configuration: configuration,
                    data: Mixture(shared.set), vocabulary: shared.vocabulary,
                    surroundings: surroundings, work: WorkContext(threadCount: 1))
                return try await trainer.run()
            }.map { result in
                do { return "\(try result.get().steps)" } catch { return "\(error)" }
            }
        }
        for error in try await errors({ configuration, _ in configuration.learningRate = 0.5 }) {
            #expect(error.contains("rank 1 differs from rank 0 in training.learning_rate: 0.5"))
        }
        for error in try await errors({ _, surroundings in surroundings.programVersion = "9" }) {
            #expect(error.contains("the program's version"))
        }
        for error in try await errors({ configuration, _ in configuration.seed = 2 }) {
            #expect(error.contains("the parameters") || error.contains("training.seed"))
        }
        #expect(!FileManager.default.fileExists(atPath: fixture.path("run")))
    }

    @Test("the moments are divided, and so is the memory that is planned for them")
    func memory() async throws {
        var shape = TrainingFixture.model
        (shape.embeddingSize, shape.vocabularySize, shape.layerCount) = (128, 2_000, 4)
        let layout = shape.layout
        for kind in OptimizerKind.allCases {
            var configuration = TrainingFixture.configuration
            configuration.optimizer = kind
            let team = ThreadTeam(threadCount: 1)
            let whole = Optimizer(configuration, layout: layout, team: team)
            for count in [2, 4, 8] {
                let division = ParameterDivision(
                    layout, kind, count: count, leastStageCount: 1 << 16)
                #expect(division.stages.count > 3)
                let all = whole.groups.reduce(0) { $0 + $1.tensor.count * $1.rule.moments.count }
                var momentCount = 0
                for rank in 0..<count {
                    let share = OptimizerShare(
                        group: Place(rank: rank, count: count), division: division)
                    let optimizer = Optimizer(
                        configuration, layout: layout, team: team, share: share)
                    #expect(
                        optimizer.byteCount
                            == Optimizer.byteCount(
                                configuration, layout: layout, threadCount: 1, share: share))
                    let own = optimizer.moments.reduce(0) { $0 + $1.count }
                    momentCount += own
                    // Even enough: no rank has much more than its part.
                    #expect(own < all / count + 2 * 128 * 512 + 2 * 16_384)
                }
                #expect(momentCount == all)
            }
        }
    }

    @Test("every float is stepped by one rank and summed by one, in whole blocks")
    func division() {
        for shape in [TrainingFixture.model] {
            var shape = shape
            for size in [16, 96, 160] {
                (shape.embeddingSize, shape.vocabularySize) = (size, 700)
                let layout = shape.layout
                for kind in OptimizerKind.allCases {
                    for count in 1...9 {
                        let division = ParameterDivision(
                            layout, kind, count: count,
                            leastStageCount: [1, 5_000, .max][count % 3])
                        #expect(division.stages.first?.lowerBound == 0)
                        #expect(division.stages.last?.upperBound == layout.floatCount)
                        #expect(
                            zip(division.stages, division.stages.dropFirst()).allSatisfy {
                                $0.upperBound == $1.lowerBound
                            })
                        for ranges in [division.stepped, division.summed] {
                            let sorted = ranges.ranges.joined().sorted {
                                $0.lowerBound < $1.lowerBound
                            }
                            #expect(sorted.first?.lowerBound == 0)
                            #expect(sorted.last?.upperBound == layout.floatCount)
                            #expect(
                                zip(sorted, sorted.dropFirst()).allSatisfy {
                                    $0.upperBound == $1.lowerBound
                                })
                        }
                        let blocks = (0..<count).flatMap(division.blocks).sorted()
                        #expect(blocks == Array(0..<(layout.floatCount + 16_383) / 16_384))
                        for tensor in layout.tensors where kind.rule(for: tensor) == .muon {
                            let owners = (0..<count).filter {
                                !division.range(of: tensor, rank: $0).isEmpty
                            }
                            #expect(owners.count == 1)
                        }
                    }
                }
            }
        }
    }

    /// A rank that never talks.
    private final class Place: ProcessGroup {
        let rank: Int
        let count: Int
        var transport: String { "none" }

        init(rank: Int, count: Int) { (self.rank, self.count) = (rank, count) }

        func exchange(
            sending: [OutgoingMessage], receiving: [IncomingMessage], patience: Patience
        ) throws(ProcessError) {}
        func finish() throws(ProcessError) {}
        func abandon(becauseOf culprit: Int?) {}
    }
}
