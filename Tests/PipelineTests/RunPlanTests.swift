import Corpora
import Foundation
import Models
import Testing
import Training
import VocabularyLearning
import Work

@testable import Pipeline

@Suite struct LossLawTests {
    /// Bits per byte of the default recipe on the King James Bible by layers of the model, as the
    /// article "Sweeps" has them, after 2,048 tokens a step.
    private static let measured = [
        2: [50: 1.6772, 100: 1.5392, 300: 1.3330, 1_000: 1.2057, 1_400: 1.1886],
        3: [50: 1.6609, 100: 1.5252, 300: 1.2974, 2_500: 1.1139],
        4: [
            30: 1.7629, 50: 1.6523, 100: 1.4985, 200: 1.3471, 300: 1.276, 600: 1.188, 940: 1.137,
            1_450: 1.1047,
        ],
    ]

    private func point(_ layers: Int, _ steps: Int) throws -> LossLaw.Point {
        let bits = try #require(Self.measured[layers]?[steps])
        let tokens = Double(steps * 2_048)
        return .init(tokens: LossLaw.worth(of: tokens, distinct: 1_044_104), bits: bits)
    }

    @Test(arguments: [
        (2, 50, 100, 300), (2, 50, 100, 1_000), (2, 50, 100, 1_400), (3, 50, 100, 300),
        (3, 50, 100, 2_500), (4, 30, 100, 300), (4, 30, 100, 600), (4, 30, 100, 940),
        (4, 30, 100, 1_450), (4, 50, 200, 1_450),
    ])
    func `what was measured lies in the range that shorter trainings say`(
        layers: Int, first: Int, second: Int, later: Int
    ) throws {
        let measured = try point(layers, later)
        let operations = [2: 2.2e6, 3: 4.4e6, 4: 8e6]
        let expected = LossLaw(
            try point(layers, first), try point(layers, second),
            operationsPerToken: try #require(operations[layers])
        ).expectation(tokens: measured.tokens)
        #expect((expected.low...expected.high).contains(measured.bits), "\(expected)")
        #expect(abs(expected.middle / measured.bits - 1) < 0.01, "\(expected)")
    }

    @Test func `the law goes through its second point, and the range widens from there`() throws {
        let (first, second) = (try point(4, 30), try point(4, 100))
        let law = LossLaw(first, second, operationsPerToken: 8e6)
        let here = law.expectation(tokens: second.tokens)
        #expect(abs(here.middle - second.bits) < 1e-12)
        var last = here
        for times in [2.0, 10, 100, 1_000] {
            let next = law.expectation(tokens: second.tokens * times)
            #expect(next.middle < last.middle && next.low > 0)
            #expect(next.high / next.low > last.high / last.low)
            last = next
        }
    }

    @Test(arguments: [(1.5, 1.5), (1.5, 1.6), (1.5, 0.1)])
    func `slopes that no text has are bounded`(first: Double, second: Double) {
        let law = LossLaw(
            .init(tokens: 1_000, bits: first), .init(tokens: 3_000, bits: second),
            operationsPerToken: 1e9)
        let expected = law.expectation(tokens: 1e6)
        #expect(expected.low > 0 && expected.middle < second)
        #expect(expected.low <= expected.middle && expected.middle <= expected.high)
    }

    @Test func `text that is read again is worth less each time`() {
        #expect(LossLaw.worth(of: 500, distinct: 1_000) == 500)
        let twice = LossLaw.worth(of: 2_000, distinct: 1_000)
        #expect(twice > 1_950 && twice < 2_000)
        // Without end it is worth 1 + R* readings.
        #expect(abs(LossLaw.worth(of: 1e9, distinct: 1_000) - 16_390) < 1)
    }
}

