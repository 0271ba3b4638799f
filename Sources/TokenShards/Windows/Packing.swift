/// How documents are laid into the rows of batches.
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
