import Corpora
import TokenShards
import Tokenization
import Training
import Work

/// Packs conversations into shards: one document each, rendered by the template.
///
/// Marks of the answers are not stored, for the ids say which tokens they are: see
/// ``AnswerScanner``.
struct ConversationEncoding {
    let template: ChatTemplate
    /// The most tokens of a conversation: the model's context. A longer one is cut behind the last
    /// answer that fits, and left out if none does.
    let contextLength: Int

    /// Conversations that were not kept whole.
    struct Losses {
        /// Conversations that were cut behind an answer.
        var cut = 0
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
        shards.allowSpecial = .only(Set(ChatTemplate.specialTokens))
        var reader = try ConversationReader(
            inputs: configuration.inputs, onError: configuration.onError, stop: work.stop)
        var writer = try ShardWriter(
            directory: directory, vocabulary: template.vocabulary, configuration: shards)
        var (losses, sources) = (Losses(), SourceCounts())
        while let conversation = try reader.next() {
            try work.checkStop()
            let messages = conversation.turns.map(ChatMessage.init)
            let (kept, ids) = fit(messages, encoder)
            if kept < messages.count {
                losses.add(conversation.origin, isLeftOut: kept == 0, contextLength: contextLength)
            }
            guard kept > 0 else { continue }
            let document = Document(
                text: Array(ChatTemplate.text(of: Array(messages[..<kept])).utf8),
                origin: conversation.origin)
            let isHeldOut = split.isValidation(document.contentHash)
            try writer.append(
                ids.span, place: DocumentPlace(document.origin.position),
                to: isHeldOut ? .validation : .train)
            sources.add(
                document.origin, byteCount: document.text.count, isHeldOut: isHeldOut)
            if reader.conversationCount % 1_024 == 0 { work.report(.progress(progress(reader))) }
        }
        work.report(.progress(progress(reader)))
        guard !sources.isEmpty else {
            throw PipelineError.emptyCorpus(
                inputs: configuration.inputs,
                skipped: reader.skippedLines + reader.progress.brokenFileCount + losses.leftOut,
                reason: losses.examples.first ?? reader.skipped.first?.description
                    ?? reader.progress.examples.first)
        }
        _ = try writer.finish(
            sources: sources.sources,
            skipped: .init(
                lines: reader.skippedLines + losses.leftOut,
                emptyDocuments: reader.progress.emptyDocuments,
                brokenFiles: reader.progress.brokenFileCount,
                damagedMembers: reader.progress.damagedMemberCount,
                examples: (reader.progress.brokenFiles + reader.skipped).map(\.description)
                    + losses.examples),
            willReplace: willReplace)
        reader.progress.reportBrokenFiles(work)
        notify(losses, skippedLines: reader.skippedLines, work: work)
    }

    /// Number of the messages that fit into the context, up to the end of an answer, and their ids.
    private func fit(
        _ messages: [ChatMessage], _ encoder: BytePairEncoder
    ) -> (count: Int, ids: [TokenID]) {
        var ids: [TokenID] = []
        var (count, idCount) = (0, 0)
        for (number, message) in messages.enumerated() {
            template.encode([message], with: encoder, into: &ids)
            if ids.count > contextLength { break }
            // A question that stands last has nothing to teach.
            if message.role == .assistant { (count, idCount) = (number + 1, ids.count) }
        }
        return (count, Array(ids[..<idCount]))
    }

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
        guard let first = losses.examples.first else { return }
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
            }
        self.init(role: role, content: turn.text)
    }
}
