import Bytes

extension QualityInspector {
    /// Characters of a line that FineWeb calls short, at most.
    private static let shortLineLength = 30

    /// The first of FineWeb's own rules that `text` breaks.
    mutating func brokenFineWeb(_ text: Span<UInt8>, _ hasWords: inout Bool) -> QualityRule? {
        var (lineCount, endCount, shortCount) = (0, 0, 0)
        var (newLineCount, characterCount, repeatedCharacterCount) = (0, 0, 0)
        counter.clear(for: text.count / 16)
        var start = 0
        while start <= text.count {
            var end = start
            while end < text.count, unsafe text[unchecked: end] != 0x0A { end &+= 1 }
            defer { start = end + 1 }
            newLineCount += end < text.count ? 1 : 0
            let length = text.characterCount(of: start..<end)
            characterCount += length
            guard !text.trimmed(start..<end, map).isEmpty else { continue }
            lineCount += 1
            endCount += map[text.character(before: end).codePoint].contains(.terminal) ? 1 : 0
            shortCount += length <= Self.shortLineLength ? 1 : 0
            let hash = XXH64.hash(of: text.extracting(start..<end))
            if counter.add(hash, at: 0).count > 1 { repeatedCharacterCount += length }
        }
        guard lineCount > 0 else { return nil }
        if let limit = rules.limit(of: .fineWebLinePunctuation),
            Double(endCount) / Double(lineCount) < limit
        {
            return .fineWebLinePunctuation
        }
        if exceeds(shortCount, of: lineCount, .fineWebShortLines) { return .fineWebShortLines }
        if exceeds(repeatedCharacterCount, of: characterCount, .fineWebRepeatedLineCharacters) {
            return .fineWebRepeatedLineCharacters
        }
        guard rules.has(.fineWebNewLines) else { return nil }
        cutWords(text, &hasWords)
        return exceeds(newLineCount, of: cutter.words.count, .fineWebNewLines)
            ? .fineWebNewLines : nil
    }
}
