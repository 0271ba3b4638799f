public import Tokenization

extension Batch {
    /// Leaves, of the targets that are scored, those that belong to an assistant's answer: see
    /// `AnswerScanner`. Of an answer that began before its row nothing is scored. O(B·T).
    public mutating func scoreAnswersOnly(_ template: ChatTemplate) {
        scoredCount = 0
        for row in 0..<batchSize {
            var scanner = AnswerScanner(template)
            let base = row * contextLength
            _ = scanner.isAnswer(TokenID(UInt32(inputs[base])))
            for position in base..<base + contextLength {
                // The target is the next input as well, except where the row ends.
                let isLast = position + 1 == base + contextLength
                let next = isLast ? targets[position] : inputs[position + 1]
                guard next != Self.ignored, scanner.isAnswer(TokenID(UInt32(next))) else {
                    targets[position] = Self.ignored
                    continue
                }
                if targets[position] != Self.ignored { scoredCount += 1 }
            }
        }
    }
}
