import Tokenization

/// Added tokens of which llama.cpp finds others than `tokenizers` does where they overlap.
///
/// llama.cpp looks for one token after another in what is still text, the longest first
/// (`tokenizer_st_partition` in `llama-vocab.cpp`), and those of one length in no certain order.
/// `tokenizers` looks for the leftmost and longest, in two passes. Both find the same unless two
/// overlap, or one lies in another that is looked for in the other pass.
struct AddedTokenOverlaps {
    private struct Token {
        let number: Int
        let content: [UInt8]
        let isLast: Bool
    }

    /// A token in a text.
    private struct Match: Equatable {
        let start: Int
        let number: Int
    }

    private let specials: [SpecialToken]
    private let tokens: [Token]

    init(_ specials: [SpecialToken]) {
        self.specials = specials
        tokens = specials.enumerated().map {
            Token(number: $0, content: Array($1.content.utf8), isLast: $1.isSearchedLast)
        }
    }

    /// The first two that are cut otherwise in a text of just the two. O(square of their number,
    /// times their length), and more for those that overlap.
    var first: (SpecialToken, SpecialToken)? {
        for one in tokens {
            for other in tokens where other.number != one.number {
                for text in texts(one.content, other.content) {
                    if asTokenizers(text) != asLlama(text, before: one.number) {
                        return (specials[one.number], specials[other.number])
                    }
                }
            }
        }
        return nil
    }

    /// The texts in which `other` begins within `one`.
    private func texts(_ one: [UInt8], _ other: [UInt8]) -> [[UInt8]] {
        one.indices.dropFirst().filter { one[$0] == other[0] }.compactMap { place in
            let rest = one[place...]
            if rest.count >= other.count { return rest.starts(with: other) ? one : nil }
            return other.starts(with: rest) ? Array(one[..<place]) + other : nil
        }
    }

    /// The leftmost and longest of those searched first, and then of the others in what is left.
    private func asTokenizers(_ text: [UInt8]) -> [Match] {
        var matches: [Match] = []
        var taken = [Bool](repeating: false, count: text.count)
        for isLast in [false, true] {
            var place = 0
            while place < text.count {
                let found = tokens.filter {
                    $0.isLast == isLast && stands($0, in: text, at: place, taken)
                }.max { $0.content.count < $1.content.count }
                guard let found else {
                    place += 1
                    continue
                }
                matches.append(Match(start: place, number: found.number))
                for index in found.content.indices { taken[place + index] = true }
                place += found.content.count
            }
        }
        return matches.sorted { $0.start < $1.start }
    }

    /// One token after another, the longest first; of equal ones `last` comes last.
    private func asLlama(_ text: [UInt8], before last: Int) -> [Match] {
        var matches: [Match] = []
        var taken = [Bool](repeating: false, count: text.count)
        let order = tokens.sorted { one, other in
            (other.content.count, one.number == last ? 1 : 0)
                < (one.content.count, other.number == last ? 1 : 0)
        }
        for token in order {
            var place = 0
            while place < text.count {
                guard stands(token, in: text, at: place, taken) else {
                    place += 1
                    continue
                }
                matches.append(Match(start: place, number: token.number))
                for index in token.content.indices { taken[place + index] = true }
                place += token.content.count
            }
        }
        return matches.sorted { $0.start < $1.start }
    }

    /// Whether the token stands at a place in what no other has taken.
    private func stands(
        _ token: Token, in text: [UInt8], at place: Int, _ taken: [Bool]
    ) -> Bool {
        text[place...].starts(with: token.content)
            && !taken[place..<place + token.content.count].contains(true)
    }
}
