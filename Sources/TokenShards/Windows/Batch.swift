public import Tokenization
// A guest that imports this module names ids by their type.
@_exported public import Tokens

/// Rows of tokens and, beside each token, the one that follows it.
public struct Batch: Equatable, Sendable {
    /// Rows.
    public let batchSize: Int  // B
    /// Tokens a row.
    public let contextLength: Int  // T
    /// Inputs of the model: shape (B, T).
    public internal(set) var inputs: [TokenID]
    /// Targets of its predictions: shape (B, T); `TokenID.ignored` where nothing is scored.
    public internal(set) var targets: [TokenID]
    /// For each input the number, in its row, of the first token of its document that the row has:
    /// shape (B, T); nil where documents are not told apart. An end-of-text token belongs to the
    /// document that it stands before or after.
    public internal(set) var documentStarts: [Int32]?
    /// For each row whether it goes on in its text, or in the document where those are told apart,
    /// from where the row in its place of the batch before ended; nil where rows are in no such
    /// order. (``documentStarts`` begin anew in each row, so they do not tell.)
    public internal(set) var continues: [Bool]?
    /// Targets that are scored.
    public internal(set) var scoredCount: Int
    /// For each target whether it is to be learned of a conversation, as its shard says, or nil
    /// where that leaves it to the ids: shape (B, T); nil where all of them do.
    var answers: [Bool?]?

    /// A batch of which nothing is scored yet.
    init(batchSize: Int, contextLength: Int, marksDocuments: Bool) {
        self.batchSize = batchSize
        self.contextLength = contextLength
        inputs = Array(repeating: 0, count: batchSize * contextLength)
        targets = Array(repeating: .ignored, count: batchSize * contextLength)
        documentStarts =
            marksDocuments ? Array(repeating: 0, count: batchSize * contextLength) : nil
        scoredCount = 0
    }

    /// Puts a window into row `row`. What a short window leaves free is neither read nor scored: it
    /// lies behind all that is scored, where causal attention does not look.
    mutating func fill(row: Int, from window: Window, of shard: TokenShard) {
        copy(window, of: shard, row: row, column: 0)
        markDocuments(row: row, from: window, of: shard)
    }

    /// Puts the stretches of a row of `rows` into row `row`. What they leave free is neither read
    /// nor scored.
    mutating func fill(row: Int, from rows: RowSequence, windows: [Window]) {
        guard rows.stretchesAreDocuments else {
            fill(row: row, from: windows[0], of: rows.shards[windows[0].shard])
            return
        }
        fill(row: row, apart: windows, of: rows.shards)
    }

    /// Puts windows into row `row` that are read apart from one another. What they leave free is
    /// neither read nor scored.
    mutating func fill(row: Int, apart windows: [Window], of shards: [TokenShard]) {
        var column = 0
        for window in windows {
            copy(window, of: shards[window.shard], row: row, column: column)
            markDocument(row: row, columns: column..<column + window.length)
            column += window.length
        }
        markDocument(row: row, columns: column..<contextLength)
    }

    private mutating func copy(_ window: Window, of shard: TokenShard, row: Int, column: Int) {
        precondition(
            column + window.length <= contextLength, "the window is longer than the context")
        let base = row * contextLength + column
        let end = window.start + window.length
        shard.copyTokens(window.start..<end, into: &inputs, at: base)
        shard.copyTokens(
            window.start + window.alreadyScored + 1..<end + 1, into: &targets,
            at: base + window.alreadyScored)
        scoredCount += window.length - window.alreadyScored
        guard shard.index.answerCount != nil else { return }
        if answers == nil { answers = Array(repeating: nil, count: batchSize * contextLength) }
        for place in base..<base + window.length { answers?[place] = false }
        for range in shard.index.answers(in: window.start + 1..<end + 1) {
            for token in range { answers?[base + token - window.start - 1] = true }
        }
    }

    private mutating func markDocument(row: Int, columns: Range<Int>) {
        guard documentStarts != nil else { return }
        for column in columns {
            documentStarts?[row * contextLength + column] = Int32(columns.lowerBound)
        }
    }

    private mutating func markDocuments(row: Int, from window: Window, of shard: TokenShard) {
        guard documentStarts != nil, shard.documentCount > 0 else { return }
        var document = shard.document(containing: window.start)
        var start = 0
        for position in 0..<contextLength {
            while document + 1 < shard.documentCount,
                window.start + position >= shard.document(document + 1).firstToken
            {
                document += 1
                start = position
            }
            documentStarts?[row * contextLength + position] = Int32(start)
        }
    }
}

extension RowSequence {
    /// A batch of the rows `numbers`, at most `batchSize` of them; what is beyond them is not
    /// scored. O(B·T).
    public func batch(of numbers: Range<Int>, batchSize: Int) -> Batch {
        precondition(numbers.count <= batchSize, "more rows than the batch has")
        var batch = Batch(
            batchSize: batchSize, contextLength: length, marksDocuments: marksDocuments)
        for (row, number) in numbers.enumerated() {
            batch.fill(row: row, from: self, windows: self[number])
        }
        return batch
    }
}

extension WindowSequence {
    /// A batch of given windows, at most `batchSize` of them; rows without one are not scored.
    public func batch(of windows: ArraySlice<Window>, batchSize: Int) -> Batch {
        precondition(windows.count <= batchSize, "more windows than rows")
        var batch = Batch(
            batchSize: batchSize, contextLength: length, marksDocuments: marksDocuments)
        for (row, window) in windows.enumerated() {
            batch.fill(row: row, from: window, of: shards[window.shard])
        }
        return batch
    }
}

extension Batch {
    /// Leaves, of the targets that are scored, those that belong to an assistant's answer: see
    /// `AnswerScanner`; where the shard says which do, those. Of an answer that began before its
    /// row nothing is scored but what the shard says. O(B·T).
    ///
    /// - Parameter template: the template by which ids tell; nil where none of them do.
    public mutating func scoreAnswersOnly(_ template: ChatTemplate?) {
        scoredCount = 0
        for row in 0..<batchSize {
            var scanner = template.map { AnswerScanner($0) }
            let base = row * contextLength
            _ = scanner?.isAnswer(inputs[base])
            for position in base..<base + contextLength {
                // The target is the next input as well, except where the row ends.
                let isLast = position + 1 == base + contextLength
                let next = isLast ? targets[position] : inputs[position + 1]
                let byIDs = next == .ignored ? false : scanner?.isAnswer(next) ?? false
                guard answers?[position] ?? byIDs else {
                    targets[position] = .ignored
                    continue
                }
                if targets[position] != .ignored { scoredCount += 1 }
            }
        }
    }
}
