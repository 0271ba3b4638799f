import Tokens

extension Explanation.Values {
    /// A matrix of a plain model, whose first row belongs to token number `first`.
    init<Scalar>(_ name: String, _ matrix: PlainMatrix<Scalar>, from first: Int = 0) {
        self.name = name
        tokens = first..<first + matrix.rows
        columnCount = matrix.columns
        elements = matrix.elements.map { Float($0) }
    }
}

extension Explanation.Detail {
    /// Neighbours shown of a token.
    private static var neighbourCount: Int { 3 }
    /// Next tokens shown.
    private static var oddsCount: Int { 5 }

    /// Each token's vector beside the others of the embedding, by the cosine
    /// e·e' / (|e|·|e'|); a token is no neighbour of itself. O(tokens · V · C).
    static func neighbours<Scalar>(
        of ids: [TokenID], in embedding: PlainMatrix<Scalar>
    ) -> Explanation.Detail {
        let columns = embedding.columns
        func product(_ a: Int, _ b: Int) -> Scalar {
            (0..<columns).reduce(0) { $0 + embedding[a, $1] * embedding[b, $1] }
        }
        let lengths = (0..<embedding.rows).map { product($0, $0).squareRoot() }
        let nearest = ids.map { id in
            let cosines = (0..<embedding.rows).map { row -> Float in
                let scale = lengths[id.index] * lengths[row]
                // A vector of zeros points nowhere.
                guard row != id.index, scale > 0 else { return -.infinity }
                return Float(product(id.index, row) / scale)
            }
            return greatest(neighbourCount, of: cosines)
        }
        return .neighbours(lengths: ids.map { Float(lengths[$0.index]) }, nearest: nearest)
    }

    /// The greatest of the probabilities of a row of logits.
    static func odds<Scalar: PlainScalar>(_ probabilities: [Scalar]) -> Explanation.Detail {
        .odds(greatest(oddsCount, of: probabilities.map { Float($0) }))
    }

    private static func greatest(_ count: Int, of values: [Float]) -> [Explanation.Choice] {
        values.indices.filter { values[$0] > -.infinity }
            .sorted { (values[$1], $0) < (values[$0], $1) }
            .prefix(count).map { Explanation.Choice(token: TokenID($0), value: values[$0]) }
    }
}
