public import Tokens

/// A text's way through a model, step by step: what is computed, by which formula, and the numbers.
///
/// The numbers are those of a family's plain model, ``PlainGPT`` for the decoder. Each family
/// writes its own steps, in ``LanguageModel/explanation(of:focus:)``; what draws them knows no
/// family.
///
/// ```swift
/// if let explanation = try model.explanation(of: ids, focus: .init(layer: 0, head: 0)) {
///     for step in explanation.steps { print(step.title, step.formula) }
/// }
/// ```
public struct Explanation: Sendable {
    /// The tokens of the text; of a pair, both sides.
    public let ids: [TokenID]
    /// The steps, in the order in which the model computes them.
    public let steps: [Step]

    /// The part of a model that is looked at closely: one layer, and there one head.
    public struct Focus: Sendable, Equatable {
        /// The layer, from 0.
        public var layer: Int
        /// The head, from 0.
        public var head: Int

        /// A head of a layer, both from 0.
        public init(layer: Int = 0, head: Int = 0) { (self.layer, self.head) = (layer, head) }

        /// Throws unless a model has it. People count from 1.
        func check(layerCount: Int, headCount: Int) throws(ModelError) {
            for (name, index, count) in [("layer", layer, layerCount), ("head", head, headCount)]
            where !(0..<count).contains(index) {
                throw .noSuchPart(name: name, number: index + 1, count: count)
            }
        }
    }

    /// One step of the way.
    public struct Step: Sendable {
        /// A short name, such as "softmax", that no other step has.
        public let name: String
        /// Title, in a few words.
        public let title: String
        /// Formula: "S = Q·Kᵀ".
        public let formula: String
        /// Origin of the method; empty where it needs none.
        public let source: String
        /// What the step computes.
        public let values: [Values]
        /// What else there is to see.
        public let detail: Detail
    }

    /// Numbers with a name and a shape.
    public struct Values: Sendable {
        /// Their name in the formula.
        public let name: String
        /// The tokens of the text that its rows belong to.
        public let tokens: Range<Int>
        /// Numbers of a row.
        public let columnCount: Int
        /// The numbers, row-major.
        public let elements: [Float]

        /// One row for each token.
        public var rowCount: Int { tokens.count }

        /// A row.
        public func row(_ index: Int) -> ArraySlice<Float> {
            elements[index * columnCount..<(index + 1) * columnCount]
        }
    }

    /// What a step shows besides the first numbers of its rows.
    public enum Detail: Sendable {
        /// Nothing else.
        case none
        /// The tokens and their ids.
        case tokens
        /// For each token of the text the length of its vector, and the tokens whose vectors point
        /// most nearly the same way, with the cosine of the angle.
        case neighbours(lengths: [Float], nearest: [[Choice]])
        /// A number for each pair of tokens: the row's token looks at the column's, which is one of
        /// `columns` in the text. Minus infinity stands where it may not.
        case map(Values, columns: Range<Int>)
        /// A few numbers for each token, as columns with names.
        case columns([String], Values)
        /// The most probable next tokens and their probabilities.
        case odds([Choice])
    }

    /// A token of the vocabulary with a number: a cosine or a probability.
    public struct Choice: Sendable, Equatable {
        /// The token.
        public let token: TokenID
        /// The number.
        public let value: Float
    }
}
