public import Tokens

/// Counts the n-grams of texts, up to a length and within a limit of memory.
///
/// ```swift
/// var counter = NGramCounter(order: 5, vocabularySize: 4_096, memoryLimit: 1 << 30)
/// for text in texts { counter.add(text.span) }
/// let model = counter.model()
/// ```
public struct NGramCounter {
    /// The length of the longest n-grams: a model of them predicts from so many tokens less one.
    public let order: Int
    /// Tokens in the vocabulary.
    public let vocabularySize: Int
    /// Bytes that counts and the sums over them may take.
    public let memoryLimit: Int
    /// Tokens counted so far.
    public private(set) var tokenCount = 0
    /// Whether the memory did not suffice for all that was given: from there on nothing is counted.
    public private(set) var isFull = false

    /// The n-grams of each length from 1 on.
    private var tables: [NGramTable]
    /// The nodes of the last 1, 2, … tokens of a text.
    private var nodes: [UInt32] = []

    /// The shortest and the longest n-grams that a model may have.
    public static let orders = 2...16

    /// A counter that has seen nothing.
    ///
    /// - Precondition: the order is one of ``orders``, and the vocabulary is not empty.
    public init(order: Int, vocabularySize: Int, memoryLimit: Int) {
        precondition(Self.orders.contains(order), "n-grams of \(order) tokens")
        precondition(vocabularySize > 0, "a vocabulary has at least one token")
        self.order = order
        self.vocabularySize = vocabularySize
        self.memoryLimit = memoryLimit
        tables = (0..<order).map { _ in NGramTable() }
    }

    /// Bytes that a model of what was counted takes.
    public var byteCount: Int { tables.reduce(0) { $0 + Self.byteCount(of: $1.capacity) } }

    /// Bytes for `capacity` n-grams of one length: their counts, and their two kinds of sums.
    private static func byteCount(of capacity: Int) -> Int {
        NGramTable.byteCount(capacity: capacity) + 2 * NGramContexts.byteCount * capacity
    }

    /// Counts the n-grams of a text, until the memory is full. O(count · order).
    ///
    /// - Parameters:
    ///   - ids: tokens, all of the vocabulary.
    ///   - continues: whether they go on with the text before, of which they are the next part.
    public mutating func add(_ ids: Span<TokenID>, continues: Bool = false) {
        if !continues { nodes.removeAll(keepingCapacity: true) }
        var next: [UInt32] = []
        for index in ids.indices {
            guard makeRoom() else { return }
            precondition(ids[index].index < vocabularySize, "token \(ids[index]) of no vocabulary")
            let token = ids[index].rawValue
            next.removeAll(keepingCapacity: true)
            for length in 0..<min(order, nodes.count + 1) {
                let parent = length == 0 ? 0 : nodes[length - 1]
                let (node, isNew) = tables[length].insert(parent, token)
                tables[length].counts[Int(node)] += 1
                // The n-gram without its first token was seen behind one token more.
                if isNew, length > 0 {
                    tables[length - 1].continuations[Int(next[length - 1])] += 1
                }
                if length == nodes.count { tables[length].continuations[Int(node)] += 1 }
                next.append(node)
            }
            if next.count == order { next.removeLast() }
            swap(&nodes, &next)
            tokenCount += 1
        }
    }

    /// Whether there is room for one more n-gram of every length.
    private mutating func makeRoom() -> Bool {
        guard !isFull else { return false }
        for length in tables.indices where tables[length].isFull {
            // While a table is replaced, both are there; a node's number has 32 bits.
            let needed =
                byteCount + Self.byteCount(of: 2 * tables[length].capacity)
            guard needed <= memoryLimit, tables[length].capacity < 1 << 30 else {
                isFull = true
                return false
            }
            tables[length].grow()
        }
        return true
    }

    /// The model of what was counted. O(n-grams).
    public func model() -> NGramModel { NGramModel(tables, vocabularySize: vocabularySize) }
}
