/// The rows that a split is packed into: what one place of a batch may hold, numbered from 0.
///
/// ```swift
/// let rows = set.rows(in: .train, packing: .bestFit, length: 1_024, marksDocuments: true)
/// let loader = try BatchLoader(rows: rows, batchSize: 16, seed: 1)
/// ```
///
/// The contents of a row are computed when they are asked for, so that memory does not grow with
/// the documents; see the packings for what little is kept.
public struct RowSequence: Sendable {
    private enum Plan: Sendable {
        case windows(WindowSequence)
        case documents(DocumentWindows)
        case bestFit(BestFitRows)
    }

    /// Predictions that a row has room for.
    public let length: Int
    /// Whether batches say where documents begin.
    public let marksDocuments: Bool
    let shards: [TokenShard]
    private let plan: Plan

    /// Windows one after the other, wherever documents begin.
    public init(_ windows: WindowSequence) {
        length = windows.length
        marksDocuments = windows.marksDocuments
        shards = windows.shards
        plan = .windows(windows)
    }

    init(
        shards: [TokenShard], packing: Packing, length: Int, stride: Int?, marksDocuments: Bool
    ) {
        self.shards = shards
        self.length = length
        self.marksDocuments = marksDocuments
        plan =
            switch packing {
            case .concatenate:
                .windows(
                    WindowSequence(
                        shards: shards, length: length, stride: stride ?? length,
                        marksDocuments: marksDocuments))
            case .document: .documents(DocumentWindows(shards: shards, length: length))
            case .bestFit: .bestFit(BestFitRows(shards: shards, length: length))
            }
    }

    /// Rows.
    public var count: Int {
        switch plan {
        case .windows(let windows): windows.count
        case .documents(let windows): windows.count
        case .bestFit(let rows): rows.count
        }
    }

    /// Predictions that are scored, of all rows together.
    public var scoredCount: Int {
        switch plan {
        case .windows(let windows): windows.count * length
        case .documents(let windows): windows.scoredCount
        case .bestFit(let rows): rows.scoredCount
        }
    }

    /// The share of all places that is not scored: padding, and what is read again as context.
    public var unscoredShare: Double {
        count == 0 ? 0 : 1 - Double(scoredCount) / (Double(count) * Double(length))
    }

    /// The stretches that row `number`, which must be below ``count``, is made of. Each begins
    /// where the one before it ends; only with ``Packing/bestFit`` are there several.
    public subscript(number: Int) -> [Window] {
        precondition(number >= 0 && number < count, "row \(number) of \(count)")
        return switch plan {
        case .windows(let windows): [windows[number]]
        case .documents(let windows): [windows[number]]
        case .bestFit(let rows): rows[number]
        }
    }

    /// The stretches of row `number` in epoch `epoch`: windows that are cut from one stretch of
    /// tokens begin elsewhere in each, other rows are the same in all.
    func row(_ number: Int, inEpoch epoch: Int) -> [Window] {
        guard case .windows(let windows) = plan else { return self[number] }
        return [windows.window(number, inEpoch: epoch)]
    }

    /// Whether each stretch is one document, or a piece of one, even where an end-of-text token
    /// that belongs to another stands before it.
    var stretchesAreDocuments: Bool {
        if case .bestFit = plan { true } else { false }
    }
}

extension ShardSet {
    /// The rows of a split.
    ///
    /// - Parameters:
    ///   - split: the part of the data set.
    ///   - packing: how documents are laid into rows.
    ///   - length: predictions a row, the context.
    ///   - stride: with ``Packing/concatenate``, tokens from the beginning of a row to that of the
    ///     next; nil for `length`. The other packings have none.
    ///   - marksDocuments: whether batches of them say where documents begin.
    /// - Complexity: O(shards), O(tokens / length · log documents) and O(documents) for the
    ///   packings in their order.
    public func rows(
        in split: Split, packing: Packing, length: Int, stride: Int? = nil,
        marksDocuments: Bool = false
    ) -> RowSequence {
        precondition(stride == nil || packing == .concatenate, "only concatenation has a stride")
        return RowSequence(
            shards: shards(of: split), packing: packing, length: length, stride: stride,
            marksDocuments: marksDocuments)
    }
}

/// Packing of documents into the rows of batches.
public enum Packing: String, Codable, Sendable, CaseIterable {
    /// A shard is one stretch of tokens, which is cut wherever a window is full.
    case concatenate
    /// Windows begin where documents do. A document that a window's end cuts is read again from its
    /// beginning by the next window, which scores what is new; only a document longer than a window
    /// goes on where the last window ended.
    case document
    /// Documents are sorted into rows so that as little as possible is left free, and none is cut
    /// unless it is longer than a row (best-fit decreasing: Ding et al., "Fewer Truncations Improve
    /// Language Modeling", 2024).
    case bestFit = "best-fit"
}
