import Bytes

extension QualityInspector {
    // MARK: Quality

    /// The first of Gopher's rules of quality that `text` breaks, of which the words are cut.
    mutating func brokenGopherQuality(_ text: Span<UInt8>) -> QualityRule? {
        let words = cutter.words
        var (wordCount, characterCount, alphabeticCount) = (0, 0, 0)
        for word in words {
            if word.traits.contains(.word) {
                wordCount += 1
                characterCount += Int(word.characterCount)
            }
            if word.traits.contains(.alphabetic) { alphabeticCount += 1 }
        }
        if let limit = rules.limit(of: .gopherMinimumWords), Double(wordCount) < limit {
            return .gopherMinimumWords
        }
        if let limit = rules.limit(of: .gopherMaximumWords), Double(wordCount) > limit {
            return .gopherMaximumWords
        }
        if wordCount > 0 {
            let mean = Double(characterCount) / Double(wordCount)
            if let limit = rules.limit(of: .gopherMinimumWordLength), mean < limit {
                return .gopherMinimumWordLength
            }
            if let limit = rules.limit(of: .gopherMaximumWordLength), mean > limit {
                return .gopherMaximumWordLength
            }
        }
        let (hashCount, ellipsisCount) = signs(in: text)
        if exceeds(hashCount, of: words.count, .gopherHashes) { return .gopherHashes }
        if exceeds(ellipsisCount, of: words.count, .gopherEllipses) { return .gopherEllipses }
        if rules.has(.gopherBulletLines) || rules.has(.gopherEllipsisLines) {
            var (lineCount, bulletCount, endCount) = (0, 0, 0)
            forEachLine(of: text) { range in
                lineCount += 1
                let range = text.trimmed(range, map)
                guard !range.isEmpty else { return }
                let line = text.extracting(range)
                bulletCount += line[0] == 0x2D || line.begins(0xE2, 0x80, 0xA2) ? 1 : 0
                endCount += line.ends(0x2E, 0x2E, 0x2E) || line.ends(0xE2, 0x80, 0xA6) ? 1 : 0
            }
            if exceeds(bulletCount, of: lineCount, .gopherBulletLines) {
                return .gopherBulletLines
            }
            if exceeds(endCount, of: lineCount, .gopherEllipsisLines) {
                return .gopherEllipsisLines
            }
        }
        if let limit = rules.limit(of: .gopherAlphabeticWords), !words.isEmpty,
            Double(alphabeticCount) / Double(words.count) < limit
        {
            return .gopherAlphabeticWords
        }
        if let limit = rules.limit(of: .gopherStopWords) {
            var found = 0
            for word in words where word.byteCount < 5 {
                if let place = Self.stopWords.firstIndex(of: word.hash) { found |= 1 << place }
            }
            if Double(found.nonzeroBitCount) < limit { return .gopherStopWords }
        }
        return nil
    }

    /// The hashes of the words of which a text has some.
    private static let stopWords = ["the", "be", "to", "of", "and", "that", "have", "with"].map {
        var hash = WordHash()
        for byte in $0.utf8 { hash.append(byte) }
        return hash.value
    }

    /// The number signs in a text, and its ellipses: three full stops or the one character.
    private func signs(in text: Span<UInt8>) -> (hashes: Int, ellipses: Int) {
        var (hashes, ellipses, index) = (0, 0, 0)
        while index < text.count {
            switch unsafe text[unchecked: index] {
            case 0x23: hashes += 1
            case 0x2E:
                let start = index
                while index < text.count, text[index] == 0x2E { index += 1 }
                ellipses += (index - start) / 3
                continue
            case 0xE2:
                if index + 2 < text.count, text[index + 1] == 0x80, text[index + 2] == 0xA6 {
                    ellipses += 1
                }
            default: break
            }
            index += 1
        }
        return (hashes, ellipses)
    }

    // MARK: Repetition

    /// Parts of a text, and those of them that stood in it before.
    struct Repetition {
        var count = 0
        var repeatedCount = 0
        var repeatedCharacterCount = 0
    }

    /// The first of Gopher's rules of repetition that `text` breaks.
    mutating func brokenGopherRepetition(
        _ text: Span<UInt8>, _ hasWords: inout Bool
    ) -> QualityRule? {
        let characterCount = text.characterCount(of: 0..<text.count)
        if rules.has(.gopherRepeatedParagraphs) || rules.has(.gopherRepeatedParagraphCharacters) {
            let found = repetition(of: text, text.trimmed(0..<text.count, map), leastNewLines: 2)
            if exceeds(found.repeatedCount, of: found.count, .gopherRepeatedParagraphs) {
                return .gopherRepeatedParagraphs
            }
            if exceeds(
                found.repeatedCharacterCount, of: characterCount,
                .gopherRepeatedParagraphCharacters)
            {
                return .gopherRepeatedParagraphCharacters
            }
        }
        if rules.has(.gopherRepeatedLines) || rules.has(.gopherRepeatedLineCharacters) {
            let found = repetition(of: text, 0..<text.count, leastNewLines: 1)
            if exceeds(found.repeatedCount, of: found.count, .gopherRepeatedLines) {
                return .gopherRepeatedLines
            }
            if exceeds(
                found.repeatedCharacterCount, of: characterCount, .gopherRepeatedLineCharacters)
            {
                return .gopherRepeatedLineCharacters
            }
        }
        cutWords(text, &hasWords)
        return brokenTopRule(characterCount) ?? brokenRunRule(characterCount)
    }

