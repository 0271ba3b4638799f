import Files
import Foundation
public import Models
public import TokenShards
import Tokenization
import Training
import Work

/// The way in which an evaluation has read its text: as the run of the checkpoint did, unless it
/// was asked for something else.
public struct EvaluationReading: Encodable, Equatable, Sendable {
    /// The way that a caller asks for; nil for what the run of the checkpoint did.
    public struct Request: Sendable {
        /// New predictions a window.
        public var stride: Int?
        /// Whether documents are read apart.
        public var masksDocuments: Bool?
        /// Whether the documents are conversations, of which the answers alone are scored.
        public var answersOnly: Bool?
        /// In what matrix products multiply.
        public var precision: Precision?

        /// A request for the run's own way.
        public init() {}

        /// Whether it sets no key.
        public var isEmpty: Bool { !keys.contains(where: \.isAsked) }

        /// The keys that it sets, by their names in ``EvaluationReading``.
        var keys: [(isAsked: Bool, key: String)] {
            [
                (stride != nil, "stride"), (masksDocuments != nil, "mask_documents"),
                (answersOnly != nil, "answers"), (precision != nil, "precision"),
            ]
        }
    }

    /// Text that is scored of each document.
    public enum Scored: String, Encodable, Sendable {
        /// All of it.
        case all
        /// Of conversations the assistant's answers.
        case answers
        /// Of pairs the targets.
        case targets
    }

    /// Whether the checkpoint says how its run read the validation split, so that what was not
    /// asked for follows that.
    public let followsTraining: Bool
    /// Keys that were asked for, whatever the run did.
    public let asked: [String]
    /// Packing of documents into windows.
    public let packing: Packing
    /// Predictions of a window.
    public let contextLength: Int
    /// New predictions of a window; nil where documents are packed whole.
    public let stride: Int?
    /// Whether documents are read apart.
    public let masksDocuments: Bool
    /// Text that is scored.
    public let scored: Scored
    /// In what matrix products multiplied.
    public let precision: Precision

    /// The names in JSON.
    enum CodingKeys: String, CodingKey {
        case asked, packing, stride, scored, precision
        case followsTraining = "as_in_training"
        case contextLength = "context_length"
        case masksDocuments = "mask_documents"
    }

    init(
        _ settings: EvaluationSettings, contextLength: Int, asked request: Request,
        followsTraining: Bool
    ) {
        self.followsTraining = followsTraining
        asked = request.keys.filter(\.isAsked).map(\.key)
        packing = settings.packing
        self.contextLength = contextLength
        stride =
            settings.part == nil ? min(settings.stride ?? contextLength, contextLength) : nil
        masksDocuments = settings.masksDocuments
        scored =
            switch settings.part {
            case nil: .all
            case .answers: .answers
            case .targets: .targets
            }
        precision = KernelLevel.best(settings.precision).precision
    }

    /// The reading in words: `as in training: packing best-fit, mask documents, answers alone`.
    public var description: String {
        let beginning =
            followsTraining
            ? "as in training" + (asked.isEmpty ? "" : " but for \(asked.joined(separator: ", "))")
            : "by defaults" + (asked.isEmpty ? "" : " and \(asked.joined(separator: ", "))")
        var parts = ["windows of \(contextLength) tokens"]
        parts.append(stride.map { "stride \($0)" } ?? "packing \(packing.rawValue)")
        if masksDocuments { parts.append("mask documents") }
        if scored != .all { parts.append("\(scored.rawValue) alone") }
        if precision != .float32 { parts.append("precision \(precision.rawValue)") }
        return beginning + ": " + parts.joined(separator: ", ")
    }
}

extension EvaluationSettings {
    /// The settings of a model in `directory` that reads running text or conversations: those of
    /// its run, where the checkpoint says them, and what is asked for instead.
    ///
    /// - Parameters:
    ///   - directory: the model, which is known to be as it was written.
    ///   - request: what is asked for.
    ///   - sets: the data sets, of which conversations alone have answers.
    ///   - split: the part of them.
    ///   - vocabulary: the vocabulary of their ids.
    ///   - work: where a notice goes.
    /// - Returns: the settings, and whether the checkpoint said some.
    static func settings(
        ofModel directory: String, asked request: EvaluationReading.Request, sets: [ShardSet],
        split: Split, vocabulary: Vocabulary, work: WorkContext<PipelineEvent>
    ) throws -> (settings: EvaluationSettings, followsTraining: Bool) {
        let recipe = recipe(ofModel: directory, work)
        var part: ScoredPart?
        if request.answersOnly == true {
            part = .answers(
                try ConversationTemplate(directory: directory, vocabulary, endTokens: []))
        } else if request.answersOnly == nil, recipe != nil,
            try ChatTemplateFile.read(directory: directory) != nil
        {
            // A run that learned answers alone leaves their template in its checkpoints. Text that
            // is no conversation has none.
            let template = try ConversationTemplate(
                directory: directory, vocabulary, endTokens: [])
            let start = vocabulary.specialToken(ChatTemplate.specialTokens[0])
            let isChat = sets.allSatisfy { set in
                set.saysAnswers(in: split)
                    || start.map { set.begins(with: $0, in: split) } ?? false
            }
            part = isChat ? .answers(template) : nil
        }
        if part != nil, request.stride != nil || request.masksDocuments == false {
            throw PipelineError.badValue(
                key: request.stride != nil ? "stride" : "mask_documents",
                reason: "conversations are read whole and apart where the answers alone are scored;"
                    + " leave it out, or score all of their text")
        }
        var settings =
            recipe?.evaluationSettings(part: part)
            ?? EvaluationSettings(masksDocuments: part != nil, part: part)
        if let stride = request.stride { settings.stride = stride }
        if let masksDocuments = request.masksDocuments { settings.masksDocuments = masksDocuments }
        if let precision = request.precision { settings.precision = precision }
        return (settings, recipe != nil)
    }

    /// The recipe of the run that wrote the model in `directory`; nil for another program's model,
    /// or one that was copied without it.
    static func recipe(
        ofModel directory: String, _ work: WorkContext<PipelineEvent>
    ) -> TrainingConfiguration? {
        guard FileManager.default.fileExists(atPath: directory + "/" + TrainingState.fileName)
        else { return nil }
        do {
            return try CheckpointStore.state(of: directory).configuration
        } catch {
            work.report(
                .notice("the recipe of the run is not known, and defaults stand for it: \(error)"))
            return nil
        }
    }
}

extension ShardSet {
    /// Whether the shards of a split say what is to be learned of conversations.
    func saysAnswers(in split: Split) -> Bool {
        let shards = shards(of: split)
        return !shards.isEmpty && shards.allSatisfy(\.saysAnswers)
    }

    /// Whether the first document of a split begins with `token`, or the split has none.
    func begins(with token: TokenID, in split: Split) -> Bool {
        guard let shard = shards(of: split).first, shard.documentCount > 0 else { return true }
        return shard.text(ofDocument: 0).first == token
    }
}
