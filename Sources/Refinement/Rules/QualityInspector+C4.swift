import Bytes

extension QualityInspector {
    /// Takes out of `text` the lines that C4's rules do not let stay, and notes in the verdict
    /// what is left or which rule the whole of it breaks.
    ///
    /// Of a line white space at its ends goes, too; a text without any rule broken may change by
    /// that alone, as with datatrove.
    mutating func takeLines(of text: Span<UInt8>, _ verdict: inout Verdict) {
        var output: [UInt8] = []
        output.reserveCapacity(text.count)
        var removals: [Removal] = []
        var sentenceCount = 0
        var broken: QualityRule?
        var isFirst = true
        var last: QualityRule?
        func note(_ rule: QualityRule, lines: Int, bytes: Int) {
            let place = removals.firstIndex { $0.rule == rule } ?? removals.count
            if place == removals.count { removals.append(Removal(rule: rule)) }
            removals[place].lines += lines
            removals[place].bytes += bytes
        }
        let leastSentences = rules.limit(of: .c4Sentences)
        func take(_ kept: Span<UInt8>, _ whole: Span<UInt8>) {
            switch finding(in: kept, whole) {
            case .line(let rule):
                note(rule, lines: 1, bytes: kept.count)
                last = rule
                return
            case .document(let rule):
                broken = rule
                return
            case .nothing: break
            }
            // More sentences than are asked for need not be counted.
            if let leastSentences, Double(sentenceCount) < leastSentences {
                sentenceCount += self.sentenceCount(of: kept)
            }
            if !isFirst { output.append(0x0A) }
            isFirst = false
            output.append(copying: kept)
        }
        forEachLine(of: text) { range in
            guard broken == nil else { return }
            let line = text.extracting(text.trimmed(range, map))
            if holdsLongWord(line) {
                note(.c4LongWords, lines: 1, bytes: line.count)
                last = .c4LongWords
            } else if rules.has(.c4Citations), let rest = Self.withoutCitations(line) {
                note(.c4Citations, lines: 0, bytes: line.count - rest.count)
                take(rest.span, line)
            } else {
                take(line, line)
            }
        }
        if broken == nil, let leastSentences, Double(sentenceCount) < leastSentences {
            broken = .c4Sentences
        }
        let rest = output.span.trimmed(0..<output.count, map)
        if broken == nil, rest.isEmpty { broken = last }
        if let broken {
            verdict.brokenRule = broken
            return
        }
        if rest.count < output.count { output = Array(output[rest]) }
        verdict.removals += removals
        if !text.hasSameBytes(as: output.span) { verdict.text = output }
    }

    /// What is found in a line.
    private enum Finding {
        case nothing
        /// The line goes.
        case line(QualityRule)
        /// The document goes.
        case document(QualityRule)
    }

    /// Asks about a line without its citations, and as it was with them.
    private func finding(in line: Span<UInt8>, _ whole: Span<UInt8>) -> Finding {
        if rules.has(.c4TerminalPunctuation) {
            let marks: [UInt8] = [0x2E, 0x3F, 0x21, 0x22, 0x27]  // . ? ! " '
            let isEnded = !line.isEmpty && marks.contains(line[line.count - 1])
            if !isEnded || line.ends(0x2E, 0x2E, 0x2E) { return .line(.c4TerminalPunctuation) }
        }
        if let least = rules.limit(of: .c4WordsInLine), !hasWords(least, whole) {
            return .line(.c4WordsInLine)
        }
        let phrases = C4Phrases(line)
        if rules.has(.c4LoremIpsum), phrases.contains(.loremIpsum) {
            return .document(.c4LoremIpsum)
        }
        if rules.has(.c4JavaScript), phrases.contains(.javaScript) { return .line(.c4JavaScript) }
        if rules.has(.c4CurlyBracket), phrases.contains(.curlyBracket) {
            return .document(.c4CurlyBracket)
        }
        if rules.has(.c4Policy), phrases.contains(.policy) { return .line(.c4Policy) }
        return .nothing
    }

    /// Whether `line` has so many words between white space.
    private func hasWords(_ least: Double, _ line: Span<UInt8>) -> Bool {
        var (count, index, isInWord) = (0, 0, false)
        while index < line.count, Double(count) < least {
            let (codePoint, length) = line.character(at: index)
            let isSpace = map[codePoint].contains(.space)
            if !isSpace, !isInWord { count += 1 }
            isInWord = !isSpace
            index += length
        }
        return Double(count) >= least
    }

