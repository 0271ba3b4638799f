import Foundation
import Models
import Testing
import Training
import Work

@testable import Pipeline

@Suite struct SweepAxisTests {
    @Test(arguments: [
        ("training.steps=100,2e2,200", ["100", "200"]),
        ("training.learning_rate=1e-3,0.001,3e-3", ["0.001", "0.003"]),
        ("training.schedule=wsd,cosine", ["wsd", "cosine"]),
        ("training.mask_documents=true,false", ["true", "false"]),
        (
            #"training.tasks=["a,b.json","c"],null,["{"]"#,
            [#"["a,b.json","c"]"#, "null", #"["{"]"#]
        ),
        ("model.n_layer=2", ["2"]),
    ])
    func `values stand between commas, each once`(text: String, values: [String]) throws {
        #expect(try SweepAxis(text).values == .list(values))
    }

    @Test func `two numbers with dots between are a range`() throws {
        #expect(
            try SweepAxis("training.learning_rate=1e-4..1e-2").values
                == .range(0.0001...0.01, isWhole: false))
        #expect(try SweepAxis("model.n_layer=2..8").values == .range(2...8, isWhole: true))
    }

    @Test(arguments: [
        ("training.learning_rat=1", "did you mean \"training.learning_rate\"?"),
        ("learning_rate=1", "did you mean \"training.learning_rate\"?"),
        ("model.layers=1", "did you mean \"model.n_layer\"?"),
        ("vocabulary.vocab_size=300,400", "the same shards, with the same vocabulary"),
        ("corpus.validation_fraction=0.1", "the same shards"),
        ("shards.tokens_per_shard=100", "the same shards"),
        ("name=a,b", "it names what all trials share"),
        ("instruction_tuning.epochs=1", "no trial is tuned"),
        ("generation.top_k=1", "it changes no model"),
        ("training=1", "it is a section"),
        ("training.steps=0,1", "\"training.steps\""),
        ("training.steps=1.5", "\"training.steps\""),
        ("training.steps=1,,2", "a value is empty"),
        ("training.steps=", "a value is empty"),
        ("training.schedule=wsd,cosin", "one of "),
        ("training.learning_rate=1e-2..1e-3", "the smaller first"),
        ("training.learning_rate=-1..1", "\"training.learning_rate\""),
        ("training.learning_rate=..1", "a range has two numbers"),
        ("model.n_layer=1.5..3", "\"model.n_layer\""),
        ("training.learning_rate=1..2,3", "\"training.learning_rate\""),
        ("=1", "key=value,value"), ("training.steps", "key=value,value"),
    ])
    func `what cannot vary is refused by name, with the reason`(text: String, says: String) {
        let error = #expect(throws: PipelineError.self) { _ = try SweepAxis(text) }
        let message = "\(error, default: "")"
        #expect(message.contains(says), "\(message)")
    }

    @Test func `values of a range lie within it, over many tenfolds as often in each`() throws {
        let axis = try SweepAxis("training.learning_rate=1e-4..1e-2")
        var generator = RandomGenerator(seed: 1)
        let drawn = try (0..<2_000).map { _ in
            try #require(Double(axis.draw(&generator)))
        }
        #expect(drawn.allSatisfy { (1e-4...1e-2).contains($0) })
        // Half of 2,000, five standard deviations of 22 to either side.
        #expect(abs(drawn.count { $0 < 1e-3 } - 1_000) < 112)
        let narrow = try SweepAxis("training.beta2=0.9..0.99")
        let uniform = try (0..<2_000).map { _ in try #require(Double(narrow.draw(&generator))) }
        #expect(uniform.allSatisfy { (0.9...0.99).contains($0) })
        #expect(abs(uniform.count { $0 < 0.945 } - 1_000) < 112)
    }

    @Test(arguments: ["model.n_layer=2..5", "model.n_layer=1..64"])
    func `whole numbers of a range are drawn with both ends`(text: String) throws {
        let axis = try SweepAxis(text)
        guard case .range(let range, true) = axis.values else {
            Issue.record("no range of whole numbers")
            return
        }
        var generator = RandomGenerator(seed: 2)
        let drawn = try Set((0..<4_000).map { _ in try #require(Int(axis.draw(&generator))) })
        #expect(drawn.min() == Int(range.lowerBound) && drawn.max() == Int(range.upperBound))
    }
}

@Suite struct SweepPlanTests {
    private let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = try folder.write(
            "p.json",
            """
            {"name": "p", "corpus": {"inputs": ["texts"]},
             "model": {"n_layer": 1, "n_head": 2, "n_embd": 32, "n_positions": 32},
             "training": {"learning_rate": 0.5}}
            """)
    }

    private func plan(
        _ axes: String..., settings: [String] = [],
        change: (inout SweepConfiguration) -> Void = { _ in }
    ) throws -> SweepPlan {
        var sweep = SweepConfiguration(axes: try axes.map { try SweepAxis($0) })
        change(&sweep)
        return try SweepPlan(path: path, settings: settings, sweep, threadCount: 1)
    }

    @Test func `every combination is a trial, named after its values`() throws {
        let plan = try plan("training.learning_rate=1e-3,1e-2", "model.n_layer=2,4")
        #expect(plan.directory == "runs/p-sweep")
        #expect(
            plan.trials.map(\.name) == [
                "learning_rate-0.001_n_layer-2", "learning_rate-0.001_n_layer-4",
                "learning_rate-0.01_n_layer-2", "learning_rate-0.01_n_layer-4",
            ])
        #expect(plan.trials.map(\.configuration.training.learningRate) == [1e-3, 1e-3, 1e-2, 1e-2])
        #expect(plan.trials.allSatisfy { $0.configuration.name == "p" })
    }

    @Test func `a setting for all holds unless a trial says otherwise`() throws {
        let plan = try plan(
            "training.steps=5,6", settings: ["training.steps=9", "training.batch_size=3"])
        #expect(plan.trials.map(\.configuration.training.steps) == [5, 6])
        #expect(plan.trials.allSatisfy { $0.configuration.training.batchSize == 3 })
    }

    @Test func `an architecture brings its own defaults to a trial`() throws {
        let plan = try plan("model.architecture=gpt2,llama", "training.optimizer=adamw,muon")
        let rates = plan.trials.map(\.configuration.training.muonLearningRate)
        #expect(plan.trials.count == 4 && rates.allSatisfy { $0 == 0.015 })
        #expect(plan.trials[0].configuration.model.shape.architectureName == "gpt2")
    }

    @Test func `the same seed draws the same trials, and more of them where more are asked for`()
        throws
    {
        func names(_ count: Int, seed: UInt64 = 3) throws -> [String] {
            try plan("training.learning_rate=1e-4..1e-2", "model.n_layer=1,2") {
                ($0.randomCount, $0.seed) = (count, seed)
            }.trials.map(\.name)
        }
        let few = try names(4)
        #expect(few.count == 4 && Set(few).count == 4)
        #expect(try Array(names(9).prefix(4)) == few)
        #expect(try names(4, seed: 4) != few)
    }

    @Test func `as many as there are, or more, are all`() throws {
        let some = try plan("model.n_layer=1..3", "training.batch_size=2,4") { $0.randomCount = 50 }
        #expect(Set(some.trials.map(\.name)).count == 6 && some.trials.count == 6)
        let grid = try plan("training.batch_size=2,4,6") { $0.randomCount = 3 }
        #expect(grid.trials.map(\.name) == ["batch_size-2", "batch_size-4", "batch_size-6"])
    }

    @Test func `combinations that make no sense are named before any work, or left out`() throws {
        func some(_ skips: Bool) throws -> SweepPlan {
            try plan("model.n_embd=32,33", "model.n_head=2,3") { $0.skipsInvalid = skips }
        }
        let error = #expect(throws: PipelineError.self) { _ = try some(false) }
        guard case .invalidTrials(let invalid, of: 4)? = error else {
            Issue.record("other faults are named than those of trials")
            return
        }
        #expect(invalid.map(\.name).contains("n_embd-32_n_head-3"))
        #expect(invalid.allSatisfy { !$0.reason.isEmpty })
        let rest = try some(true)
        #expect(rest.trials.map(\.name).contains("n_embd-32_n_head-2"))
        #expect(rest.invalid == invalid)
        #expect(rest.trials.count + invalid.count == 4)
        // Where none is left there is nothing to do.
        #expect(throws: PipelineError.self) {
            _ = try plan("model.n_head=3,5") { $0.skipsInvalid = true }
        }
    }

