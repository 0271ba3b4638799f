import Tokenization

/// A question of a task: texts of which a model says how likely they are.
struct TaskItem: Equatable, Sendable {
    /// A text that is scored behind what is only read.
    struct Text: Equatable, Sendable {
        /// What is read. By the rule of CORE, the prompt without the continuation, or nothing where
        /// that is found by comparing prompts.
        var context: String
        /// What is scored behind it. By the rule of CORE, the whole prompt.
        var continuation: String
    }

    /// Its texts: one for each choice, or one alone.
    var texts: [Text]
    /// The number of the right one.
    var answer: Int
    /// Characters of each choice, by which the likelihoods of choices are made comparable.
    var lengths: [Int] = []
    /// The place where it stands, for messages.
    var place: String
}

/// Questions of one kind, whose results are one figure.
struct EvaluationTask: Sendable {
    /// Rules by which a task is scored.
    enum Rule: String, Sendable {
        /// That of EleutherAI's lm-evaluation-harness.
        case harness
        /// That of the CORE metric of DCLM, as nanochat computes it.
        case core
    }

    /// Kinds of questions, by the words that files have for them.
    enum Kind: String, Sendable {
        /// One context and several continuations.
        case choice = "multiple_choice"
        /// Several contexts and one continuation.
        case schema
        /// A continuation, all of whose tokens shall be the likeliest.
        case continuation = "loglikelihood"
    }

    /// The name in results.
    var name: String
    /// The rule.
    var rule = Rule.harness
    /// The kind of its questions.
    var kind: Kind
    /// The figures that are asked for; nil for those that are usual for the kind.
    var metrics: [String]?
    /// Its questions.
    var items: [TaskItem]
    /// Questions that the file has.
    var fileItemCount: Int
    /// Examples with their answers before each question.
    var shotCount = 0
    /// The accuracy of who guesses; nil where that has no meaning.
    var chance: Double?
    /// The file.
    var path: String

    /// Whether a task can be called so: a text of one line, in which nothing commands a terminal.
    static func isName(_ text: String) -> Bool {
        !text.isEmpty
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }

    /// The accuracy of who guesses among the choices of each item; nil for continuations.
    static func chance(of items: [TaskItem], _ kind: Kind) -> Double? {
        guard kind != .continuation, !items.isEmpty else { return nil }
        return items.reduce(0) { $0 + 1 / Double($1.texts.count) } / Double(items.count)
    }
}

/// Limits of what is read of a task.
enum TaskLimits {
    /// Bytes of a line.
    static let lineByteCount = 16 << 20
    /// Bytes of a file of settings.
    static let settingsByteCount = 4 << 20
    /// Choices of a question.
    static let choiceCount = 1_000
}
