import Models
import Pipeline
import Tokenization

/// An answer before it is drawn: what the engine is asked for, and how its texts become choices.
struct PreparedAnswer: Sendable {
    /// Texts behind one prompt.
    struct Part: Sendable {
        var request: TextRequest
        var form: TextAssembly.Form
    }

    let head: AnswerHead
    /// One for each prompt.
    let parts: [Part]
    let isStreamed: Bool
    let includesUsage: Bool

    /// The most tokens that are kept of an answer until it goes out, alternatives counted too.
    static let keptTokenCount = 1 << 22
    /// The most tokens of a message from a model whose context has no end.
    static let endlessTokenCount = 2048

    /// The answer to a request for completions.
    ///
    /// - Parameters:
    ///   - served: the model.
    ///   - seed: seed of the choices where the request has none.
    init(
        _ request: CompletionRequest, _ served: ServedModel, head: AnswerHead, seed: UInt64
    ) throws(APIError) {
        self.head = head
        isStreamed = request.sampling.isStreamed
        includesUsage = request.sampling.includesUsage
        let sampling = request.sampling
        let sampleCount = sampling.sampleCount
        var parts: [Part] = []
        for (index, prompt) in request.prompts.enumerated() {
            let name = request.prompts.count == 1 ? "prompt" : "prompt[\(index)]"
            let (ids, hiddenCount) = try Self.ids(prompt, request, served, name)
            var form = TextAssembly.Form()
            form.firstIndex = index * sampleCount
            form.sampleCount = sampleCount
            form.hasTokens = request.alternativeCount != nil
            form.hasIDs = sampling.returnsTokens
            form.hiddenCount = hiddenCount
            if request.echoesPrompt || form.hasTokens {
                let text =
                    switch prompt {
                    case .text(let text): text
                    case .ids(let ids): Self.text(of: ids, served.vocabulary)
                    }
                form.echo = request.echoesPrompt ? text : nil
                form.promptLength = text.unicodeScalars.count
            }
            let most = try Self.tokenCount(
                sampling.maximumTokenCount, default: CompletionRequest.defaultTokenCount,
                promptCount: ids.count, limit: served.engine.contextLimit, name)
            var part = Part(
                request: Self.request(sampling, ids, most, seed),
                form: form)
            part.request.isPair = served.engine.readsPairs
            part.form.isContinued = part.request.isContinued(in: served.vocabulary)
            part.request.alternativeCount = request.alternativeCount
            part.request.skipsSpecialTokens = sampling.skipsSpecialTokens ?? false
            part.request.echoesPrompt = request.echoesPrompt && form.hasTokens
            parts.append(part)
        }
        self.parts = parts
        try checkSize()
    }

    /// The answer to a request for the next message of a conversation.
    ///
    /// - Parameters:
    ///   - served: the model.
    ///   - seed: seed of the choices where the request has none.
    init(
        _ request: ChatRequest, _ served: ServedModel, head: AnswerHead, seed: UInt64
    ) throws(APIError) {
        self.head = head
        isStreamed = request.sampling.isStreamed
        includesUsage = request.sampling.includesUsage
        let rendered = try served.rendered(request.messages, beginsAnswer: true)
        let encoder = BytePairEncoder(served.vocabulary)
        let ids = try APIError.refusing { () throws(TokenizationError) in
            try rendered.ids(with: encoder)
        }
        let limit = served.engine.contextLimit
        let most = try Self.tokenCount(
            request.sampling.maximumTokenCount,
            default: limit == nil ? Self.endlessTokenCount : .max,
            promptCount: ids.count, limit: limit, "messages")
        var form = TextAssembly.Form()
        form.sampleCount = request.sampling.sampleCount
        form.hasTokens = request.alternativeCount != nil
        form.hasIDs = request.sampling.returnsTokens
        form.isContinued = true
        var part = Part(request: Self.request(request.sampling, ids, most, seed), form: form)
        part.request.alternativeCount = request.alternativeCount
        part.request.endTokens = served.chatTemplate?.endTokens
        part.request.skipsSpecialTokens = request.sampling.skipsSpecialTokens ?? true
        parts = [part]
        try checkSize()
    }

    /// Throws unless there is memory for the answer, however long its texts become. A stream keeps
    /// what it echoes alone.
    private func checkSize() throws(APIError) {
        var count = 0
        for part in parts {
            let echoed = part.form.echo == nil ? 0 : part.request.prompt.count
            let drawn = isStreamed ? 0 : part.request.generation.maximumTokenCount
            count +=
                (echoed + drawn) * part.request.sampleCount
                * (1 + (part.request.alternativeCount ?? 0))
        }
        guard count <= Self.keptTokenCount else {
            throw .badField(
                "max_tokens",
                "for all prompts, texts and alternatives the answer may have \(count) tokens, and "
                    + "\(Self.keptTokenCount) is the most: ask in several requests",
                code: "answer_too_large")
        }
    }

