/// Neighbouring tokens of a row that belong to one document, and of which all are scored, or none.
public struct RowPart: Equatable, Sendable {
    /// The place of the first token in the row.
    public var firstPlace: Int
    /// The tokens. The last one of a stretch may be a target alone.
    public var tokens: [TokenID]
    /// The number of the document among those of the row.
    public var document: Int
    /// Whether the tokens are predicted, and learned from. The first token of a stretch, which
    /// nothing comes before, counts as the one behind it.
    public var isScored: Bool
}

/// One row of a batch, with what is known about it.
public struct BatchRow: Equatable, Sendable {
    /// The number of the row in its batch.
    public var number: Int
    /// Its documents, in its order.
    public var documents: [RowDocument]
    /// Its tokens up to the padding, divided where documents meet and where scoring begins or ends.
    public var parts: [RowPart]
    /// Inputs of the model, of all places.
    public var inputs: [TokenID]  // T
    /// Targets, of all places; `TokenID.ignored` where nothing is scored.
    public var targets: [TokenID]  // T
    /// For each place the first place of its document, which is as far as a model looks back; nil
    /// where documents are not told apart.
    public var documentStarts: [Int]?
    /// Places that hold tokens; what follows them is padding.
    public var readCount: Int
    /// Whether it goes on from the row in its place of the batch before; nil where rows do not.
    public var continues: Bool?

    /// Targets that are scored.
    public var scoredCount: Int { targets.count { $0 != .ignored } }
}

extension BatchProvenance {
    /// Row `number` of a batch that begins at `position`. O(T).
    public func row(_ number: Int, of batch: Batch, at position: Int) -> BatchRow {
        let length = batch.contextLength
        let places = number * length..<(number + 1) * length
        let inputs = Array(batch.inputs[places])
        let targets = Array(batch.targets[places])
        var (parts, documents, column) = ([RowPart](), [RowDocument](), 0)
        for (window, own) in documentsOfWindows(ofRowAt: position + number) {
            parts += Self.parts(
                of: window, own, from: documents.count, column, inputs, targets)
            documents += own
            column += window.length
        }
        return BatchRow(
            number: number, documents: documents, parts: parts, inputs: inputs, targets: targets,
            documentStarts: batch.documentStarts.map { $0[places].map { Int($0) } },
            readCount: column, continues: batch.continues?[number])
    }

    /// Parts of one stretch of a row, which begins at the place `column`.
    private static func parts(
        of window: Window, _ documents: [RowDocument], from firstDocument: Int, _ column: Int,
        _ inputs: [TokenID], _ targets: [TokenID]
    ) -> [RowPart] {
        var (parts, document) = ([RowPart](), 0)
        let last = targets[column + window.length - 1]
        let tokens = inputs[column..<column + window.length] + (last == .ignored ? [] : [last])
        for (offset, token) in tokens.enumerated() {
            while document + 1 < documents.count,
                documents[document + 1].tokens.lowerBound <= window.start + offset
            {
                document += 1
            }
            let isScored = targets[column + max(offset - 1, 0)] != .ignored
            if let part = parts.last, part.isScored == isScored,
                part.document == firstDocument + document
            {
                parts[parts.count - 1].tokens.append(token)
            } else {
                parts.append(
                    RowPart(
                        firstPlace: column + offset, tokens: [token],
                        document: firstDocument + document, isScored: isScored))
            }
        }
        return parts
    }
}