    @Test func `a sweep that makes no sense by itself is refused`() throws {
        func fault(
            _ axes: String..., change: (inout SweepConfiguration) -> Void = { _ in }
        ) -> String {
            let error = #expect(throws: PipelineError.self) {
                var sweep = SweepConfiguration(axes: try axes.map { try SweepAxis($0) })
                change(&sweep)
                _ = try SweepPlan(path: path, sweep, threadCount: 1)
            }
            return "\(error, default: "")"
        }
        #expect(fault("model.n_layer=1", "model.n_layer=2").contains("it varies twice"))
        #expect(fault("model.n_layer=1..2").contains("drawn at random"))
        #expect(fault("training.steps=1,2") { $0.minutes = 1 }.contains("decide its steps"))
        #expect(
            fault("training.seed=" + (0..<1_001).map(String.init).joined(separator: ","))
                .contains("1001 combinations"))
        #expect(
            fault("model.architecture=gpt2,encoder_decoder").contains("learns from pairs"))
    }
}

@Suite struct SweepTrialTests {
    private func name(_ settings: (String, String)...) -> String {
        SweepTrial.name(of: settings.map { .init(key: $0, value: $1) })
    }

    @Test func `names are safe, and other values have other names`() throws {
        #expect(name(("training.dropout", "0.1")) == "dropout-0.1")
        #expect(
            name(("model.dropout", "0"), ("training.dropout", "0.1"))
                == "model.dropout-0_training.dropout-0.1")
        let odd = [
            "runs/a", "runs a", "runs\u{0}a", "../a", "é", String(repeating: "x", count: 300),
        ]
        let names = odd.map { name(("training.init_from", $0)) }
        #expect(Set(names).count == odd.count)
        for name in names {
            #expect(throws: Never.self, "\(name)") { try checkFolderName(name, key: "name") }
        }
    }

    @Test func `results stand in the order of their scores, failures last`() throws {
        func trial(_ name: String, _ bits: Double?, failure: String? = nil) -> SweepResult.Trial {
            SweepResult.Trial(
                name: name, settings: [.init(key: "training.seed", value: name)], steps: 7,
                bitsPerByte: bits, failure: failure)
        }
        var result = SweepResult()
        result.add(trial("1", nil, failure: "diverged"), isTimed: false)
        #expect(result.best == nil)
        for (name, bits) in [("2", 1.5), ("3", 1.2), ("4", 1.2), ("5", 2)] {
            result.add(trial(name, bits), isTimed: true)
        }
        #expect(result.trials.map(\.name) == ["3", "4", "2", "5", "1"])
        #expect(
            result.best == .init(name: "3", settings: ["training.seed=3", "training.steps=7"]))
        let folder = try TemporaryFolder()
        try result.write(toDirectory: folder.path)
        #expect(SweepResult.names(in: folder.path) == ["3", "4", "2", "5", "1"])
        #expect(SweepResult.names(in: folder.path + "/none").isEmpty)
    }
}
