import Bytes
import Foundation
import Models
import TokenShards
import Tokenization
import Training
import Work

/// Shards of conversations about days and stones, and a trained model to begin from.
struct ConversationFixture {
    let base: TrainingFixture
    let template: ChatTemplate
    let set: ShardSet

    static let stones = ["granite", "basalt", "flint"]

    init() async throws {
        base = try TrainingFixture()
        template = try ChatTemplate(
            base.vocabulary.adding(specialTokens: ChatTemplate.specialTokens))
        let encoder = BytePairEncoder(template.vocabulary)
        var configuration = ShardConfiguration()
        configuration.endOfText = .none
        var writer = try ShardWriter(
            directory: base.path("chat"), vocabulary: template.vocabulary,
            configuration: configuration)
        for number in 0..<60 {
            let messages = Self.conversation(number)
            var ids: [TokenID] = []
            try template.encode(messages, with: encoder, into: &ids)
            try writer.append(ids.span, to: number % 6 == 5 ? .validation : .train)
        }
        _ = try writer.finish()
        set = try ShardSet(directory: base.path("chat"), vocabulary: template.vocabulary)
        var model = TrainingFixture.model
        model.architecture = .qwen3
        model.positionCount = 64
        model.embeddingSize = 32
        let trainer = try base.trainer("base", model: model)
        _ = try await trainer.run()
    }

    /// A question whose answer is one of three words.
    static func conversation(_ number: Int) -> [ChatMessage] {
        [
            ChatMessage(role: .user, content: "Stone \(number % 3), day \(number)?"),
            ChatMessage(role: .assistant, content: stones[number % 3]),
        ]
    }

    var start: String { base.path("base") + "/checkpoints/latest" }

    static var configuration: TrainingConfiguration {
        var configuration = TrainingFixture.configuration
        configuration.masksDocuments = true
        configuration.optimizer = .muon
        configuration.gradientAccumulationSteps = 2
        return configuration
    }

    func trainer(
        _ run: String, configuration: TrainingConfiguration = ConversationFixture.configuration,
        set: ShardSet? = nil, threadCount: Int = 2, existing: Trainer.ExistingRun = .refuse
    ) throws -> Trainer {
        var configuration = configuration
        configuration.initFrom = start
        return try Trainer(
            model: TrainingFixture.model, configuration: configuration, set: set ?? self.set,
            vocabulary: template.vocabulary,
            template: ConversationTemplate(template),
            surroundings: Trainer.Surroundings(
                runDirectory: base.path(run), existing: existing),
            work: WorkContext(threadCount: threadCount))
    }
}
