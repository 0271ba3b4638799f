public import Models
public import TokenShards

/// The way in which a split is read when it is scored.
///
/// Two figures of one model and one text agree where these do, so training and every later
/// evaluation of its checkpoints take them from one place: the recipe of the run.
public struct EvaluationSettings: Sendable {
    /// New predictions a window; nil for the context length.
    public var stride: Int?
    /// Whether documents are read apart.
    public var masksDocuments: Bool
    /// The part of each document that is scored; nil for all of it.
    public var part: ScoredPart?
    /// In what matrix products multiply.
    public var precision: Precision

    /// Settings; without any, whole windows one after the other, in float32.
    public init(
        stride: Int? = nil, masksDocuments: Bool = false, part: ScoredPart? = nil,
        precision: Precision = .float32
    ) {
        self.stride = stride
        self.masksDocuments = masksDocuments
        self.part = part
        self.precision = precision
    }

    /// The packing of documents into the windows that are scored: of a part of each document
    /// whole ones, otherwise windows that slide over the shards, whatever training itself packs.
    public var packing: Packing { part == nil ? .concatenate : .bestFit }
}

extension TrainingConfiguration {
    /// The way in which a run of this recipe reads its validation splits. A carried state has no
    /// part in it: each window begins at zero.
    ///
    /// - Parameter part: the part of each document that the run learns; nil for all of it.
    public func evaluationSettings(part: ScoredPart?) -> EvaluationSettings {
        EvaluationSettings(
            stride: part == nil ? evaluationStride : nil,
            masksDocuments: part != nil || masksDocuments, part: part, precision: precision)
    }
}
