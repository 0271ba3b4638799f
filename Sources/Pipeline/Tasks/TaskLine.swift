import Bytes

/// A line of a task file, in one of the forms that data sets come in.
///
/// - `{"context": "…", "choices": ["…", …], "answer": 0}`, `{"context": "…", "continuation": "…"}`
///   and `{"contexts": ["…", …], "continuation": "…", "answer": 0}`, with `task` for the name of
///   the task and `delimiter` for what stands between a context and its continuation, one space by
///   default;
/// - `{"query": "…", "choices": […], "gold": 0}` and
///   `{"context_options": […], "continuation": "…", "gold": 0}`, as CORE has them;
/// - HellaSwag: `ctx`, or `activity_label`, `ctx_a` and `ctx_b`, with `endings` and `label`;
/// - ARC: `question`, `choices` with `text` and `label`, and `answerKey`;
/// - LAMBADA: `text`, of which the last word is the continuation.
struct TaskLine: Equatable {
    /// The task's name; nil where the line has none.
    var task: String?
    var kind: EvaluationTask.Kind
    /// What is read before each choice.
    var contexts: [String]
    /// What follows: one for each choice, or one for all contexts.
    var continuations: [String]
    var delimiter = " "
    var answer = 0
    /// What stands behind the line where it is an example.
    var shotEnd = "\n\n"
    /// Whether continuations hold what stands before them.
    private var isJoined = false

    /// Reason for which a line is no question.
    struct Fault: Error, Equatable {
        let reason: String
    }

    /// The question in `value`.
    init(_ value: JSONValue) throws(Fault) {
        guard case .object = value else { throw Fault(reason: "it is no object of JSON") }
        func text(_ key: String) throws(Fault) -> String? { try Self.text(value, key) }
        let name = try text("task")
        guard name.map(EvaluationTask.isName) ?? true else {
            throw Fault(reason: "\"task\" is no name: a text of one line")
        }
        let separator = try text("delimiter")
        (kind, contexts, continuations) = (.choice, [], [])
        if value["endings"] != nil {
            try readHellaSwag(value)
        } else if value["answerKey"] != nil {
            try readARC(value)
        } else if value["contexts"] != nil || value["context_options"] != nil {
            kind = .schema
            let key = value["contexts"] != nil ? "contexts" : "context_options"
            contexts = try Self.texts(value[key], key)
            continuations = [try Self.required(value, "continuation")]
            answer = try Self.answer(value, count: contexts.count)
        } else if value["choices"] != nil {
            let key = value["context"] != nil ? "context" : "query"
            contexts = [try Self.required(value, key)]
            continuations = try Self.texts(value["choices"], "choices")
            answer = try Self.answer(value, count: continuations.count)
        } else if value["continuation"] != nil {
            kind = .continuation
            contexts = [try Self.required(value, "context")]
            continuations = [try Self.required(value, "continuation")]
        } else if let text = try text("text") {
            // Of a text with its class the last word is not what is asked.
            guard value["label"] == nil else {
                throw Fault(
                    reason: """
                        "text" with "label" is no question: give "context", "choices" and "answer"
                        """)
            }
            readLAMBADA(text)
        } else {
            throw Fault(
                reason: """
                    it has none of the forms of a question: "context" with "choices" or \
                    "continuation", "contexts" with "continuation", "ctx" with "endings", \
                    "question" with "answerKey", or "text"
                    """)
        }
        task = name
        if let separator { delimiter = separator }
    }

    /// A context with its continuation, which begins as it is written.
    init(continuing context: String, by text: String, delimiter: String, shotEnd: String) {
        (kind, contexts, continuations) = (.continuation, [context], [text])
        (self.delimiter, self.shotEnd, isJoined) = (delimiter, shotEnd, true)
    }

    /// A context with several continuations.
    init(
        asking context: String, choices: [String], answer: Int, delimiter: String, shotEnd: String
    ) {
        (kind, contexts, continuations) = (.choice, [context], choices)
        (self.answer, self.delimiter, self.shotEnd) = (answer, delimiter, shotEnd)
    }

    // MARK: Forms of other programs

    private mutating func readHellaSwag(_ value: JSONValue) throws(Fault) {
        continuations = try Self.texts(value["endings"], "endings").map(Self.cleaned)
        var context: String
        if let first = try Self.text(value, "ctx_a"),
            let activity = try Self.text(value, "activity_label")
        {
            let second = try Self.text(value, "ctx_b") ?? ""
            context = activity + ": " + first + " " + PythonText.capitalized(second)
        } else {
            context = try Self.required(value, "ctx")
        }
        contexts = [Self.cleaned(context)]
        answer = try Self.answer(value, count: continuations.count)
    }

    /// The text of HellaSwag without what WikiHow's pages have left in it.
    private static func cleaned(_ text: String) -> String {
        let titled = PythonText.replacing(" [title]", by: ". ", in: PythonText.stripped(text))
        return PythonText.replacing("  ", by: " ", in: withoutBrackets(titled))
    }

