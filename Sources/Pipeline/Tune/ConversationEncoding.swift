import ChatTemplates
import Corpora
import TokenShards
import Tokenization
import Training
import Work

/// Packs conversations into shards: one document each, rendered by the template.
///
/// Of ChatML no marks of the answers are stored, for the ids say which tokens they are: see
/// `AnswerScanner`. The index of the shards says it where the model brings another template, or
/// where not every answer is to be learned.
struct ConversationEncoding {
    let template: ConversationTemplate
    /// The most tokens of a conversation: the model's context. A longer one is cut behind the last
    /// answer that fits, and left out if none does.
    let contextLength: Int

    /// Conversations that were not kept whole.
    struct Losses {
        /// Conversations that were cut behind an answer.
        var cut = 0
        /// Conversations that the template does not take.
        var refused = 0
        /// Conversations whose first answer does not fit.
        var leftOut = 0
        /// The places of the first few of both.
        var examples: [String] = []
    }

    /// Reads, renders and writes. O(text), in memory for one conversation.
    ///
    /// - Parameters:
    ///   - configuration: where the conversations lie.
    ///   - directory: that of the shards.
    ///   - work: the signal to stop, and where events go.
    ///   - willReplace: called with the manifest before shards that are there are replaced.
    func run(
        _ configuration: InstructionTuningConfiguration, directory: String,
        work: WorkContext<PipelineEvent>, willReplace: (ShardManifest) throws -> Void = { _ in }
    ) throws {
        let split = ValidationSplit(fraction: configuration.validationFraction)
        let encoder = BytePairEncoder(template.vocabulary)
        var shards = ShardConfiguration()
        shards.endOfText = .none
        shards.allowSpecial = template.isChatML ? .only(Set(ChatTemplate.specialTokens)) : .all
        var reader = try ConversationReader(
            inputs: configuration.inputs, onError: configuration.onError, stop: work.stop)
        var writer = try ShardWriter(
            directory: directory, vocabulary: template.vocabulary, configuration: shards)
        var (losses, sources) = (Losses(), SourceCounts())
        while let conversation = try reader.next() {
            try work.checkStop()
            let messages = conversation.turns.map(ChatMessage.init)
            let kept: Int
            let learned: LearnedConversation
            do throws(ConversationError) {
                (kept, learned) = try fit(messages, encoder)
            } catch {
                let refusal = CorpusError.badConversation(
                    origin: conversation.origin, reason: error.description)
                guard configuration.onError != .fail else { throw refusal }
                losses.refuse(refusal.description)
                continue
            }
            if kept < messages.count {
                losses.add(conversation.origin, isLeftOut: kept == 0, contextLength: contextLength)
            }
            guard kept > 0 else { continue }
            let document = Document(
                text: Array(learned.text.utf8), origin: conversation.origin)
            let isHeldOut = split.isValidation(document.contentHash)
            let ids = learned.ids
            try writer.append(
                ids.span, place: DocumentPlace(document.origin.position),
                to: isHeldOut ? .validation : .train,
                answers: learned.answers,
                idsTellAnswers: template.isChatML
                    && messages.allSatisfy { $0.isLearned || $0.role != .assistant })
            sources.add(
                document.origin, byteCount: document.text.count, isHeldOut: isHeldOut)
            if reader.conversationCount % 1_024 == 0 { work.report(.progress(progress(reader))) }
        }
        work.report(.progress(progress(reader)))
        guard !sources.isEmpty else {
            throw PipelineError.emptyCorpus(
                inputs: configuration.inputs,
                skipped: reader.skippedLines + reader.progress.brokenFileCount + losses.leftOut
                    + losses.refused,
                reason: losses.examples.first ?? reader.skipped.first?.description
                    ?? reader.progress.examples.first)
        }
        _ = try writer.finish(
            sources: sources.sources,
            skipped: .init(
                lines: reader.skippedLines + losses.leftOut + losses.refused,
                emptyDocuments: reader.progress.emptyDocuments,
                brokenFiles: reader.progress.brokenFileCount,
                damagedMembers: reader.progress.damagedMemberCount,
                examples: (reader.progress.brokenFiles + reader.skipped).map(\.description)
                    + losses.examples),
            willReplace: willReplace)
        reader.progress.reportBrokenFiles(work)
        notify(losses, skippedLines: reader.skippedLines + losses.refused, work: work)
    }

    /// Number of the messages that fit into the context, up to the end of an answer, and their ids.
    private func fit(
        _ messages: [ChatMessage], _ encoder: BytePairEncoder
    ) throws(ConversationError) -> (count: Int, learned: LearnedConversation) {
        var count = messages.count
        while true {
            // A question that stands last has nothing to teach.
            while count > 0, messages[count - 1].role != .assistant { count -= 1 }
            guard count > 0 else { return (0, LearnedConversation()) }
            let learned = try template.learn(
                Array(messages[..<count]), with: encoder, clock: clock)
            if learned.ids.count <= contextLength, !learned.answers.isEmpty {
                return (count, learned)
            }
            count -= 1
        }
    }

    /// A day that does not change, so that the same conversations have the same ids.
    private var clock: TemplateClock { TemplateClock(year: 2026, month: 1, day: 1) }

    private func progress(_ reader: borrowing ConversationReader) -> StageProgress {
        StageProgress(
            activity: "conversations", completed: reader.progress.bytesRead,
            total: reader.progress.totalBytes, unit: .bytes)
    }

    private func notify(
        _ losses: Losses, skippedLines: Int, work: WorkContext<PipelineEvent>
    ) {
        if skippedLines > 0 {
            work.report(.notice("\(skippedLines) lines are no conversations and were skipped"))
        }
        guard losses.cut + losses.leftOut > 0, let first = losses.examples.first else { return }
        work.report(
            .notice(
                """
                \(losses.cut) conversations were cut behind the last answer that fits into the \
                context of \(contextLength) tokens, and \(losses.leftOut) were left out because \
                none does; the first is \(first)
                """))
    }
}

extension ConversationEncoding.Losses {
    fileprivate mutating func refuse(_ reason: String) {
        refused += 1
        if examples.count < CorpusProgress.keptErrorCount { examples.append(reason) }
    }

    fileprivate mutating func add(
        _ origin: DocumentOrigin, isLeftOut: Bool, contextLength: Int
    ) {
        if isLeftOut { leftOut += 1 } else { cut += 1 }
        guard examples.count < CorpusProgress.keptErrorCount else { return }
        examples.append(
            "\(origin): longer than the \(contextLength) tokens of the context"
                + (isLeftOut ? ", up to the end of its first answer" : ""))
    }
}

extension ChatMessage {
    /// Text of a turn.
    init(_ turn: Conversation.Turn) {
        let role: Role =
            switch turn.speaker {
            case .system: .system
            case .user: .user
            case .assistant: .assistant
            case .tool: .tool
            case .developer: .developer
            }
        self.init(role: role, content: turn.text)
        isWithoutContent = turn.isWithoutText
        (reasoning, toolCalls) = (turn.reasoning, turn.toolCalls)
        (toolCallID, name) = (turn.toolCallID, turn.name)
        isLearned = turn.isLearned
    }
}