@Suite struct RunPlanTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func words(_ count: Int) -> String {
        var generator = RandomGenerator(seed: 5)
        let words = "the mill turns and grinds corn by day while stones rest at night".split(
            separator: " ")
        return (0..<count).map { number in
            words[Int(generator.next() % UInt64(words.count))] + (number % 40 == 0 ? ".\n\n" : "")
        }.joined(separator: " ")
    }

    private func planner(
        _ description: String, settings: [String] = [], minutes: Double = 0.02
    ) throws -> RunPlanner {
        let corpus = try folder.write("corpus.txt", words(20_000))
        let path = try folder.write(
            "p.json",
            """
            {"name": "plan-\(UUID())", "corpus": {"inputs": ["\(corpus)"],
              "text_separator": "\\n\\n"}\(description)}
            """)
        return try RunPlanner(
            path: path, settings: settings, minutes: minutes, work: WorkContext(threadCount: 1))
    }

    @Test func `a plan says what to train and what to expect, and a run can have it`()
        async throws
    {
        let planner = try planner(
            #", "model": {"n_positions": 32}, "training": {"batch_size": 2}"#,
            settings: ["vocabulary.vocab_size=300"])
        let plan = try await planner.plan(seconds: 0.05)
        let keys = plan.settings.map { String($0.prefix { $0 != "=" }) }
        for key in ["model.n_layer", "model.n_head", "model.n_embd", "training.steps"] {
            #expect(keys.contains(key))
        }
        // What is set stays, and is not chosen.
        #expect(!keys.contains("vocabulary.vocab_size"))
        let configuration = try planner.configuration(plan)
        #expect(configuration.vocabulary.vocabularySize == 300)
        #expect(configuration.training.steps == plan.steps)
        #expect(plan.trainingTokens == plan.steps * configuration.training.windowsPerStep * 32)
        let range = plan.expected
        #expect(range.low <= range.bitsPerByte && range.bitsPerByte <= range.high)
        #expect(plan.measured.bytesPerToken > 1 && plan.measured.tokensPerSecond > 0)
        #expect((plan.epochs > 4) == plan.warnings.contains { $0.contains("teaches less") })
        // The size of the corpus is counted, for it is small.
        let tokens = Double(words(20_000).utf8.count) / plan.measured.bytesPerToken
        #expect(abs(Double(plan.corpusTokens) / tokens - 1) < 0.05)
    }

    @Test func `a shape that is set, a batch and rates that are said, stay`() async throws {
        let plan = try await planner(
            #", "model": {"n_positions": 32}"#
                + #", "training": {"batch_size": 3, "learning_rate": 0.004}"#,
            settings: ["model.n_embd=32", "model.n_layer=1", "model.n_head=2"]
        ).plan(seconds: 0.02)
        #expect(!plan.settings.contains { $0.hasPrefix("model.") })
        #expect(
            !plan.settings.contains {
                $0.hasPrefix("training.batch_size") || $0.contains("learning_rate")
            })
        #expect(plan.trainingTokens == plan.steps * 3 * 32)
    }

    @Test func `a recurrent model keeps its shape`() async throws {
        let planner = try planner(
            #", "model": {"architecture": "gru", "n_layer": 1, "n_embd": 32, "n_positions": 32}"#)
        let plan = try await planner.plan(seconds: 0.02)
        #expect(!plan.settings.contains { $0.hasPrefix("model.") })
        #expect(try planner.configuration(plan).model.shape.architectureName == "gru")
    }

    @Test func `what leaves nothing to plan is refused`() {
        for setting in ["training.steps=5", "training.init_from=runs/x"] {
            #expect(throws: PipelineError.self, "\(setting)") {
                _ = try planner("", settings: [setting])
            }
        }
    }

    @Test func `a batch grows with what is learned from, and rates with it and against the width`()
        throws
    {
        var survey = CorpusSurvey(corpus: CorpusConfiguration(inputs: ["a.txt"]))
        survey.textByteCount = 4_000_000_000
        func size(_ minutes: Double) -> RecipeSize {
            RecipeSize(
                survey, minutes: minutes,
                machine: .init(threadCount: 2, matrixPeak: 2e11))
        }
        let short = size(1)
        #expect(short.batchSize == nil && short.rates == nil)
        let long = size(6_000)
        let batch = try #require(long.batchSize)
        #expect([16, 32, 64].contains(batch) && long.tokensPerStep == batch * 256)
        let rates = try #require(long.rates)
        #expect(rates.muon > TrainingConfiguration().muonLearningRate)
        #expect(long.trainingSettings.map(\.key).contains("batch_size"))
    }

    @Test func `little text that is read often is forgotten sooner, and cut elsewhere`() throws {
        var survey = CorpusSurvey(corpus: CorpusConfiguration(inputs: ["a.txt"]))
        let machine = PipelineProposal.Machine(threadCount: 2, matrixPeak: 2e11)
        func size(_ bytes: Int, settled: RecipeSize.Settled = .init()) -> RecipeSize {
            survey.textByteCount = bytes
            return RecipeSize(survey, minutes: 20, machine: machine, settled: settled)
        }
        let training = TrainingConfiguration()
        var decays: [Double] = []
        for bytes in [200_000, 1_000_000] {
            let small = size(bytes)
            let decay = try #require(small.weightDecay)
            decays.append(decay)
            let epoch = small.trainingTokens / Double(small.tokensPerStep)
            let muon = small.rates?.muon ?? training.muonLearningRate
            let fading = min(1, 1 / (epoch * muon))
            #expect(abs(decay / fading - 1) < 0.05)
            let settings = small.trainingSettings
            #expect(settings.contains { $0 == ("weight_decay", "\(decay)") })
            #expect(settings.contains { $0 == ("shift_windows", "true") })
            // What is chosen is said.
            for key in ["training.weight_decay", "training.shift_windows"] {
                #expect(small.choices.contains { $0.key == key })
            }
        }
        #expect(decays[0] > decays[1] && decays[1] > training.weightDecay)
        let large = size(4_000_000_000)
        #expect(large.weightDecay == nil && !large.shiftsWindows)
        // What a person says stays.
        var settled = RecipeSize.Settled()
        (settled.hasWeightDecay, settled.hasShift) = (true, true)
        let said = size(200_000, settled: settled)
        #expect(said.weightDecay == nil && !said.shiftsWindows)
        settled = .init()
        settled.hasRates = true
        #expect(size(200_000, settled: settled).weightDecay == nil)
    }
}