    /// The text without its shortest parts from a bracket to the next closing one in a line.
    private static func withoutBrackets(_ text: String) -> String {
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            guard bytes[index] == UInt8(ascii: "[") else {
                result.append(bytes[index])
                index += 1
                continue
            }
            let end = bytes[index...].firstIndex {
                $0 == UInt8(ascii: "]") || $0 == UInt8(ascii: "\n")
            }
            if let end, bytes[end] == UInt8(ascii: "]") {
                index = end + 1
            } else {
                // To the end of the line no bracket is closed, so nothing of it is left out.
                result += bytes[index..<(end ?? bytes.count)]
                index = end ?? bytes.count
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    private mutating func readARC(_ value: JSONValue) throws(Fault) {
        var question = value["question"]
        var choices = value["choices"]
        if let stem = question?["stem"] { (question, choices) = (stem, question?["choices"]) }
        guard let question = question?.string else { throw Fault(reason: "it has no \"question\"") }
        let labels: [String]
        if let list = choices?.array {
            labels = try Self.texts(.array(list.map { $0["label"] ?? .null }), "label")
            continuations = try Self.texts(.array(list.map { $0["text"] ?? .null }), "text")
        } else {
            labels = try Self.texts(choices?["label"], "label")
            continuations = try Self.texts(choices?["text"], "text")
        }
        let key = try Self.required(value, "answerKey")
        guard labels.count == continuations.count, let index = labels.firstIndex(of: key) else {
            throw Fault(reason: "\"answerKey\" is none of the labels of its choices")
        }
        contexts = ["Question: \(question)\nAnswer:"]
        answer = index
    }

    private mutating func readLAMBADA(_ text: String) {
        kind = .continuation
        let bytes = Array(text.utf8)
        let space = bytes.lastIndex(of: UInt8(ascii: " "))
        contexts = [String(decoding: bytes[..<(space ?? 0)], as: UTF8.self)]
        let word = bytes[(space.map { $0 + 1 } ?? 0)...]
        continuations = [" " + String(decoding: word, as: UTF8.self)]
        isJoined = true
    }

    // MARK: Values

    private static func text(_ value: JSONValue, _ key: String) throws(Fault) -> String? {
        guard let member = value[key], !member.isNull else { return nil }
        guard let text = member.string else { throw Fault(reason: "\"\(key)\" is no text") }
        return text
    }

    private static func required(_ value: JSONValue, _ key: String) throws(Fault) -> String {
        guard let text = try text(value, key) else { throw Fault(reason: "it has no \"\(key)\"") }
        return text
    }

    private static func texts(_ value: JSONValue?, _ key: String) throws(Fault) -> [String] {
        guard let elements = value?.array, !elements.isEmpty else {
            throw Fault(reason: "\"\(key)\" is no list of texts")
        }
        guard elements.count <= TaskLimits.choiceCount else {
            throw Fault(
                reason: "\"\(key)\" has \(elements.count) texts, and at most "
                    + "\(TaskLimits.choiceCount) are scored")
        }
        var texts: [String] = []
        for element in elements {
            guard let text = element.string else {
                throw Fault(reason: "\"\(key)\" holds something that is no text")
            }
            texts.append(text)
        }
        return texts
    }

    /// The number of the right choice, by whichever name it has, which may be written as a text.
    private static func answer(_ value: JSONValue, count: Int) throws(Fault) -> Int {
        let found = ["answer", "gold", "label"].lazy.compactMap { key in
            value[key].map { (key: key, value: $0) }
        }.first
        guard let found else { throw Fault(reason: "it does not say which choice is right") }
        return try index(found.value, count: count, of: found.key)
    }

    /// The number of a choice in a member called `key`.
    static func index(_ value: JSONValue, count: Int, of key: String) throws(Fault) -> Int {
        let spelling: String
        switch value {
        case .number(let text), .string(let text): spelling = text
        default: throw Fault(reason: "\"\(key)\" is no number of a choice")
        }
        guard spelling.allSatisfy({ $0.isASCII && $0.isNumber }), let index = Int(spelling),
            index < count
        else {
            throw Fault(
                reason: "\"\(key)\" is \"\(spelling.prefix(20))\", and there are choices 0 to "
                    + "\(count - 1)")
        }
        return index
    }

    // MARK: The question

    /// The question behind `shots`, which end with what stands between two of them.
    func item(after shots: String, place: String) -> TaskItem {
        let separator = isJoined ? "" : delimiter
        let texts: [TaskItem.Text]
        if kind == .schema {
            texts = contexts.map {
                .init(context: shots + $0, continuation: separator + continuations[0])
            }
        } else {
            texts = continuations.map {
                .init(context: shots + contexts[0], continuation: separator + $0)
            }
        }
        return TaskItem(
            texts: texts, answer: answer, lengths: continuations.map(PythonText.length),
            place: place)
    }

    /// The question with its answer, as an example before another one.
    var shot: String {
        let context = kind == .schema ? contexts[answer] : contexts[0]
        let continuation = kind == .schema ? continuations[0] : continuations[answer]
        return context + delimiter + continuation + shotEnd
    }
}
