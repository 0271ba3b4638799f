import ArgumentParser
import Pipeline
import Tokenization
import Training
import Transformer

/// `quern generate`
struct Generate: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draw text from a trained model.",
        discussion: """
            The text comes as it is drawn. The same seed gives the same text, for any number of \
            threads. Temperature 0 always takes the most probable token.

            Example:

              quern generate --model runs/kjv/checkpoints/best --prompt "In the beginning"
              quern generate --model runs/kjv/checkpoints/best --prompt "And" --temperature 0
            """)

    @Option(
        name: .long, help: "A checkpoint, or a Hugging Face model directory with its vocabulary.")
    var model: String

    @Option(name: .long, help: "What the text begins with.")
    var prompt = ""

    @OptionGroup var specials: SpecialTokenOptions

    @OptionGroup var sampling: SamplingOptions

    @Option(name: .long, help: "Texts to draw, each with the next seed.")
    var samples = 1

    func validate() throws {
        if samples < 1 { throw ValidationError("--samples is at least 1") }
    }

    func run() async throws {
        let vocabulary = try Vocabulary(directory: model)
        let policy = try specials.policy(for: vocabulary)
        let gpt = try GPT(directory: model)
        let interrupts = InterruptHandler()
        for sample in 0..<samples {
            var generation = try sampling.configuration()
            generation.seed &+= UInt64(sample)
            if samples > 1 { Terminal.write("--- sample \(sample + 1)\n") }
            Terminal.write(prompt)
            try SampleStage.generate(
                model: gpt, vocabulary: vocabulary, prompt: prompt, specials: policy,
                configuration: generation
            ) { text in
                Terminal.write(text)
                return !interrupts.stop.isRequested
            }
            Terminal.write("\n")
            if interrupts.stop.isRequested { throw ExitCode(130) }
        }
    }
}