    private func holdsLongWord(_ line: Span<UInt8>) -> Bool {
        guard let limit = rules.limit(of: .c4LongWords), Double(line.count) > limit else {
            return false
        }
        var (count, index) = (0, 0)
        while index < line.count {
            let (codePoint, length) = line.character(at: index)
            count = map[codePoint].contains(.space) ? 0 : count + 1
            if Double(count) > limit { return true }
            index += length
        }
        return false
    }

    /// The line without `[1]`, `[edit]` and `[citation needed]`; `nil` if there is none.
    private static func withoutCitations(_ line: Span<UInt8>) -> [UInt8]? {
        guard var found = citation(in: line, from: 0) else { return nil }
        var rest: [UInt8] = []
        var index = 0
        while true {
            rest.append(copying: line.extracting(index..<found.lowerBound))
            index = found.upperBound
            guard let next = citation(in: line, from: index) else { break }
            found = next
        }
        rest.append(copying: line.extracting(index..<line.count))
        return rest
    }

    private static let citations = ["edit]", "citation needed]"].map { Array($0.utf8) }

    private static func citation(in text: Span<UInt8>, from start: Int) -> Range<Int>? {
        var index = start
        while index < text.count {
            guard unsafe text[unchecked: index] == 0x5B else {
                index &+= 1
                continue
            }
            var end = index + 1
            while end < text.count, text[end] &- 0x30 < 10 { end += 1 }
            if end < text.count, text[end] == 0x5D { return index..<end + 1 }
            let rest = text.extracting(index + 1..<text.count)
            for word in citations where rest.begins(with: word) {
                return index..<index + 1 + word.count
            }
            index = end
        }
        return nil
    }

    /// The sentences of a line, as spaCy's sentencizer finds them: a new one begins at the first
    /// word that is no punctuation behind what ends a sentence.
    mutating func sentenceCount(of line: Span<UInt8>) -> Int {
        lineCutter.cut(line)
        var (count, isEnded) = (lineCutter.words.isEmpty ? 0 : 1, false)
        for word in lineCutter.words {
            if word.traits.contains(.sentenceEnd) {
                isEnded = true
            } else if isEnded, !word.traits.contains(.punctuation) {
                count += 1
                isEnded = false
            }
        }
        return count
    }
}

/// The phrases by which C4 knows what is no prose; capital ASCII letters stand for small ones.
struct C4Phrases: OptionSet {
    let rawValue: UInt8

    static let loremIpsum = C4Phrases(rawValue: 1)
    static let javaScript = C4Phrases(rawValue: 2)
    static let curlyBracket = C4Phrases(rawValue: 4)
    /// Terms of use, a policy on privacy, or the use of cookies.
    static let policy = C4Phrases(rawValue: 8)

    private static let all: [(phrase: [UInt8], meaning: C4Phrases)] = [
        ("lorem ipsum", .loremIpsum), ("javascript", .javaScript), ("terms of use", .policy),
        ("privacy policy", .policy), ("cookie policy", .policy), ("uses cookies", .policy),
        ("use of cookies", .policy), ("use cookies", .policy),
    ].map { (Array($0.utf8), $1) }

    init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Those in `line`. O(bytes).
    init(_ line: Span<UInt8>) {
        self = []
        var index = 0
        while index < line.count {
            let byte = unsafe line[unchecked: index]
            index &+= 1
            if byte == 0x7B {
                insert(.curlyBracket)
                continue
            }
            switch byte | 0x20 {
            case 0x6C, 0x6A, 0x74, 0x70, 0x63, 0x75:  // l j t p c u, with which all begin
                guard index < line.count else { return }
                let rest = line.extracting(index - 1..<line.count)
                for (phrase, meaning) in Self.all
                where phrase[0] == byte | 0x20 && rest.begins(with: phrase, foldingCase: true) {
                    insert(meaning)
                }
            default: break
            }
        }
    }
}

extension Span<UInt8> {
    /// Whether `bytes` stand at the beginning; with `foldingCase` for capital ASCII letters, too.
    func begins(with bytes: [UInt8], foldingCase: Bool = false) -> Bool {
        guard count >= bytes.count else { return false }
        for index in bytes.indices {
            let byte = self[index]
            let isCapital = foldingCase && byte &- 0x41 < 26
            guard (isCapital ? byte | 0x20 : byte) == bytes[index] else { return false }
        }
        return true
    }

    /// Whether the bytes are the same. O(count).
    func hasSameBytes(as other: Span<UInt8>) -> Bool {
        guard count == other.count else { return false }
        for index in indices where self[index] != other[index] { return false }
        return true
    }
}
