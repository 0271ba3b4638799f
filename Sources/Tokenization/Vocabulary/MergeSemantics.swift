/// Rule by which the merges of a vocabulary turn a piece into tokens.
///
/// Two vocabularies with the same tokens and merges but other semantics give other ids for some
/// pieces, so a vocabulary knows which it has.
public enum MergeSemantics: String, Sendable {
    /// A pair merges only if it is a listed merge; the earliest in the list first, and among equals
    /// the leftmost. What Hugging Face's `BPE` does.
    case listedMerges = "listed-merges"
    /// A piece that is itself a token is taken whole; any other as with ``listedMerges``. What
    /// Hugging Face's `BPE` does when `ignore_merges` is true.
    case wholePieceFirst = "whole-piece-first"
}
