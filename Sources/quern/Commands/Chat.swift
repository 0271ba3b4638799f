import ArgumentParser
import Files
import Foundation
import Pipeline
import Work

/// `quern chat`
struct Chat: AsyncParsableCommand, ReportingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "chat",
        abstract: "Talk with a model that was tuned to answer.",
        discussion: """
            On a terminal, answers come as they are drawn; Ctrl-C stops an answer, or gives up \
            what is typed, and at an empty prompt it leaves, as Ctrl-D does. From a pipe or a \
            file, each line is a message, and each answer ends with a line break.

            A line can be edited with the arrow keys, Home, End, Delete and Ctrl-A, E, K, U, W and \
            L; the up and down arrows bring back earlier lines, also those of other days: they are \
            kept in ~/.local/state/quern/chat_history ($XDG_STATE_HOME), which nobody else may \
            read, unless --no-history is given. Text that is pasted is one message, whatever line \
            breaks it has.

            A line that begins with a slash is for the program: /clear forgets what was said, \
            /system TEXT says what the assistant is to be, /save FILE keeps the conversation as a \
            line of JSON that can be trained on, /help lists these, /quit leaves. From a pipe or a \
            file, any other line that begins with a slash is a message.

            What is said becomes tokens by the model's own chat template, or by ChatML where it \
            has none.

            Of the pipeline's own model, which is taken without --model, the section "generation" \
            is the default of the options that choose tokens.

            When the conversation no longer fits into the model's context, the oldest messages are \
            not read any more; the system message always is. What is typed is ordinary text: it \
            cannot speak for the assistant, whatever it looks like.
            """)

    static let examples: [Example] = [
        "quern chat --model runs/kjv/chat/checkpoints/best",
        #"quern chat --model runs/kjv/chat/checkpoints/best --system "Answer briefly.""#,
        #"echo "What is the first book?" | quern chat --model runs/kjv/chat/checkpoints/best"#,
    ]

    @Option(
        name: .long,
        help: """
            A tuned run (kjv/chat or runs/kjv/chat), one of its checkpoints, or a Hugging Face \
            directory of a model with a chat template. (default: the pipeline's chat)
            """, completion: .directory)
    var model: String?

    @OptionGroup var file: ConfigOption

    @Option(name: .long, help: "What the assistant is to be.")
    var system: String?

    @Flag(
        name: .long, inversion: .prefixedNo,
        help: "Keep what is typed on a terminal for the arrow keys of the next time.")
    var history = true

    @OptionGroup var sampling: SamplingOptions

    @OptionGroup var endings: EndingOptions

    @OptionGroup var formats: FormatOptions

    @OptionGroup var reporting: ReportOptions

    func validate() throws {
        try file.check(model != nil, "--model")
        if model != nil, file.config != nil {
            throw ValidationError("--config says which model it is: give it or --model")
        }
    }

    func run() async throws {
        let model = try file.model(model, isTuned: true, reporting.form)
        var session = try ChatSession(
            directory: model, system: system,
            configuration: sampling.configuration(over: file.generation(ofModel: self.model)),
            weights: formats.weights, cache: formats.cacheType,
            endTokens: endings.tokens, threadCount: reporting.threadCount)
        let mode = TerminalLineReader.isPossible ? TerminalMode() : nil
        let interrupts = AnswerInterrupts(mode: mode)
        var lines = InputLines()
        var editor = mode.map {
            TerminalLineReader(
                mode: $0, historyFile: history ? HistoryFile(name: "chat_history") : nil)
        }
        func nextLine() throws -> String? {
            if editor != nil { return try editor?.next(prompt: "> ") }
            return try lines.next(prompt: "> ")
        }
        while let line = try nextLine() {
            if line.allSatisfy(\.isWhitespace) { continue }
            do {
                if line.hasPrefix("/"), Terminal.readsFromPerson || ChatCommand.isOne(line) {
                    guard try obey(line, &session, model) else { return }
                } else {
                    try answer(line, &session, interrupts)
                }
            } catch let error where Terminal.readsFromPerson {
                // A person at a terminal can say it otherwise; a program gets an error.
                Terminal.writeMessage("\(error)\n")
            }
        }
        if Terminal.readsFromPerson { Terminal.writeMessage("\n") }
    }

    private func answer(
        _ question: String, _ session: inout ChatSession, _ interrupts: AnswerInterrupts
    ) throws {
        let unreadBefore = session.unreadCount
        interrupts.beginAnswer()
        defer { interrupts.endAnswer() }
        try session.ask(question) { text in
            Terminal.write(text)
            return !interrupts.isRequested
        }
        Terminal.write("\n")
        if Terminal.readsFromPerson, unreadBefore == 0, session.unreadCount > 0 {
            Terminal.writeMessage(
                "(the conversation is longer than the context: its beginning is not read any "
                    + "more)\n"
            )
        }
    }

    /// Does what a line with a slash asks for in a conversation with `model`.
    ///
    /// - Returns: whether to go on.
    private func obey(_ line: String, _ session: inout ChatSession, _ model: String) throws -> Bool
    {
        let (command, argument) = try ChatCommand.parse(line)
        switch command {
        case .quit: return false
        case .clear: session.clear()
        case .system: session.system = argument.isEmpty ? nil : argument
        case .save:
            guard !argument.isEmpty else {
                throw PipelineError.badValue(
                    key: "/save", reason: "a file's name belongs behind it")
            }
            let path = try ChatCommand.path(argument)
            try FilePlace.check(output: path, inputs: [model])
            let claim = try OutputClaim(path, .replaced, making: .file(ChatSession.savedFile))
            defer { withExtendedLifetime(claim) {} }
            try FileReplacement.write(try session.line(), to: path)
            if Terminal.readsFromPerson { Terminal.writeMessage("saved in \(path)\n") }
        case .help: Terminal.writeMessage(ChatCommand.list)
        }
        return true
    }
}
