import Models

/// What is kept of prompts that were read, for others that begin alike: within a number of bytes,
/// those that were of use last.
///
/// A state is kept together with the text that goes on from it: what that appends stands behind the
/// prompt's rows, and only those are ever taken. Where a state cannot be divided, it must be one
/// that nothing is read into any more, and it is of use to prompts that begin with all of its own.
struct PromptCache {
    /// A prompt that was read.
    struct Entry {
        let tokens: [TokenID]
        let state: any ReadingState
        /// The logits after the last token; empty where they were not wanted.
        let logits: [Float]
        var lastUse: Int

        var byteCount: Int {
            state.byteCount + logits.count * MemoryLayout<Float>.stride
                + tokens.count * MemoryLayout<TokenID>.stride
        }
    }

    /// What is known of a prompt.
    struct Match {
        /// Its first tokens that need not be read.
        let count: Int
        let state: any ReadingState
        /// The logits after the prompt, where it is known whole.
        let logits: [Float]
    }

    /// The most bytes.
    let limit: Int
    /// Prompts, in no order.
    private(set) var entries: [Entry] = []
    /// Bytes of all entries.
    private(set) var byteCount = 0
    private var clock = 0

    init(limit: Int) { self.limit = limit }

    /// The most that is known of `prompt`; nil for nothing. O(entries · tokens).
    ///
    /// - Parameter needsLogits: whether the logits after the last token are needed, which is then
    ///   read again where they are not kept.
    mutating func match(_ prompt: [TokenID], needsLogits: Bool) -> Match? {
        var best: (place: Int, count: Int) = (0, 0)
        for (place, entry) in entries.enumerated() {
            let common = Self.commonCount(entry.tokens, prompt)
            let isWhole = common == prompt.count
            let hasLogits = !entry.logits.isEmpty && entry.tokens.count == prompt.count
            var count = isWhole && needsLogits && !hasLogits ? common - 1 : common
            if count != entry.tokens.count, !entry.state.isDivisible { count = 0 }
            if count > best.count { best = (place, count) }
        }
        guard best.count > 0 else { return nil }
        touch(best.place)
        let entry = entries[best.place]
        return Match(
            count: best.count, state: entry.state,
            logits: best.count == prompt.count && needsLogits ? entry.logits : [])
    }

    /// Keeps what was read of a prompt, unless it alone is larger than the limit. What is known as
    /// well by another is not kept twice. O(entries · tokens).
    mutating func keep(_ tokens: [TokenID], state: any ReadingState, logits: [Float]) {
        let new = Entry(tokens: tokens, state: state, logits: logits, lastUse: clock)
        guard !tokens.isEmpty, new.byteCount <= limit else { return }
        for place in entries.indices.reversed() {
            let common = Self.commonCount(entries[place].tokens, tokens)
            let isSame = common == tokens.count && common == entries[place].tokens.count
            if isSame
                ? !entries[place].logits.isEmpty || logits.isEmpty
                : common == tokens.count && state.isDivisible
            {
                touch(place)
                return
            }
            if isSame || common == entries[place].tokens.count && state.isDivisible {
                remove(place)
            }
        }
        while byteCount + new.byteCount > limit {
            remove(entries.indices.min { entries[$0].lastUse < entries[$1].lastUse }!)
        }
        entries.append(new)
        byteCount += new.byteCount
        touch(entries.count - 1)
    }

    private mutating func touch(_ place: Int) {
        clock += 1
        entries[place].lastUse = clock
    }

    private mutating func remove(_ place: Int) {
        byteCount -= entries[place].byteCount
        entries.swapAt(place, entries.count - 1)
        entries.removeLast()
    }

    /// Tokens that two prompts have in common at their beginnings.
    static func commonCount(_ first: [TokenID], _ second: [TokenID]) -> Int {
        let (a, b) = (first.span, second.span)
        let limit = min(a.count, b.count)
        var count = 0
        while count < limit, a[count] == b[count] { count += 1 }
        return count
    }
}
