import Tokens

/// Steps that every family has.
extension Explanation {
    /// Text to ids.
    static var tokensStep: Step {
        Step(
            name: "tokens", title: "Tokens and their ids", formula: "text → pieces → ids",
            source: "Sennrich and others, 2016, https://arxiv.org/abs/1508.07909", values: [],
            detail: .tokens)
    }

    /// Ids to the rows x of an embedding, times the root of their length where that is so.
    static func embeddingStep<Scalar>(
        _ ids: [TokenID], _ x: PlainMatrix<Scalar>, in embedding: PlainMatrix<Scalar>,
        isScaled: Bool = false
    ) -> Step {
        Step(
            name: "embedding", title: "Embedding: a learned row for each token",
            formula: "x = E[id]" + (isScaled ? " · √\(x.columns)" : "")
                + "; nearest by cosine e·e' / (|e|·|e'|)",
            source: "Bengio and others, 2003, https://www.jmlr.org/papers/v3/bengio03a.html",
            values: [.init("x", x)], detail: .neighbours(of: ids, in: embedding))
    }

    /// Logits to the odds of the last token, from what `input` names.
    ///
    /// - Parameters:
    ///   - first: the token that the first row belongs to.
    ///   - hasTerms: whether a number is added to each logit.
    static func oddsStep<Scalar>(
        _ logits: PlainMatrix<Scalar>, from first: Int = 0, of input: String, isTied: Bool,
        hasTerms: Bool = false
    ) -> Step {
        Step(
            name: "odds", title: "Next-token odds after the last token",
            formula: "logits = \(input)·\(isTied ? "Eᵀ" : "Wᵀ")\(hasTerms ? " + b" : ""), "
                + "p = softmax(logits)",
            source: isTied
                ? "tied head: Press and Wolf, 2017, https://arxiv.org/abs/1608.05859"
                : "Bridle, 1990",
            values: [.init("logits", logits, from: first)],
            detail: .odds(PlainGPT<Scalar>.softmax(logits, row: logits.rows - 1)))
    }
}
