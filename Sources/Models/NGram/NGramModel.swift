public import Tokens

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A language model that predicts a token from the few before it, by counts with interpolated
/// modified Kneser–Ney smoothing.
///
/// The probability of a token after a context is its count there less a discount, as a share of
/// all, and what the discounts have taken off goes to the prediction from the context without its
/// first token; the shortest one predicts every token alike. Where a shorter context is asked, an
/// n-gram counts for the number of tokens that it was seen behind, not for its occurrences: "York"
/// is frequent, but nearly always follows "New". Method: Chen and Goodman, "An Empirical Study of
/// Smoothing Techniques for Language Modeling", Harvard TR-10-98 (1998), section 3, after Kneser
/// and Ney (1995).
///
/// A text of j tokens, one or more, is continued by what is exactly the model of (j + 1)-grams, up
/// to the order: the longest context that there is counts by occurrences.
public struct NGramModel: Sendable {
    /// The length of the longest n-grams.
    public var order: Int { tables.count }
    /// Tokens in the vocabulary.
    public let vocabularySize: Int
    /// The n-grams of each length from 1 on.
    private let tables: [NGramTable]
    /// Discounts and sums of occurrences, by the length of n-grams less one.
    private let longest: [Part]
    /// The same of what stands behind a longer context, which the longest n-grams do not.
    private let shorter: [Part]
    /// The prediction from no context, by token.
    private let unigrams: [Double]

    /// What is taken off counts of one kind, and the sums of them.
    private struct Part: Sendable {
        let isLongest: Bool
        let discount: NGramDiscount
        let contexts: NGramContexts

        /// The counts of `table`, whose n-grams extend those of the table before by a token.
        init(_ table: NGramTable, contextCount: Int, isLongest: Bool) {
            self.isLongest = isLongest
            let counts = isLongest ? table.counts : table.continuations
            discount = NGramDiscount(counts)
            contexts = NGramContexts(table, counts, contextCount: contextCount, discount)
        }
    }

    /// The model of the n-grams in `tables`, one for each length. O(n-grams).
    init(_ tables: [NGramTable], vocabularySize: Int) {
        let contextCounts = [1] + tables.map(\.count)
        self.tables = tables
        self.vocabularySize = vocabularySize
        longest = zip(tables, contextCounts).map {
            Part($0, contextCount: $1, isLongest: true)
        }
        shorter = zip(tables.dropLast(), contextCounts).map {
            Part($0, contextCount: $1, isLongest: false)
        }
        let part = shorter[0]
        let total = Double(max(part.contexts.totals[0], 1))
        let share = tables[0].count == 0 ? 1 : part.contexts.discounts[0] / total
        var unigrams = Array(
            repeating: share / Double(vocabularySize), count: vocabularySize)
        for (key, count) in zip(tables[0].keys, tables[0].continuations) {
            unigrams[Int(UInt32(truncatingIfNeeded: key))] +=
                (Double(count) - part.discount[count]) / total
        }
        self.unigrams = unigrams
    }

    /// N-grams of each length from 1 on.
    public var counts: [Int] { tables.map(\.count) }

    /// Bytes of counts and sums.
    public var byteCount: Int {
        tables.reduce(8 * unigrams.count) {
            $0 + $1.byteCount + 2 * NGramContexts.byteCount * $1.count
        }
    }

    /// End of a text that was read, as far as the model looks back.
    public struct State: Sendable {
        /// Tokens read, at most the order less one.
        fileprivate var count = 0
        /// The nodes of the last 1, 2, … tokens; where such an n-gram was never seen, the list
        /// ends.
        fileprivate var nodes: [UInt32] = []

        /// The beginning of a text.
        public init() {}
    }

    /// Reads a token. O(order).
    public func read(_ token: TokenID, into state: inout State) {
        var nodes: [UInt32] = []
        nodes.reserveCapacity(order - 1)
        for length in 0..<min(order - 1, state.nodes.count + 1) {
            let parent = length == 0 ? 0 : state.nodes[length - 1]
            guard let node = tables[length].node(parent, token.rawValue) else { break }
            nodes.append(node)
        }
        state.nodes = nodes
        state.count = min(state.count + 1, order - 1)
    }

    /// The probability that `token` comes next. O(order).
    public func probability(of token: TokenID, after state: State) -> Double {
        var probability = unigrams[token.index]
        for length in 1..<max(1, state.nodes.count + 1) {
            let (part, context, total) = context(of: length, state)
            guard total > 0 else { continue }
            let rest = part.contexts.discounts[context] * probability
            probability =
                (discounted(token, length, UInt32(context), part) + rest) / total
        }
        return probability
    }

    /// The probabilities of all tokens to come next. O(vocabulary · order).
    public func probabilities(after state: State) -> [Double] {
        var all = unigrams
        for length in 1..<max(1, state.nodes.count + 1) {
            let (part, context, total) = context(of: length, state)
            guard total > 0 else { continue }
            let rest = part.contexts.discounts[context]
            for token in all.indices {
                all[token] =
                    (discounted(TokenID(token), length, UInt32(context), part) + rest * all[token])
                    / total
            }
        }
        return all
    }

    /// Counts behind the last `length` tokens of a text, of which context there is, and their sum.
    private func context(
        of length: Int, _ state: State
    ) -> (part: Part, context: Int, total: Double) {
        let part = length == state.count ? longest[length] : shorter[length]
        let context = Int(state.nodes[length - 1])
        return (part, context, Double(part.contexts.totals[context]))
    }

    private func discounted(
        _ token: TokenID, _ length: Int, _ context: UInt32, _ part: Part
    ) -> Double {
        guard let node = tables[length].node(context, token.rawValue) else { return 0 }
        let count =
            part.isLongest
            ? tables[length].counts[Int(node)] : tables[length].continuations[Int(node)]
        return Double(count) - part.discount[count]
    }
}
