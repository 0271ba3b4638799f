/// Asks the rules of quality about documents, one after another.
///
/// The words of a text are found once for all families that count them, and again behind one that
/// has changed the text. Shares are of characters where the paper counts characters.
struct QualityInspector {
    /// What the rules say of a document.
    struct Verdict {
        /// The first rule that it breaks; `nil` if it keeps all.
        var brokenRule: QualityRule?
        /// What it became; `nil` if it is as it was.
        var text: [UInt8]?
        /// What was taken out of it, by rule.
        var removals: [Removal] = []
    }

    /// What a rule took out of a document.
    struct Removal: Sendable {
        let rule: QualityRule
        var lines = 0
        var bytes = 0
    }

    let rules: QualityRules
    let map = WordClassMap.shared
    /// The words of the document.
    var cutter = EnglishWords()
    /// The words of a line.
    var lineCutter = EnglishWords()
    var counter = NGramCounter()
    var hashes: [UInt64] = []

    /// An inspector of some rules.
    init(_ rules: QualityRules) {
        self.rules = rules
    }

    /// Asks the rules about `text`. O(bytes).
    mutating func verdict(of text: Span<UInt8>) -> Verdict {
        var verdict = Verdict()
        var hasWords = false
        for family in rules.families {
            if family == .c4 {
                let old = verdict.text
                if let old {
                    takeLines(of: old.span, &verdict)
                } else {
                    takeLines(of: text, &verdict)
                }
                if verdict.text != old { hasWords = false }
            } else if let changed = verdict.text {
                verdict.brokenRule = brokenRule(of: family, changed.span, &hasWords)
            } else {
                verdict.brokenRule = brokenRule(of: family, text, &hasWords)
            }
            if verdict.brokenRule != nil { break }
        }
        return verdict
    }

    private mutating func brokenRule(
        of family: QualityRule.Family, _ text: Span<UInt8>, _ hasWords: inout Bool
    ) -> QualityRule? {
        switch family {
        case .gopherQuality:
            cutWords(text, &hasWords)
            return brokenGopherQuality(text)
        case .gopherRepetition: return brokenGopherRepetition(text, &hasWords)
        case .fineweb: return brokenFineWeb(text, &hasWords)
        case .c4: return nil
        }
    }

    mutating func cutWords(_ text: Span<UInt8>, _ hasWords: inout Bool) {
        guard !hasWords else { return }
        cutter.cut(text)
        hasWords = true
    }

    /// Whether a share is greater than the limit of a rule that is asked for.
    func exceeds(_ part: Int, of whole: Int, _ rule: QualityRule) -> Bool {
        guard let limit = rules.limit(of: rule), whole > 0 else { return false }
        return Double(part) / Double(whole) > limit
    }

    /// Calls `body` with each line of `text`, as `str.splitlines` finds them. O(bytes).
    @inline(__always)
    func forEachLine(of text: Span<UInt8>, _ body: (Range<Int>) -> Void) {
        var (start, index) = (0, 0)
        while index < text.count {
            let byte = unsafe text[unchecked: index]
            guard byte < 0x20 || byte == 0xC2 || byte == 0xE2 else {
                index &+= 1
                continue
            }
            let (codePoint, length) = text.character(at: index)
            guard map[codePoint].contains(.lineEnd) else {
                index += length
                continue
            }
            body(start..<index)
            index += length
            if byte == 0x0D, index < text.count, text[index] == 0x0A { index += 1 }
            start = index
        }
        if start < text.count { body(start..<text.count) }
    }
}
