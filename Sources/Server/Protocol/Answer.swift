import Bytes
import Tokenization

/// What every answer to a request for text begins with.
struct AnswerHead: Equatable, Sendable {
    /// Kind of an answer.
    enum Kind: Sendable {
        case completion
        case chat
    }

    let kind: Kind
    /// Name of the answer, such as "cmpl-1f…".
    let id: String
    /// Seconds since 1970.
    let created: Int
    /// Name of the model.
    let model: String
    /// Name of what the answer was made with.
    let fingerprint: String

    fileprivate func write(isChunk: Bool, into json: inout JSONText) {
        json.string("id", id)
        switch kind {
        case .completion: json.string("object", "text_completion")
        case .chat: json.string("object", isChunk ? "chat.completion.chunk" : "chat.completion")
        }
        json.whole("created", created)
        json.string("model", model)
        json.string("system_fingerprint", fingerprint)
    }
}

/// Text of an answer, or a part of it.
struct Choice: Equatable, Sendable {
    var index = 0
    var text = ""
    /// Ids of its tokens; nil unless they were asked for.
    var ids: [TokenID]?
    /// Its tokens; nil unless their log-probabilities were asked for.
    var tokens: [ShownToken]?
    /// Code points before the first token.
    var offset = 0
    /// Reason for which the text ended; nil while it goes on.
    var finishReason: FinishReason?
}

/// Numbers of tokens of an answer, and the seconds they took.
struct AnswerUsage: Equatable, Sendable {
    var prompt = 0
    var cached = 0
    var completion = 0
    var promptSeconds = 0.0
    var drawingSeconds = 0.0

    /// Adds the usage of a prompt.
    mutating func add(_ usage: TextUsage) {
        prompt += usage.promptTokenCount
        cached += usage.cachedTokenCount
        completion += usage.completionTokenCount
        promptSeconds += usage.promptSeconds
        drawingSeconds += usage.drawingSeconds
    }

    fileprivate func write(into json: inout JSONText) {
        json.object("usage") { json in
            json.whole("prompt_tokens", prompt)
            json.whole("completion_tokens", completion)
            json.whole("total_tokens", prompt + completion)
            json.object("prompt_tokens_details") { $0.whole("cached_tokens", cached) }
        }
        json.object("timings") { json in
            func rate(_ count: Int, _ seconds: Double) -> Double {
                seconds > 0 ? Double(count) / seconds : 0
            }
            json.whole("cache_n", cached)
            json.whole("prompt_n", prompt - cached)
            json.rounded("prompt_ms", promptSeconds * 1000)
            json.rounded("prompt_per_second", rate(prompt - cached, promptSeconds))
            json.whole("predicted_n", completion)
            json.rounded("predicted_ms", drawingSeconds * 1000)
            json.rounded("predicted_per_second", rate(completion, drawingSeconds))
        }
    }
}

extension AnswerHead {
    /// The whole answer.
    func answer(_ choices: [Choice], _ usage: AnswerUsage) -> [UInt8] {
        var json = JSONText(isCompact: true)
        json.object { json in
            write(isChunk: false, into: &json)
            json.array("choices") { json in
                for choice in choices {
                    json.object { json in
                        json.whole("index", choice.index)
                        switch kind {
                        case .completion: json.string("text", choice.text)
                        case .chat:
                            json.object("message") { json in
                                json.string("role", "assistant")
                                json.string("content", choice.text)
                            }
                        }
                        write(rest: choice, into: &json)
                    }
                }
            }
            usage.write(into: &json)
        }
        return json.bytes
    }

    /// A part of a streamed answer.
    ///
    /// - Parameter tellsNoUsage: whether the part says that it has no usage, as parts do before one
    ///   that has.
    func chunk(_ choice: Choice, tellsNoUsage: Bool) -> [UInt8] {
        chunk(tellsNoUsage: tellsNoUsage) { json in
            json.whole("index", choice.index)
            switch kind {
            case .completion: json.string("text", choice.text)
            case .chat:
                json.object("delta") { json in
                    // The part that ends an answer has an empty object.
                    if choice.finishReason == nil { json.string("content", choice.text) }
                }
            }
            write(rest: choice, into: &json)
        }
    }

    /// The first part of a streamed message.
    func roleChunk(index: Int, tellsNoUsage: Bool) -> [UInt8] {
        chunk(tellsNoUsage: tellsNoUsage) { json in
            json.whole("index", index)
            json.object("delta") { json in
                json.string("role", "assistant")
                json.string("content", "")
            }
            json.value("logprobs", "null")
            json.value("finish_reason", "null")
        }
    }

    /// The part of a streamed answer with the usage.
    func usageChunk(_ usage: AnswerUsage) -> [UInt8] {
        var json = JSONText(isCompact: true)
        json.object { json in
            write(isChunk: true, into: &json)
            json.array("choices") { _ in }
            usage.write(into: &json)
        }
        return json.bytes
    }

    private func chunk(tellsNoUsage: Bool, _ choice: (inout JSONText) -> Void) -> [UInt8] {
        var json = JSONText(isCompact: true)
        json.object { json in
            write(isChunk: true, into: &json)
            json.array("choices") { $0.object { choice(&$0) } }
            if tellsNoUsage { json.value("usage", "null") }
        }
        return json.bytes
    }

    private func write(rest choice: Choice, into json: inout JSONText) {
        if let tokens = choice.tokens {
            var offset = choice.offset
            switch kind {
            case .completion: json.completionLogProbabilities(tokens, offset: &offset)
            // The token that ends an answer is no part of a message.
            case .chat: json.chatLogProbabilities(tokens.filter { !$0.isEnd })
            }
        } else {
            json.value("logprobs", "null")
        }
        if let ids = choice.ids {
            json.array("tokens") { json in for id in ids { json.whole(nil, id.index) } }
        }
        json.text("finish_reason", choice.finishReason?.rawValue)
    }
}