    /// Compares the parts of `text[range]` between so many line feeds or more. O(bytes).
    mutating func repetition(
        of text: Span<UInt8>, _ range: Range<Int>, leastNewLines: Int
    ) -> Repetition {
        var ends: [Int] = []
        var starts = [range.lowerBound]
        var index = range.lowerBound
        while index < range.upperBound {
            guard unsafe text[unchecked: index] == 0x0A else {
                index &+= 1
                continue
            }
            let start = index
            while index < range.upperBound, text[index] == 0x0A { index += 1 }
            if index - start >= leastNewLines {
                ends.append(start)
                starts.append(index)
            }
        }
        ends.append(range.upperBound)
        counter.clear(for: starts.count)
        var result = Repetition()
        for (start, end) in zip(starts, ends) {
            result.count += 1
            guard counter.add(XXH64.hash(of: text.extracting(start..<end)), at: 0).count > 1 else {
                continue
            }
            result.repeatedCount += 1
            result.repeatedCharacterCount += text.characterCount(of: start..<end)
        }
        return result
    }

    private static let topRules: [(length: Int, rule: QualityRule)] = [
        (2, .gopherTop2Gram), (3, .gopherTop3Gram), (4, .gopherTop4Gram),
    ]

    private static let runRules: [(length: Int, rule: QualityRule)] = [
        (5, .gopherRepeated5Grams), (6, .gopherRepeated6Grams), (7, .gopherRepeated7Grams),
        (8, .gopherRepeated8Grams), (9, .gopherRepeated9Grams), (10, .gopherRepeated10Grams),
    ]

    /// The first rule on the most frequent n-gram that is broken: all that it takes of the text,
    /// with a space between words.
    private mutating func brokenTopRule(_ characterCount: Int) -> QualityRule? {
        let words = cutter.words
        let longest = words.reduce(0) { max($0, Int($1.characterCount)) }
        // A longer n-gram is no more frequent than the shorter ones in it.
        var greatestCount = words.count
        for (length, rule) in Self.topRules where rules.has(rule) && words.count >= length {
            let bound = greatestCount.multipliedReportingOverflow(
                by: length * longest + length - 1)
            if !bound.overflow, !exceeds(bound.partialValue, of: characterCount, rule) { continue }
            hashRuns(of: length)
            counter.clear(for: hashes.count)
            var best = (count: 0, first: 0)
            for index in hashes.indices {
                let run = counter.add(hashes[index], at: index)
                if run.count > best.count || run.count == best.count && run.first < best.first {
                    best = run
                }
            }
            greatestCount = best.count
            let size = words[best.first..<best.first + length].reduce(length - 1) {
                $0 + Int($1.characterCount)
            }
            if exceeds(size * best.count, of: characterCount, rule) { return rule }
        }
        return nil
    }

    /// The first rule on n-grams that stood before that is broken: of those that do not overlap,
    /// all that they take of the text, without spaces.
    private mutating func brokenRunRule(_ characterCount: Int) -> QualityRule? {
        let asked = Self.runRules.filter { rules.has($0.rule) }
        let words = cutter.words
        guard let shortest = asked.first?.length, words.count >= shortest else { return nil }
        // All words in a repeated n-gram are in repeated n-grams of the shortest length: what those
        // take is no less than what any longer ones do.
        hashRuns(of: shortest)
        counter.clear(for: hashes.count)
        var (covered, end) = (0, 0)
        for index in hashes.indices where counter.add(hashes[index], at: index).count > 1 {
            for place in max(end, index)..<index + shortest {
                covered += Int(words[place].characterCount)
            }
            end = index + shortest
        }
        for (length, rule) in asked where exceeds(covered, of: characterCount, rule) {
            guard words.count >= length else { break }
            hashRuns(of: length)
            counter.clear(for: hashes.count)
            var (repeated, index) = (0, 0)
            while index < hashes.count {
                if counter.add(hashes[index], at: index).count > 1 {
                    repeated += words[index..<index + length].reduce(0) {
                        $0 + Int($1.characterCount)
                    }
                    index += length
                } else {
                    index += 1
                }
            }
            if exceeds(repeated, of: characterCount, rule) { return rule }
        }
        return nil
    }

    /// Fills ``hashes`` with those of all runs of `length` words, of which there is one at least:
    /// polynomials in an odd base. O(words).
    private mutating func hashRuns(of length: Int) {
        let base: UInt64 = 0x9E37_79B9_7F4A_7C15
        let words = cutter.words
        hashes.removeAll(keepingCapacity: true)
        hashes.reserveCapacity(words.count)
        var (hash, power) = (UInt64(0), UInt64(1))
        for word in words[..<length] {
            hash = hash &* base &+ word.hash
            power = power &* base
        }
        hashes.append(hash)
        for index in length..<words.count {
            hash = hash &* base &+ words[index].hash &- words[index - length].hash &* power
            hashes.append(hash)
        }
    }
}

extension Span<UInt8> {
    /// Whether these three bytes stand at the beginning.
    func begins(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
        count > 2 && self[0] == first && self[1] == second && self[2] == third
    }

    /// Whether these three bytes stand at the end.
    func ends(_ first: UInt8, _ second: UInt8, _ third: UInt8) -> Bool {
        count > 2 && self[count - 3] == first && self[count - 2] == second
            && self[count - 1] == third
    }
}
