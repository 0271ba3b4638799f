/// What the rules of quality say of texts, for whoever has no corpus to refine.
package struct QualityCheck: Sendable {
    private let inspector: QualityInspector

    /// Asks the rules that `list` names; see ``RefinementConfiguration/rules``.
    package init(_ list: [String]) throws(RefinementError) {
        inspector = QualityInspector(try QualityRules(list))
    }

    /// The first rule that `text` breaks, or else what becomes of it. O(bytes).
    package func answer(_ text: [UInt8]) -> (rule: String?, text: [UInt8]?) {
        var inspector = inspector
        let verdict = inspector.verdict(of: text.span)
        if let rule = verdict.brokenRule { return (rule.rawValue, nil) }
        return (nil, verdict.text ?? text)
    }
}

/// The words of texts, as the rules of quality count them.
package enum EnglishWordList {
    /// The bytes of each word of `text`. O(bytes).
    package static func words(of text: [UInt8]) -> [[UInt8]] {
        var cutter = EnglishWords()
        cutter.cut(text.span)
        return cutter.words.map { Array(text[$0.start..<$0.start + Int($0.byteCount)]) }
    }
}
