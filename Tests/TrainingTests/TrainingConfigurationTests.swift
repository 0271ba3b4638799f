import Testing

@testable import Training

@Suite struct TrainingConfigurationTests {
    private static let wrong: [(String, @Sendable (inout TrainingConfiguration) -> Void)] = [
        ("steps", { $0.steps = 0 }),
        ("batch_size", { $0.batchSize = 0 }),
        ("gradient_accumulation_steps", { $0.gradientAccumulationSteps = 0 }),
        ("steps", { $0.steps = .max }),
        ("batch_size", { $0.batchSize = .max }),
        ("gradient_accumulation_steps", { $0.gradientAccumulationSteps = 1 << 40 }),
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

    @Test("a step of 32 sequences has slots of four however it is divided into eights")
    func slots() {
        func slot(_ batchSize: Int, _ accumulation: Int) -> Int {
            var configuration = TrainingConfiguration()
            configuration.batchSize = batchSize
            configuration.gradientAccumulationSteps = accumulation
            return configuration.sequencesPerSlot
        }
        #expect([(8, 4), (16, 2), (32, 1)].map(slot) == [4, 4, 4])
        #expect([(8, 2), (16, 1)].map(slot) == [4, 4])
        // Threads are not left without work for the sake of the last bits.
        #expect(
            [(8, 1), (4, 2), (4, 4), (4, 1), (1, 1), (1, 64), (6, 1), (7, 3)].map(slot)
                == [2, 2, 2, 1, 1, 1, 1, 1])
        for batchSize in 1...40 {
            for accumulation in 1...5 {
                #expect(batchSize % slot(batchSize, accumulation) == 0)
            }
        }
    }
}
