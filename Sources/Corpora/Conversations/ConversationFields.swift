/// The fields of a record that hold a question, what belongs to it, and its answer.
package struct ConversationFields: Sendable, Equatable {
    /// The field of the question.
    package let question: String
    /// The field of a text that the question is about, which may be empty; nil without one.
    package let context: String?
    /// The field of the answer.
    package let answer: String

    /// Names that data sets have for a question with its answer, each with the one of a text that
    /// may belong to it: those of Alpaca, Dolly, TRL and OpenAI, and of lists of questions.
    private static let known: [(question: String, context: String?, answer: String)] = [
        ("instruction", "input", "output"), ("instruction", "context", "response"),
        ("prompt", nil, "completion"), ("prompt", nil, "response"),
        ("question", "context", "answer"), ("question", nil, "response"),
    ]

    /// All of these names besides Alpaca's.
    static let others: Set<String> = {
        let names = known.flatMap { [$0.question, $0.context ?? $0.question, $0.answer] }
        return Set(names).subtracting(["instruction", "input", "output"])
    }()

    /// The columns of Parquet in which a conversation may stand: messages as JSON, or texts.
    static let columns = ParquetObjectReader.Columns(
        texts: others.union(["instruction", "input", "output", "system"]),
        values: ["messages", "conversations"])

    /// The fields among `names`; nil if they are not those of a question with its answer.
    package init?(in names: Set<String>) {
        let found = Self.known.first { names.contains($0.question) && names.contains($0.answer) }
        guard let found else { return nil }
        question = found.question
        context = found.context.flatMap { names.contains($0) ? $0 : nil }
        answer = found.answer
    }
}
