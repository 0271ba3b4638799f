import Foundation
import Models
import Testing
import TokenShards

@testable import Training

@Suite struct TrainingConfigurationTests {
    private static let wrong: [(String, @Sendable (inout TrainingConfiguration) -> Void)] = [
        ("steps", { $0.steps = 0 }),
        ("batch_size", { $0.batchSize = 0 }),
        ("gradient_accumulation_steps", { $0.gradientAccumulationSteps = 0 }),
        ("steps", { $0.steps = .max }),
        ("batch_size", { $0.batchSize = .max }),
        ("gradient_accumulation_steps", { $0.gradientAccumulationSteps = 1 << 40 }),
        ("gradient_slots", { $0.gradientSlots = 0 }),
        ("gradient_slots", { $0.gradientSlots = 17 }),
        ("stride", { $0.stride = 0 }),
        ("learning_rate", { $0.learningRate = 0 }),
        ("learning_rate", { $0.learningRate = .nan }),
        ("muon_learning_rate", { $0.muonLearningRate = .infinity }),
        ("muon_momentum", { $0.muonMomentum = 1 }),
        ("decay_fraction", { $0.decayFraction = 1.1 }),
        ("final_learning_rate_ratio", { $0.finalLearningRateRatio = -0.1 }),
        ("warmup_steps", { $0.warmupSteps = -1 }),
        ("weight_decay", { $0.weightDecay = -1 }),
        ("skip_outliers", { $0.skipOutliers = -1 }),
        ("early_stop_patience", { $0.earlyStopPatience = -1 }),
        ("sample_every", { $0.sampleEvery = -1 }),
        ("evaluation_stride", { $0.evaluationStride = 0 }),
        ("keep_checkpoints", { $0.keepCheckpoints = 0 }),
    ]

    @Test("a value that makes no sense is refused by its key")
    func refused() {
        for (key, change) in Self.wrong {
            var configuration = TrainingConfiguration()
            #expect(throws: Never.self) { try configuration.validate() }
            change(&configuration)
            let error = #expect(throws: TrainingError.self) { try configuration.validate() }
            guard case .badConfiguration(key: key, rule: _)? = error else {
                Issue.record("\(key): \(String(describing: error))")
                continue
            }
        }
    }

    @Test("stateful is refused for a family without a state, and only then for a packing")
    func statefulRecipes() {
        var configuration = TrainingConfiguration()
        configuration.carriesState = true
        func reason(_ architecture: String?) -> String? {
            let shape = architecture.flatMap { ModelFamilies.shape(defaultsOf: $0) }
            do { try configuration.validate(for: shape) } catch { return "\(error)" }
            return nil
        }
        for (packing, stride) in [(Packing.concatenate, nil), (.concatenate, 8), (.bestFit, nil)] {
            (configuration.packing, configuration.stride) = (packing, stride)
            let fits = packing == .concatenate && stride == nil
            for name in ModelFamilies.architectures + [nil] {
                let found = reason(name)
                if let name, !ModelFamilies.statefulArchitectures.contains(name) {
                    #expect(found?.contains("\(name) has no state to carry; leave it out") == true)
                } else {
                    #expect(fits ? found == nil : found?.contains("without a gap") == true)
                }
            }
        }
    }

    @Test("stateful is written where it is on, and off in a recipe that does not know it")
    func stateful() throws {
        var configuration = TrainingConfiguration()
        func keys() throws -> [String: Any] {
            let data = try JSONEncoder().encode(configuration)
            return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
        }
        let before = try keys()
        #expect(before["stateful"] == nil)
        configuration.carriesState = true
        var after = try keys()
        #expect(after["stateful"] as? Bool == true)
        #expect(Set(after.keys) == Set(before.keys).union(["stateful"]))
        func read() throws -> TrainingConfiguration {
            try JSONDecoder().decode(
                TrainingConfiguration.self, from: JSONSerialization.data(withJSONObject: after))
        }
        #expect(try read() == configuration)
        for off in [false, NSNull(), nil] as [Any?] {
            after["stateful"] = off
            #expect(try read() == TrainingConfiguration())
        }
    }

    @Test("a recipe is written in full, so that later defaults are none of a checkpoint's")
    func complete() throws {
        let data = try JSONEncoder().encode(TrainingConfiguration())
        let whole = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        // What is absent of these is a value of its own: nothing, or off.
        let absent = [
            "init_from", "gradient_slots", "stride", "evaluation_stride", "shift_windows",
            "stateful", "tasks", "evaluate_tasks_every", "local_steps", "local_growth",
            "outer_learning_rate", "outer_momentum", "wire",
        ]
        let keys = Set(TrainingConfiguration.CodingKeys.allCases.map(\.rawValue))
        #expect(Set(whole.keys) == keys.subtracting(absent))
        for key in whole.keys {
            var part = whole
            part[key] = nil
            let text = try JSONSerialization.data(withJSONObject: part)
            #expect(throws: DecodingError.self) {
                try JSONDecoder().decode(TrainingConfiguration.self, from: text)
            }
        }
    }

    @Test(
        "a step has four slots, or as many as a batch has windows, unless a number is given"
    )
    func slots() {
        func slots(_ batchSize: Int, _ accumulation: Int, _ asked: Int? = nil) -> Int {
            var configuration = TrainingConfiguration()
            configuration.batchSize = batchSize
            configuration.gradientAccumulationSteps = accumulation
            configuration.gradientSlots = asked
            #expect(throws: Never.self) { try configuration.validate() }
            return configuration.slotCount
        }
        #expect(
            [(32, 1), (16, 2), (8, 4), (4, 8), (7, 3)].map { slots($0, $1) } == [4, 4, 4, 4, 4])
        #expect([(3, 1), (2, 9), (1, 1), (1, 64)].map { slots($0, $1) } == [3, 2, 1, 1])
        #expect([(1, 8, 8), (16, 1, 16), (16, 1, 3)].map { slots($0, $1, $2) } == [8, 16, 3])
    }
}
