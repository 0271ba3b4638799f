public import Training

/// Policy for what earlier runs have made, where a run would replace it by something else: models,
/// and vocabularies, shards and refined corpora that they need or that were made by hand.
///
/// A run that was stopped on the way to what is wanted now goes on under each of them.
public enum ExistingResults: Sendable {
    /// Refuse, and leave everything as it is.
    case refuse
    /// Replace it.
    case overwrite
    /// Move it aside, under a name that says when and what.
    case keep
}

/// A result that a run would replace, and why.
public struct Replacement: Equatable, Sendable {
    /// Kind of a result.
    public enum Kind: Equatable, Sendable {
        /// A model, trained for so many steps.
        case model(steps: Int)
        /// A vocabulary that the pipeline has not learned.
        case vocabulary
        /// Shards that the pipeline has not encoded.
        case shards
        /// A refined corpus that the pipeline has not made.
        case refinedCorpus
        /// What a stage before the model has made, with files that were changed since.
        case edited(Stage)
    }

    /// Directory of the result.
    public var path: String
    /// Kind of the result.
    public var kind: Kind
    /// Settings, and fingerprints of what went in, that differ.
    public var changes: [RecipeChange]

    /// A result in the directory `path`.
    public init(path: String, kind: Kind, changes: [RecipeChange]) {
        self.path = path
        self.kind = kind
        self.changes = changes
    }
}

extension Replacement: CustomStringConvertible {
    /// Changes that are named.
    private static let shownCount = 12

    /// What would be replaced and why, in one sentence.
    public var description: String {
        let what =
            switch kind {
            case .model(let steps): "a model that was trained for \(steps) steps"
            case .vocabulary: "a vocabulary that this pipeline has not learned"
            case .shards: "shards that this pipeline has not encoded"
            case .refinedCorpus: "a refined corpus that this pipeline has not made"
            case .edited(.refine): "a refined corpus that was changed after it was made"
            case .edited(.vocab): "a vocabulary that was changed after it was learned"
            case .edited: "shards that were changed after they were encoded"
            }
        return "\(path) holds \(what), and the run would replace it, for these are different: "
            + changes.prefix(Self.shownCount).map(\.description).joined(separator: "; ")
            + (changes.count > Self.shownCount
                ? "; and \(changes.count - Self.shownCount) more" : "")
    }
}
