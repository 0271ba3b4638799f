/// A word of a text as ``EnglishWords`` finds it.
struct EnglishWord: BitwiseCopyable, Sendable {
    /// What is known of a word's characters.
    struct Traits: OptionSet, BitwiseCopyable, Sendable {
        let rawValue: UInt8

        /// Not all of its characters are symbols.
        static let word = Traits(rawValue: 1)
        /// It has a letter.
        static let alphabetic = Traits(rawValue: 2)
        /// It ends a sentence.
        static let sentenceEnd = Traits(rawValue: 4)
        /// All of it is punctuation.
        static let punctuation = Traits(rawValue: 8)
    }

    /// Its bytes begin here in the text.
    var start: Int
    /// Bytes.
    var byteCount: Int32
    /// Characters.
    var characterCount: Int32
    /// The hash of its bytes, by which words are compared.
    var hash: UInt64
    /// What its characters are.
    var traits: Traits
}

/// Cuts a text into words as spaCy's English tokenizer does, which datatrove's filters count by.
///
/// A text is cut at white space. From each piece prefixes (brackets, quotes, signs of currency) and
/// suffixes (the same, punctuation, units behind a number, 's) are taken off one by one, what is
/// left falls apart at infixes (a hyphen between letters, a full stop between a small letter and a
/// capital, dots), unless it is a URL; exceptions go before all that. The method is spaCy 3.8's
/// (<https://spacy.io/usage/linguistic-features#how-tokenizer-works>), the code is not.
///
/// What differs: addresses of numbers (`10.0.0.1/path`) are no URLs, and only ASCII digits count as
/// digits of a port.
struct EnglishWords {
    /// The words of the last text, in order.
    var words: [EnglishWord] = []

    let map = WordClassMap.shared
    let exceptions: EnglishExceptions?
    /// Classes of the ASCII characters.
    let ascii: [WordClasses]
    /// The characters of the piece at hand, their classes, and where they begin; one more offset.
    var points: [UInt32] = []
    var classes: [WordClasses] = []
    var offsets: [Int] = []
    var suffixes: [Range<Int>] = []

    /// A cutter that has no words yet.
    init(exceptions: EnglishExceptions? = .shared) {
        self.exceptions = exceptions
        let map = WordClassMap.shared
        ascii = (0..<128).map { map[UInt32($0)] }
    }

    private static let letterTraits: EnglishWord.Traits = [.word, .alphabetic]

    /// Cuts `text[range]`. O(bytes).
    mutating func cut(_ text: Span<UInt8>, _ range: Range<Int>? = nil) {
        words.removeAll(keepingCapacity: true)
        var index = range?.lowerBound ?? 0
        let end = range?.upperBound ?? text.count
        while index < end {
            let first = unsafe text[unchecked: index]
            if first < 0x80 {
                if ascii[Int(first)].contains(.space) {
                    index &+= 1
                    continue
                }
            } else {
                let (codePoint, length) = text.character(at: index)
                if map[codePoint].contains(.space) {
                    index &+= length
                    continue
                }
            }
            let start = index
            var hash = WordHash()
            var last: UInt8 = 0
            while index < end {
                let byte = unsafe text[unchecked: index]
                guard (byte | 0x20) &- 0x61 < 26 else { break }
                hash.append(byte)
                last = byte
                index &+= 1
            }
            if index == end || isSpace(text[index]) {
                appendLetters(text, start, index, hash.value)
                continue
            }
            let mark = text[index]
            if index > start, mark < 0x80, index + 1 == end || isSpace(text[index + 1]) {
                // A word of ASCII letters and one mark: the most frequent piece but the plain word.
                var whole = hash
                whole.append(mark)
                let isStop = mark == UInt8(ascii: ".")
                let isCut =
                    isStop
                    ? last & 0x20 != 0 || index - start > 1 && text[index - 2] & 0x20 == 0
                    : ascii[Int(mark)].contains(.suffix)
                if let parts = exceptions?.parts(of: whole.value) {
                    append(parts, text, start)
                    index += 1
                    continue
                }
                if isCut {
                    let firstWord = words.count
                    appendLetters(text, start, index, hash.value)
                    appendMark(mark, index)
                    if words.count - firstWord > 2 { joinExceptions(text, from: firstWord) }
                    index += 1
                    continue
                }
            }
            while index < end {
                let byte = unsafe text[unchecked: index]
                if byte < 0x80 {
                    if ascii[Int(byte)].contains(.space) { break }
                    index &+= 1
                } else {
                    let (codePoint, length) = text.character(at: index)
                    if map[codePoint].contains(.space) { break }
                    index &+= length
                }
            }
            cutPiece(text, start..<min(index, end))
        }
    }

    /// White space in ASCII; what lies beyond is looked at where a piece is cut.
    @inline(__always)
    private func isSpace(_ byte: UInt8) -> Bool {
        byte < 0x80 && ascii[Int(byte)].contains(.space)
    }

    @inline(__always)
    private mutating func appendLetters(
        _ text: Span<UInt8>, _ start: Int, _ end: Int, _ hash: UInt64
    ) {
        if let parts = exceptions?.parts(of: hash), parts.count > 1 {
            append(parts, text, start)
            return
        }
        words.append(
            EnglishWord(
                start: start, byteCount: Int32(truncatingIfNeeded: end - start),
                characterCount: Int32(truncatingIfNeeded: end - start), hash: hash,
                traits: Self.letterTraits))
    }

    private mutating func appendMark(_ mark: UInt8, _ index: Int) {
        var hash = WordHash()
        hash.append(mark)
        words.append(
            EnglishWord(
                start: index, byteCount: 1, characterCount: 1, hash: hash.value,
                traits: Self.traits(of: ascii[Int(mark)])))
    }

    /// Adds the words of an exception that begins at `start`.
    mutating func append(_ parts: [Int], _ text: Span<UInt8>, _ start: Int) {
        var start = start
        for count in parts {
            append(text, start..<start + count)
            start += count
        }
    }

    /// Adds a word. O(bytes).
    mutating func append(_ text: Span<UInt8>, _ range: Range<Int>) {
        var hash = WordHash()
        for index in range { hash.append(text[index]) }
        var traits: EnglishWord.Traits = [.punctuation]
        var (index, count) = (range.lowerBound, 0)
        var last: WordClasses = []
        while index < range.upperBound {
            let (codePoint, length) = text.character(at: index)
            last = map[codePoint]
            if !last.contains(.symbol) { traits.insert(.word) }
            if last.contains(.letter) { traits.insert(.alphabetic) }
            if !last.contains(.punctuation) { traits.remove(.punctuation) }
            index += length
            count += 1
        }
        if count == 1, last.contains(.sentenceEnd) { traits.insert(.sentenceEnd) }
        words.append(
            EnglishWord(
                start: range.lowerBound, byteCount: Int32(truncatingIfNeeded: range.count),
                characterCount: Int32(truncatingIfNeeded: count), hash: hash.value,
                traits: traits))
    }

    private static func traits(of classes: WordClasses) -> EnglishWord.Traits {
        var traits: EnglishWord.Traits = []
        if !classes.contains(.symbol) { traits.insert(.word) }
        if classes.contains(.letter) { traits.insert(.alphabetic) }
        if classes.contains(.sentenceEnd) { traits.insert(.sentenceEnd) }
        if classes.contains(.punctuation) { traits.insert(.punctuation) }
        return traits
    }
}
