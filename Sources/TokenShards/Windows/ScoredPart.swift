public import Tokenization

/// Part of each document that is learned and scored, where that is not all of it. Such documents
/// are packed whole.
public enum ScoredPart: Sendable {
    /// Of conversations the assistant's answers.
    case answers(ConversationTemplate)
    /// Of pairs the targets.
    case targets(PairTemplate)

    /// The template of conversations; nil for pairs.
    public var chatTemplate: ConversationTemplate? {
        guard case .answers(let template) = self else { return nil }
        return template
    }
}

extension Batch {
    /// Leaves, of the targets that are scored, those that belong to `part`. O(B·T).
    public mutating func score(only part: ScoredPart) {
        switch part {
        case .answers(let template):
            scoreAnswersOnly(template.isChatML ? try? ChatTemplate(template.vocabulary) : nil)
        case .targets(let template): scoreTargetsOnly(template)
        }
    }

    /// Leaves, of the targets that are scored, those on the target's side of a pair: what follows
    /// the token of padding and what follows that. O(B·T).
    private mutating func scoreTargetsOnly(_ template: PairTemplate) {
        scoredCount = 0
        for row in 0..<batchSize {
            var isTarget = false
            for column in 0..<contextLength {
                let place = row * contextLength + column
                if column == 0 || documentStarts?[place] == Int32(column) { isTarget = false }
                if inputs[place] == template.pad { isTarget = true }
                if !isTarget { targets[place] = .ignored }
                if targets[place] != .ignored { scoredCount += 1 }
            }
        }
    }
}
