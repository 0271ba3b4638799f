import ArgumentParser
import CCommit
import Compression
import Corpora
import Files
import Models
import Pipeline
import Training
import Work

/// The program.
@main
struct Quern: AsyncParsableCommand, CommandWithExamples {
    /// Number of the release, as CHANGELOG.md and the tags of git have it.
    private static let release = "0.2.0"

    static let configuration = CommandConfiguration(
        commandName: "quern",
        abstract: "Grinds text into tokens and tokens into a language model.",
        discussion: """
            Results go to standard output, progress and messages to standard error. The exit code \
            is 0 when the work is done, 1 when it failed, 64 for wrong usage, 74 when a file was \
            made shorter while it was read, and 130 after Ctrl-C, a signal to end, or when nobody \
            reads the messages any more.

            A name such as kjv stands for runs/kjv, vocab/kjv or shards/kjv, whichever is asked \
            for; a model, a vocabulary or shards at the path kjv itself go first. Texts of that \
            name hide nothing.

            QUERN_LEVEL in the environment chooses the instructions of the processor that are \
            used, by the name of one of the levels that --version --verbose lists.
            """,
        version: version,
        subcommands: [
            Init.self, Run.self, Plan.self, Sweep.self, Config.self, Corpus.self, Vocab.self,
            Tokenize.self,
            Encode.self,
            Decode.self, Shards.self, Train.self, Evaluate.self, Compare.self, ReportRuns.self,
            Generate.self, Chat.self, Serve.self, Explain.self, Model.self,
        ])

    static let examples: [Example] = [
        Example(
            "quern run pipeline.json",
            remark: "Everything at once, from a compressed corpus to generated text:"),
        Example(
            "quern vocab train --vocab-size 4096 --output vocab/mine corpus.jsonl.zst",
            remark: "Or step by step:"),
        "quern encode --vocab vocab/mine --output shards/mine corpus.jsonl.zst",
        "quern train --config pipeline.json --set name=mine",
        #"quern generate --model runs/mine/checkpoints/best --prompt "In the beginning""#,
        "quern train --conversations questions.jsonl --init-from runs/mine/checkpoints/best",
        "quern chat --model runs/mine/chat",
    ]

    @Flag(help: "With --version, the level of the processor that is used, and which there are.")
    var verbose = false

    func validate() throws {
        if verbose { throw ValidationError("--verbose goes with --version") }
    }

    /// Runs the command that the arguments name, and turns what it throws into a message and an
    /// exit code.
    static func main() async {
        if let fault = ProcessStart.prepare() ?? AvailableMemory.prepareForProcessLimits() {
            Terminal.writeLastMessage("Error: \(fault)\n")
            exit(withError: ExitCode.failure)
        }
        var parsed: (any ParsableCommand)?
        let arguments = Array(CommandLine.arguments.dropFirst())
        do {
            if let fault = KernelLevel.environmentFault { throw ValidationError(fault) }
            if arguments.sorted() == ["--verbose", "--version"] {
                return Terminal.write(verboseVersion)
            }
            try arguments.checkHyphensAndOutputs()
            if let unknown = UnknownCommand(NamedCommand(arguments)) { throw unknown }
            var command = try parseAsRoot(
                OptionAliases.replaced(in: arguments).joiningNegativeNumbers)
            parsed = command
            tellStandIns(arguments, for: command)
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            end(after: error, of: parsed, arguments)
        }
    }

    /// Tells where an argument names the best checkpoint of a run that has none, or has lost it.
    private static func tellStandIns(
        _ arguments: [String], for command: any ParsableCommand
    ) {
        guard let messages = (command as? any MessagingCommand)?.messages else { return }
        for argument in arguments {
            guard let path = argument.split(separator: "=").last,
                let notice = CheckpointStore.standInNotice(for: String(path))
            else { continue }
            ProgressPrinter.notice(notice, form: messages.errorForm)
        }
    }

