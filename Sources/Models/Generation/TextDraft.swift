/// Guesses how a text goes on from what it has already: where its last tokens stood before, what
/// stood behind them.
///
/// Tokens that are guessed are read together with the last one that is known, in one pass over the
/// weights, and each is kept only if it is what is drawn there: the text is the same. Sources:
/// Leviathan et al., "Fast Inference from Transformers via Speculative Decoding" (2023); Saxena,
/// "Prompt Lookup Decoding" (2023).
struct TextDraft {
    /// The most tokens of a draft, so that with the one before them a pass is one of few rows.
    static let maximumCount = 15
    /// The most last tokens that are looked for, and the least.
    private static let matchedCounts = [4, 3, 2]

    /// Tokens that were guessed and read.
    private(set) var tokens: [TokenID] = []
    /// How many of them are known to be right.
    private var keptCount = 0
    private let most: Int
    /// The length of the next draft: shorter behind wrong ones.
    private var wanted: Int

    init(most: Int) {
        self.most = most
        wanted = most
    }

    /// Whether anything is drafted.
    var isUsed: Bool { most > 0 }

    /// Goes on with a draft, of at most `room` tokens, of what follows `window`; an empty one where
    /// its end never stood before. O(window).
    mutating func begin(behind window: [TokenID], room: Int) {
        tokens = []
        keptCount = 0
        let count = min(wanted, room)
        guard count > 0 else { return }
        for matched in Self.matchedCounts where window.count > matched {
            let last = window[(window.count - matched)...]
            var place = window.count - matched - 1
            while place >= 0 {
                if window[place..<place + matched].elementsEqual(last) {
                    let start = place + matched
                    tokens = Array(window[start..<min(start + count, window.count)])
                    return
                }
                place -= 1
            }
        }
    }

    /// The row of the logits behind `token`, which was drawn, if the draft had it there; nil, and
    /// the draft is over, if not.
    mutating func row(behind token: TokenID) -> Int? {
        guard !tokens.isEmpty else { return nil }
        guard keptCount < tokens.count, tokens[keptCount] == token else {
            // Twice as far behind a right draft, as far as it was right behind a wrong one.
            wanted =
                keptCount == tokens.count
                ? min(most, 2 * wanted) : max(1, min(wanted, keptCount + 1))
            tokens = []
            return nil
        }
        keptCount += 1
        return keptCount
    }

    /// Forgets the draft.
    mutating func clear() { tokens = [] }
}
