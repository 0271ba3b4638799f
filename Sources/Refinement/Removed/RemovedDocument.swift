public import Corpora

/// A document that a refinement removed, and why.
public struct RemovedDocument: Sendable, Equatable {
    /// Its place.
    public var origin: DocumentOrigin
    /// Bytes of its text.
    public var byteCount: Int
    /// The step of the report that removed it.
    public var step: String
    /// The place of the document that stays in its stead, where that is known.
    public var keptOrigin: DocumentOrigin?
    /// The share of values in which the signatures of the two agree, for what is nearly the same.
    public var similarity: Double?
    /// The files of evaluation texts of which something stands in it.
    public var evaluationPaths: [String] = []
}