    /// Ends the program with a message and an exit code for `error`.
    ///
    /// - Parameters:
    ///   - error: what ended the command.
    ///   - command: the command; nil if the arguments name none.
    ///   - arguments: the program's.
    private static func end(
        after error: any Error, of command: (any ParsableCommand)?, _ arguments: [String]
    ) -> Never {
        // Help, the version, and what a command ends with by itself.
        if exitCode(for: error).isSuccess {
            Terminal.write(Help.text(for: error, arguments: arguments))
            exit(withError: ExitCode.success)
        }
        let messages = (command as? any MessagingCommand)?.messages
        // A bar that was being drawn gives its line to the message.
        Terminal.writeLastMessage(Terminal.progressScreen.clearedLine)
        if isInterruption((error as? RankError)?.error ?? error) {
            ProgressPrinter.notice(
                "\(PipelineError.interrupted)", form: messages?.form ?? .text)
            exit(withError: ExitCode(130))
        }
        let reason = (error as? RankError)?.error ?? error
        let hint = command.flatMap { Hints.hint(for: reason, in: type(of: $0)) }
        let named = NamedCommand(OptionAliases.replaced(in: arguments))
        let code = error is UnknownCommand ? .validationFailure : exitCode(for: error)
        let form = messages?.errorForm ?? MessageOptions.errorForm(of: arguments)
        // An exit code that a command has chosen is no error.
        if form == .json, !(error is ExitCode) {
            ProgressPrinter.showLast(WrongUsage.message(for: error, named), hint: hint)
        } else {
            let text = WrongUsage.text(for: Hints.explained(error, hint: hint), named)
            if !text.isEmpty { Terminal.writeLastMessage(text + "\n") }
        }
        exit(withError: code)
    }

    /// Whether an error is the end that was asked for.
    static func isInterruption(_ error: any Error) -> Bool {
        switch error {
        case PipelineError.interrupted, CorpusError.file(.stopped): true
        default: false
        }
    }

    /// The program's name and release, the commit that it was built from if that is known, and the
    /// level of the processor that is used.
    static var version: String {
        let commit = unsafe String(cString: quern_commit())
        // A level that QUERN_LEVEL names and that is not there is an error of its own.
        let level = KernelLevel.environmentFault == nil ? "\(KernelLevel.best)" : ""
        let facts = [commit, level].filter { !$0.isEmpty }
        return "quern \(release) (\(facts.joined(separator: ", ")))"
    }

    /// The version, the level of the kernels in use, those that `QUERN_LEVEL` may name, and the
    /// library that reads gzip.
    private static var verboseVersion: String {
        let levels = KernelLevel.allCases.filter(\.isAvailable).map(\.description)
        return """
            \(version)
            level   \(KernelLevel.best), in mixed precision \(KernelLevel.best(.mixed))
            levels  \(levels.joined(separator: ", "))
            gzip    \(GzipDecoder.libraryName)

            """
    }
}

/// `quern vocab`
struct Vocab: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "vocab",
        abstract: "Learn a vocabulary, exchange one with other programs, or look at one.",
        subcommands: [
            VocabTrain.self, VocabCount.self, VocabMergeCounts.self, VocabLearn.self,
            VocabExtend.self,
            VocabImport.self, VocabExport.self, VocabShow.self, VocabCompare.self,
        ])
}

/// `quern corpus`
struct Corpus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "corpus",
        abstract: "Clean a corpus, or rewrite it.",
        subcommands: [CorpusRefine.self, CorpusFinish.self, CorpusPack.self])
}

/// `quern model`
struct Model: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "model",
        abstract: "Exchange a model with other programs, or look at one.",
        subcommands: [
            ModelImportCommand.self, ModelExportCommand.self, ModelShow.self, ModelVerify.self,
        ])
}

/// `quern shards`
struct Shards: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "shards",
        abstract: "Look at a data set, check it, finish or export it.",
        subcommands: [
            ShardsShow.self, ShardsVerify.self, ShardsFinish.self, ShardsExport.self,
        ])
}
