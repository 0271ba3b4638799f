import ArgumentParser
import Files
import Pipeline
import Processes
import Reports
import TokenShards
import Tokenization
import Training
import Work

/// `quern train`
struct Train: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a model from shards, or teach one to answer from conversations.",
        discussion: """
            Takes the sections "model" and "training" of the pipeline's description, which is \
            ./pipeline.json unless --config names another, and the shards and the vocabulary of \
            its name unless others are given. Writes checkpoints that \
            transformers loads as they are, and metrics.jsonl. Ctrl-C writes a checkpoint and \
            leaves; --resume goes on from it, with the same result as if nothing had happened. A \
            checkpoint that is not as it was written is named, and the newest sound one is used; \
            --from-step N goes back to that of step N. The shards are compared with their \
            checksums first.

            --init-from begins from a model instead of from nothing: a checkpoint, or any Hugging \
            Face directory of a known kind. The shape is then that model's.

            With --conversations a trained model is tuned to answer, as the section \
            "instruction_tuning" says: JSON lines of {"messages": [{"role", "content"}, …]}, of \
            {"conversations": [{"from", "value"}, …]}, or of {"instruction", "input", "output"}. \
            They are rendered with the template ChatML; the loss is that of the assistant's tokens \
            alone, and no conversation sees another. It begins from the best checkpoint of \
            runs/NAME unless --init-from names another, and writes to chat in the run of the model \
            that it begins from. Talk with the result by quern chat.

            Several data sets are learned from in proportion to their weights; the best checkpoint \
            is that with the lowest loss over the held-out tokens of all of them together. A \
            directory without a manifest may hold the shards of llm.c, nanoGPT's train.bin and \
            val.bin, or Megatron-LM's .bin and .idx. --set training.packing=best-fit keeps \
            documents whole. Each is read apart from the others in its window; with --set \
            training.mask_documents=false it sees those before it. --set training.stateful=true \
            lets a recurrent model begin a window with the state that it ended the one before with.

            Started several times together by mpirun, srun or torchrun, it trains one model on all \
            of the machines, with the same bits as alone: each of 2, 4 or 8 processes has a part \
            of the gradient_slots of a step. Over TCP they need QUERN_SECRET.
            """)

    static let examples: [Example] = [
        "quern train --config pipeline.json",
        "quern train --config pipeline.json --resume",
        "quern train --config pipeline.json --resume --from-step 400",
        "quern train --config pipeline.json --set training.steps=20 --profile --overwrite",
        "quern train --shards shards/kjv --vocab vocab/kjv --output runs/big --set model.n_layer=6",
        "quern train --config pipeline.json --conversations questions.jsonl.zst",
        "quern train --conversations alpaca.jsonl --init-from models/gpt2 --output runs/gpt2-chat",
        "quern train --shards shards/web=0.7 shards/code=0.3 --vocab vocab/both --output runs/both",
        "mpirun -n 2 quern train --config pipeline.json",
    ]
    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            The shards (kjv or shards/kjv), or several, each with its weight. (default: the \
            pipeline's)
            """, valueName: "dir[=weight]"), completion: .directory)
    var shards: [WeightedDirectory] = []

    @Option(
        name: .long, help: "The vocabulary, kjv or vocab/kjv. (default: the pipeline's)",
        completion: .directory)
    var vocab: String?

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Conversations to tune on: files (.jsonl, plain or .zst), folders or quoted patterns.
            """, valueName: "file"), completion: .file())
    var conversations: [String] = []

    @Option(
        name: .long,
        help: """
            The model to begin from: a run (kjv or runs/kjv), a checkpoint, or a Hugging Face \
            model directory. (default: none; for conversations, the pipeline's run)
            """, completion: .directory)
    var initFrom: String?

    @Option(
        name: .long,
        help: """
            The run's directory. (default: runs/NAME; for conversations, chat in the run of the \
            model that they tune)
            """, completion: .directory)
    var output: String?

    @Flag(name: .long, help: "Continue from the newest checkpoint.")
    var resume = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            "With --resume: continue from the checkpoint of this step, and set newer ones aside.",
            valueName: "step"), transform: Typed.whole(.steps))
    var fromStep: Int?

    @Flag(name: .long, help: "Move aside a run that is there, and begin again.")
    var keep = false

    @Flag(name: .long, help: "Remove the run's checkpoints and begin again.")
    var overwrite = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            The most memory that training may need with the program, as 8GB. (default: what is free)
            """,
            valueName: "size"), transform: Typed.size(ByteSize.memoryRange))
    var memory: ByteSize?

    @Flag(
        name: .long, help: "Measure the parts of a step, and show at the end where its time went.")
    var profile = false

    @OptionGroup var ranks: RankOptions
    @OptionGroup var options: PipelineOptions
    @OptionGroup var result: ResultOptions
    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        if fromStep != nil, !resume {
            throw ValidationError("--from-step belongs to --resume")
        }
        if [resume, keep, overwrite].count(where: { $0 }) > 1 {
            throw ValidationError("give one of --resume, --keep and --overwrite")
        }
        if !conversations.isEmpty, !shards.isEmpty || vocab != nil {
            throw ValidationError(
                "conversations are encoded with the vocabulary of the model that they tune: "
                    + "give no --shards and no --vocab with --conversations")
        }
    }

    func run() async throws {
        let group = try ranks.join()
        let printer = reporting.makePrinter(of: group)
        let interrupts = InterruptHandler(
            form: reporting.form, politeSignals: group.politeSignals)
        let (summary, isInterrupted) = try await group.whole(interrupts) {
            try await train(by: group, printer, interrupts)
        }
        if !summary.isComplete {
            if group.rank == 0 {
                printer.notice("stopped before the end; continue with --resume")
            }
            if isInterrupted { throw ExitCode(130) }
        }
    }

    /// Trains as one of the processes of `group`, and shows the results in the first.
    private func train(
        by group: any ProcessGroup, _ printer: ProgressPrinter, _ interrupts: InterruptHandler
    ) async throws -> TrainingSummary {
        var configuration = try options.configuration()
        let isTuning = !conversations.isEmpty
        if isTuning, group.count > 1 { throw TrainingError.notShared(what: "tuning") }
        let tuned = isTuning ? try modelToTune(configuration) : nil
        let runDirectory =
            output ?? tuned.map(configuration.tuningDirectory(ofModel:))
            ?? configuration.runDirectory
        var surroundings = Trainer.Surroundings(
            runDirectory: runDirectory,
            existing: fromStep.map { .resumeFrom(step: $0) }
                ?? (resume ? .resume : overwrite || keep ? .overwrite : .refuse),
            memoryLimit: memory?.byteCount, isProfiled: profile)
        surroundings.group = group
        surroundings.programVersion = Quern.version
        var measured: ProfileReport?
        var work = reporting.work(printer, interrupts)
        let keeper =
            group.rank == 0
            ? reporting.reportKeeper(
                of: runDirectory, description: options.file.path, printer) : nil
        work.report = { event in
            // The others have the same to tell.
            guard group.rank == 0 else { return }
            keeper?.take(event)
            if case .training(.profiled(let report)) = event { measured = report }
            printer.show(event)
        }
        let summary: TrainingSummary
        do {
            summary = try await train(
                &configuration, tuned, surroundings: surroundings, work)
        } catch {
            keeper?.stop()
            throw error
        }
        if summary.isComplete { _ = keeper?.finish(work: work) } else { keeper?.stop() }
        printer.endLine()
        if group.rank == 0 { try result.write(report(summary, of: runDirectory, measured)) }
        return summary
    }

    /// Trains the model, or tunes the one in the directory `tuned`.
    private func train(
        _ configuration: inout PipelineConfiguration, _ tuned: String?,
        surroundings: Trainer.Surroundings, _ work: WorkContext<PipelineEvent>
    ) async throws -> TrainingSummary {
        let runDirectory = surroundings.runDirectory
        if let tuned {
            configuration.instructionTuning.inputs = conversations
            return try await TuneStage.run(
                configuration, modelDirectory: tuned, surroundings: surroundings,
                keepsEarlier: keep, work: work)
        } else {
            configuration.training.initFrom = initFrom ?? configuration.training.initFrom
            let vocab = try vocab.map(VocabularyPlace.path(of:))
            try FilePlace.check(
                output: runDirectory, inputs: [vocab ?? configuration.vocabularyDirectory])
            let vocabulary = try configuration.modelVocabulary(vocab)
            let data =
                shards.isEmpty
                ? try configuration.dataSets(vocabulary: vocabulary)
                : try Mixture(shards, vocabulary: vocabulary)
            return try await TrainStage.run(
                configuration, data: data, vocabulary: vocabulary,
                surroundings: surroundings, keepsEarlier: keep, work: work)
        }
    }

    /// Report of a run in a directory, and of where the time of its steps went.
    private func report(
        _ summary: TrainingSummary, of runDirectory: String, _ profile: ProfileReport?
    ) -> Report {
        var report = Report()
        report.row("run", "\(word: runDirectory, "run")")
        report.row("steps", "\(count: summary.steps, "steps")")
        report.row(
            conversations.isEmpty ? "tokens" : "tokens of answers",
            "\(count: summary.tokenCount, "tokens")")
        report.addSpeed(of: summary)
        report.member("parameters", summary.parameterCount)
        report.member("is_complete", summary.isComplete)
        report.member("stopped_early", summary.stoppedEarly)
        if let result = summary.validation { EvaluationTable.add(result, to: &report) }
        if let sources = summary.sources {
            report.lines("\n")
            EvaluationTable.add(sources, to: &report)
        }
        if let profile {
            report.lines("\n")
            ProfileTable.add(profile, to: &report)
        }
        return report
    }

    /// The model that conversations tune.
    private func modelToTune(_ configuration: PipelineConfiguration) throws -> String {
        if let initFrom = initFrom ?? configuration.instructionTuning.training.initFrom {
            return initFrom
        }
        let store = CheckpointStore(runDirectory: configuration.runDirectory)
        guard let model = store.best ?? store.latest else {
            throw TrainingError.badStart(
                path: configuration.runDirectory,
                reason: "it has no checkpoint; train it first, or name a model with --init-from")
        }
        return model
    }
}
