import ArgumentParser
import Files
import Foundation
import Models
import Pipeline
import Tokenization
import Training
import Work

/// `quern generate`
struct Generate: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "generate",
        abstract: "Draw text from a trained model.",
        discussion: """
            Draws text, or shows what the model expects next (--top) or looks at (--attention). \
            The text comes as it is drawn, until the model ends it by one of the tokens that its \
            files list, one of --stop-strings comes, or there are --max-new-tokens of it. When the \
            context is full its oldest quarter leaves (--keep keeps the first tokens). The same \
            seed gives the same text, for any number of threads and samples. Temperature 0 always \
            takes the most probable token.

            A model of pairs (architecture encoder_decoder) reads the prompt as a source, and \
            writes its target. --beams keeps so many texts side by side and takes the best, \
            instead of drawing.

            Tokens are chosen as Hugging Face's generate does: repetition penalty, temperature, \
            top-k, top-p and min-p, in this order. Of the pipeline's own model, which is taken \
            without --model, the section "generation" is the default of these options.
            """)

    static let examples: [Example] = [
        #"quern generate --model runs/kjv/checkpoints/best --prompt "In the beginning""#,
        """
        quern generate --model runs/kjv/checkpoints/best --prompt "And" --temperature 0 \
        --stop-strings "\\n"
        """,
        #"quern generate --model runs/kjv/checkpoints/best --prompt "And" --samples 3 --logprobs"#,
        """
        quern generate --model runs/kjv/checkpoints/best --prompt "And" --ignore-end \
        --repetition-penalty 1.2 --spare newlines
        """,
        #"quern generate --model runs/kjv/checkpoints/best --prompt "And God" --top 10"#,
        """
        quern generate --model runs/kjv/checkpoints/best --prompt "And God said" \
        --attention heads.svg
        """,
    ]

    @OptionGroup var source: ModelOption

    @Option(name: .long, help: "What the text begins with.")
    var prompt = ""

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            What stands before the prompt: auto for what the model's tokenizer puts there, none, \
            or a special token.
            """, valueName: "auto|none|token"))
    var begin = "auto"

    @OptionGroup var specials: SpecialTokenOptions

    @OptionGroup var sampling: SamplingOptions

    @OptionGroup var adjustments: AdjustmentOptions

    @OptionGroup var endings: EndingOptions

    @Flag(name: .long, help: "Leave special tokens out of the text.")
    var skipSpecial = false

    @Option(
        name: .long,
        help: "Search the most probable text with so many beams; --samples shows the best of them.",
        transform: Typed.whole(.beams))
    var beams: Int?

    @Option(
        name: .long,
        help: "Power of a text's length that its score is divided by, among beams.",
        transform: Typed.real(.real(-10...10)))
    var lengthPenalty: Double?

    @Option(
        name: .long,
        help: """
            Texts to draw, each with the next seed. (default: 1)
            """,
        transform: Typed.whole(.counts))
    var samples = 1

    @Flag(name: .long, help: "After each text, show its tokens and their log-probabilities.")
    var logprobs = false

    @Flag(
        name: .long,
        help: """
            Write each text as a line of JSON, with its tokens: of several --samples a line each. \
            With --top, its tokens.
            """)
    var json = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Instead of drawing, show so many of the most probable next tokens.",
            valueName: "count"), transform: Typed.whole(.counts))
    var top: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Instead of drawing, show what each head attends to in the prompt: an .svg file to \
            write, or - for the terminal.
            """, valueName: "file.svg|-"), completion: .file())
    var attention: String?

    @OptionGroup var formats: FormatOptions

    @Flag(name: .long, help: "Tell at the end how fast the prompt was read and the text drawn.")
    var speed = false

    @OptionGroup var overwriting: OverwriteOption
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        if let beams {
            if samples > beams { throw ValidationError("--samples is at most --beams") }
            if logprobs || json || speed {
                throw ValidationError(
                    "--beams shows texts and scores: give no --logprobs, --json or --speed")
            }
            if sampling.areGiven || adjustments.areGiven || skipSpecial || endings.ignoreEnd
                || !endings.end.isEmpty
            {
                throw ValidationError(
                    """
                    --beams takes the most probable texts whole, and draws nothing: give none of \
                    the options of drawing a token, of ending a text or of showing it
                    """)
            }
        } else if lengthPenalty != nil {
            throw ValidationError("--length-penalty belongs to --beams")
        }
        if let draft = sampling.draft, draft > 0, samples > 1 {
            throw ValidationError("--draft is for one text: give no --samples")
        }
        if [top != nil, attention != nil, beams != nil].count(where: { $0 }) > 1 {
            throw ValidationError(
                "--top, --attention and --beams show different things: give one of them")
        }
        if attention != nil, json {
            throw ValidationError("--attention draws, and has no --json")
        }
        if let attention, attention != "-", !attention.hasSuffix(".svg") {
            throw ValidationError("--attention takes a file that ends in .svg, or -")
        }
    }

    func run() async throws {
        let model = try source.find(reporting.form)
        let drawing = attention.flatMap { $0 == "-" ? nil : $0 }
        try drawing.map { try FilePlace.check(output: $0, inputs: [model]) }
        let claim = try drawing.map { try overwriting.claimDrawing($0) }
        defer { withExtendedLifetime(claim) {} }
        let generation = try sampling.configuration(over: source.generation())
        let directory = try CheckpointStore.soundModelDirectory(at: model)
        let vocabulary = try Vocabulary(directory: directory)
        let policy = try specials.policy(for: vocabulary)
        let beginning = try beginning(vocabulary)
        let files = try ModelDirectory(path: directory)
        let languageModel = try files.model()
        let team = ThreadTeam(threadCount: reporting.threadCount)
        if top != nil || attention != nil || beams != nil {
            let ids = try TextSampler.ids(
                of: prompt, model: languageModel, vocabulary: vocabulary, specials: policy,
                beginning: beginning)
            let view = ModelView(model: languageModel, vocabulary: vocabulary, ids: ids)
            if let top {
                let tokens = try view.nextTokens(top, formats, team: team)
                Terminal.write(json ? try tokens.json : tokens.text)
            }
            if let attention { try view.writeAttention(to: attention, team: team) }
            if let beams {
                var search = BeamSearch(
                    beamCount: beams, maximumTokenCount: generation.maximumTokenCount)
                search.lengthPenalty = lengthPenalty ?? search.lengthPenalty
                try view.writeBeams(
                    search, count: samples, prompt: prompt, formats, team: team)
            }
            return
        }
        var options = TextSampler.Options()
        options.specials = policy
        options.beginning = beginning
        options.weights = formats.weights
        options.cache = formats.cacheType
        options.team = team
        options.givesLogProbabilities = logprobs || json
        let ends = try endings.tokens(vocabulary)
        options.endTokens = ends ?? files.endTokens
        options.endsAtGivenTokensOnly = ends != nil
        options.skipsSpecialTokens = skipSpecial
        try adjustments.apply(to: &options, vocabulary)
        if let template = try? ChatTemplate(vocabulary), files.endTokens.contains(template.end),
            !prompt.contains(ChatTemplate.specialTokens[0])
        {
            ProgressPrinter.notice(
                "(this model answers in conversations, which this prompt is not: talk with it by "
                    + "`quern chat --model \(model)`)", form: reporting.form)
        }
        try draw(languageModel, vocabulary, generation, options)
    }

    private func beginning(_ vocabulary: Vocabulary) throws -> PromptBeginning {
        switch begin {
        case "auto": return .automatic
        case "none": return .none
        default:
            guard let token = vocabulary.specialToken(begin) else {
                throw TokenizationError.unknownSpecialToken(
                    begin, known: vocabulary.specialTokens.map(\.content))
            }
            return .token(token)
        }
    }

    private func draw(
        _ languageModel: any LanguageModel, _ vocabulary: Vocabulary,
        _ generation: GenerationConfiguration,
        _ options: TextSampler.Options
    ) throws {
        let interrupts = InterruptHandler(form: reporting.form)
        var options = options
        // More samples than fit beside each other come in rounds.
        for first in stride(from: 0, to: samples, by: TextGenerator.maximumSampleCount) {
            options.sampleCount = min(TextGenerator.maximumSampleCount, samples - first)
            var configuration = generation
            configuration.seed &+= UInt64(first)
            var sampler = try TextSampler(
                model: languageModel, vocabulary: vocabulary, prompt: prompt,
                configuration: configuration,
                options: options)
            var printer = SamplePrinter(
                vocabulary: vocabulary, prompt: prompt,
                continuesPrompt: !languageModel.readsPairs,
                samples: first..<first + options.sampleCount, isOnlyOne: samples == 1,
                showsTokens: logprobs, asJSON: json)
            if first == 0, sampler.readCount < sampler.promptIDs.count {
                ProgressPrinter.notice(
                    "(the prompt has \(Figures.count(sampler.promptIDs.count)) tokens, more than "
                        + "the context: the last \(Figures.count(sampler.readCount)) are read)",
                    form: reporting.form)
            }
            var clock = SpeedMeter(promptCount: sampler.readCount)
            while let pieces = try sampler.next() {
                clock.note(pieces.count { $0.token != nil })
                printer.take(pieces)
                if interrupts.stop.isRequested {
                    printer.end()
                    throw ExitCode(130)
                }
            }
            printer.end()
            if speed {
                ProgressPrinter.notice(clock.report, form: reporting.messages.errorForm)
            }
        }
    }
}
