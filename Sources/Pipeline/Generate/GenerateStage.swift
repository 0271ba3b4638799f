import Files
import Foundation
import Models
import Tokenization
import Tokens
import Work

/// Draws text from a model.
public enum GenerateStage {
    /// Samples of the model in `modelDirectory`.
    static func run(
        modelDirectory: String, prompts: [String], generation: GenerationConfiguration,
        work: WorkContext<PipelineEvent>
    ) throws -> [String] {
        let files = try ModelDirectory(path: modelDirectory)
        return try draw(
            model: files.model(), vocabulary: Vocabulary(directory: modelDirectory),
            endTokens: files.endTokens, prompts: prompts, generation: generation,
            threadCount: work.threadCount
        ) { work.report(.progress(progress($0, $1))) }
    }

    /// One sample for each prompt; two from nothing when there is no prompt. Of a model of pairs a
    /// sample is the prompt, an arrow and the target.
    ///
    /// - Parameters:
    ///   - endTokens: tokens that end a text, beside the vocabulary's own.
    ///   - threadCount: threads to use; the texts do not depend on it.
    ///   - progress: called before each token with those that were drawn, and the most that all
    ///     samples together can have.
    static func draw(
        model: any LanguageModel, vocabulary: Vocabulary, endTokens: Set<TokenID> = [],
        prompts: [String], generation: GenerationConfiguration, threadCount: Int,
        progress: (Int, Int) -> Void
    ) throws -> [String] {
        let prompts = prompts.isEmpty && !model.readsPairs ? ["", ""] : prompts
        let most = prompts.count * generation.maximumTokenCount
        var options = TextSampler.Options()
        options.team = ThreadTeam(threadCount: threadCount)
        options.endTokens = endTokens
        return try prompts.enumerated().map { number, prompt in
            var configuration = generation
            configuration.seed &+= UInt64(number)
            var sampler = try TextSampler(
                model: model, vocabulary: vocabulary, prompt: prompt,
                configuration: configuration, options: options)
            var text = prompt + (model.readsPairs ? " → " : "")
            var count = number * generation.maximumTokenCount
            progress(count, most)
            while let pieces = try sampler.next() {
                text += pieces[0].text
                count += pieces[0].token == nil ? 0 : 1
                if count < most { progress(count, most) }
            }
            return text
        }
    }

    /// So many tokens of samples have been drawn, of so many at most.
    public static func progress(_ count: Int, _ total: Int) -> StageProgress {
        StageProgress(activity: "sampling", completed: count, total: total, unit: .tokens)
    }

    static func read(_ path: String) throws -> [String] {
        guard let data = try FileSystem.contents(path) else { return [] }
        return try JSONDecoder().decode([String].self, from: data)
    }
}