    private static func request(
        _ sampling: SamplingSettings, _ ids: [TokenID], _ tokenCount: Int, _ seed: UInt64
    ) -> TextRequest {
        var request = TextRequest(prompt: ids, generation: sampling.generation)
        request.generation.maximumTokenCount = tokenCount
        request.generation.seed = sampling.seed ?? seed
        request.adjustments = sampling.adjustments
        request.sampleCount = sampling.sampleCount
        request.ignoresEnd = sampling.ignoresEnd
        request.moreEndTokens = sampling.endTokens
        request.usesCache = sampling.usesCache
        return request
    }

    /// The ids of a prompt, and how many at their front are no part of its text.
    private static func ids(
        _ prompt: CompletionRequest.Prompt, _ request: CompletionRequest, _ served: ServedModel,
        _ name: String
    ) throws(APIError) -> (ids: [TokenID], hiddenCount: Int) {
        guard case .text(let text) = prompt else {
            guard case .ids(let ids) = prompt else { return ([], 0) }
            return (ids, 0)
        }
        let ids: [TokenID]
        do {
            ids = try TextSampler.ids(
                of: text, model: served.model, vocabulary: served.vocabulary,
                specials: request.recognizesSpecialTokens ? .all : .none,
                beginning: request.addsSpecialTokens ? .automatic : PromptBeginning.none)
        } catch let error as TokenizationError {
            throw .badField(name, "\(error)")
        } catch {
            throw .badField(name, "the model has no token that begins a text: it must not be empty")
        }
        guard request.addsSpecialTokens, !served.engine.readsPairs else { return (ids, 0) }
        return (ids, text.isEmpty ? ids.count : served.vocabulary.textPrefix.count)
    }

    private static func text(of ids: [TokenID], _ vocabulary: Vocabulary) -> String {
        // The ids were checked where they were read.
        String(decoding: (try? vocabulary.decodeText(ids)) ?? [], as: UTF8.self)
    }

    /// The most tokens to draw behind a prompt: as many as are asked for, which must fit, or the
    /// default, as far as there is room.
    private static func tokenCount(
        _ asked: Int?, default standard: Int, promptCount: Int, limit: Int?, _ name: String
    ) throws(APIError) -> Int {
        guard let limit else { return asked ?? standard }
        let room = limit - promptCount
        if let asked, asked <= room { return asked }
        guard asked == nil, room > 0 else {
            throw APIError(
                status: 400, kind: .exceededContext,
                message: "\(name) has \(promptCount) tokens"
                    + (asked.map { " and max_tokens is \($0)" } ?? "")
                    + ", but the model's context has room for \(limit)",
                parameter: asked == nil || promptCount > limit ? name : "max_tokens",
                code: "context_length_exceeded")
        }
        return min(standard, room)
    }
}

extension ServedModel {
    /// The text of a conversation.
    func rendered(
        _ messages: [ChatMessage], beginsAnswer: Bool
    ) throws(APIError) -> RenderedConversation {
        let template = try requireChatTemplate()
        do throws(ConversationError) {
            return try template.render(messages, beginsAnswer: beginsAnswer, clock: .now)
        } catch {
            throw .badField("messages", error.description, code: "template_refuses")
        }
    }

    /// The template of conversations.
    private func requireChatTemplate() throws(APIError) -> ConversationTemplate {
        if let chatTemplate { return chatTemplate }
        throw APIError(
            status: 400, kind: .invalidRequest,
            message: "the model \(name) was not tuned to answer: it has no chat template, and no "
                + ChatTemplate.specialTokens.joined(separator: " and ")
                + ". Tune it on conversations (instruction_tuning in pipeline.json), or ask "
                + "/v1/completions to continue a text",
            parameter: "model", code: "model_not_tuned")
    }
}

extension APIError {
    /// The engine does not take a request.
    init(_ refusal: EngineRefusal) {
        switch refusal {
        case .queueIsFull(let seconds):
            self = .unavailable(refusal.description, retryAfterSeconds: max(seconds, 1))
        case .isStopping: self = .unavailable(refusal.description, retryAfterSeconds: 1)
        case .doesNotFit:
            self = APIError(
                status: 400, kind: .exceededContext, message: refusal.description,
                parameter: "max_tokens", code: "context_length_exceeded")
        case .promptIsEmpty, .unknownToken, .noTarget:
            self = .badField("prompt", refusal.description)
        case .badRequest: self = .badRequest(refusal.description)
        case .tooLittleMemory:
            self = .badRequest(refusal.description, parameter: "max_tokens")
        }
    }
}
