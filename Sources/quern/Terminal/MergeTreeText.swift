import Tokenization

/// Trees of merges as lines.
enum MergeTreeText {
    /// One line a token: its bytes, its id, and the number of the merge that made it.
    static func text(_ trees: [MergeTree], _ vocabulary: Vocabulary) -> String {
        var text = ""
        for tree in trees {
            add(tree, vocabulary, first: "", rest: "", to: &text)
        }
        return text
    }

    private static func add(
        _ tree: MergeTree, _ vocabulary: Vocabulary, first: String, rest: String,
        to text: inout String
    ) {
        let bytes = vocabulary.bytes(of: tree.token)
        let origin =
            if let rank = tree.rank {
                ", merge \(Figures.count(rank + 1))"
            } else {
                bytes.count == 1 ? "" : ", taken whole"
            }
        text += "\(first)\(Pieces.quoted(bytes))  \(tree.token)\(origin)\n"
        for (number, part) in tree.parts.enumerated() {
            let isLast = number + 1 == tree.parts.count
            add(
                part, vocabulary, first: rest + (isLast ? "└─ " : "├─ "),
                rest: rest + (isLast ? "   " : "│  "), to: &text)
        }
    }
}
