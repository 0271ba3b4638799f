extension EnglishWords {
    /// Cuts a piece without white space, `text[range]`, into words. O(bytes).
    mutating func cutPiece(_ text: Span<UInt8>, _ range: Range<Int>) {
        points.removeAll(keepingCapacity: true)
        classes.removeAll(keepingCapacity: true)
        offsets.removeAll(keepingCapacity: true)
        suffixes.removeAll(keepingCapacity: true)
        var index = range.lowerBound
        while index < range.upperBound {
            let (codePoint, length) = text.character(at: index)
            points.append(codePoint)
            classes.append(codePoint < 0x80 ? ascii[Int(codePoint)] : map[codePoint])
            offsets.append(index)
            index += length
        }
        offsets.append(range.upperBound)
        let firstWord = words.count
        var (low, high) = (0, points.count)
        var lastCount = 0
        while low < high, high - low != lastCount {
            if exception(text, low, high) != nil { break }
            lastCount = high - low
            let prefix = prefixCount(low, high)
            if prefix > 0, low + prefix < high, exception(text, low + prefix, high) != nil {
                append(text, low, low + prefix)
                low += prefix
                break
            }
            let suffix = suffixCount(low + prefix, high)
            if suffix > 0, high - suffix > low, exception(text, low, high - suffix) != nil {
                suffixes.append(offsets[high - suffix]..<offsets[high])
                high -= suffix
                break
            }
            if prefix > 0 {
                append(text, low, low + prefix)
                low += prefix
            }
            if suffix > 0 {
                suffixes.append(offsets[high - suffix]..<offsets[high])
                high -= suffix
            }
        }
        cutAtInfixes(text, low, high)
        for suffix in suffixes.reversed() { append(text, suffix) }
        if words.count - firstWord > 1 { joinExceptions(text, from: firstWord) }
    }

    private mutating func append(_ text: Span<UInt8>, _ low: Int, _ high: Int) {
        append(text, offsets[low]..<offsets[high])
    }

    /// The parts of the exception that the characters are; `nil` if they are none.
    private func exception(_ text: Span<UInt8>, _ low: Int, _ high: Int) -> [Int]? {
        exception(text, offsets[low]..<offsets[high])
    }

    private func exception(_ text: Span<UInt8>, _ range: Range<Int>) -> [Int]? {
        guard let exceptions, range.count <= exceptions.maximumByteCount else { return nil }
        var hash = WordHash()
        for index in range { hash.append(text[index]) }
        return exceptions.parts(of: hash.value)
    }

    /// The characters at `low` that are a prefix.
    private func prefixCount(_ low: Int, _ high: Int) -> Int {
        let first = points[low]
        switch first {
        case 0x2E:  // two full stops or more
            var end = low
            while end < high, points[end] == 0x2E { end += 1 }
            return end - low > 1 ? end - low : 0
        case 0x2B:  // a plus sign that is no number's
            return low + 1 < high && isDigit(points[low + 1]) ? 0 : 1
        case 0x55 where low + 2 < high && points[low + 1] == 0x53 && points[low + 2] == 0x24:
            return 3  // US$
        case 0x43 where low + 1 < high && points[low + 1] == 0x24,
            0x41 where low + 1 < high && points[low + 1] == 0x24:
            return 2  // C$ and A$
        default:
            return classes[low].contains(.prefix) ? 1 : 0
        }
    }

    /// The characters before `high` that are a suffix: the longest of all that are possible.
    private func suffixCount(_ low: Int, _ high: Int) -> Int {
        guard low < high else { return 0 }
        let last = points[high - 1]
        var count = classes[high - 1].contains(.suffix) ? 1 : 0
        if last == 0x2E {
            var start = high
            while start > low, points[start - 1] == 0x2E { start -= 1 }
            if high - start > 1 { return high - start }
            if start > low {
                let before = classes[start - 1]
                if before.contains(.beforeStop) { count = 1 }
                if start - low > 1 {
                    let isInitial =
                        before.contains(.upper) && classes[start - 2].contains(.upper)
                    let isDegree =
                        points[start - 2] == 0xB0
                        && [0x46, 0x66, 0x43, 0x63, 0x4B, 0x6B].contains(points[start - 1])
                    if isInitial || isDegree { count = 1 }
                }
            }
            return count
        }
        if high - low > 1 {
            let before = points[high - 2]
            if last == 0x2026, before == 0x2026 { return 2 }
            if last | 0x20 == 0x73, before == 0x27 || before == 0x2019 { return 2 }
            if last == 0x2B, isDigit(before) { count = 1 }
            if isDigit(before), classes[high - 1].contains(.currency) { count = 1 }
        }
        // A unit, or a currency of several letters, behind a digit.
        for length in stride(from: min(5, high - low - 1), through: 1, by: -1)
        where isDigit(points[high - length - 1]) {
            if EnglishUnits.shared.contains(points[high - length..<high]) {
                return max(count, length)
            }
        }
        return count
    }

    func isDigit(_ point: UInt32) -> Bool { point &- 0x30 < 10 }

    /// Cuts what prefixes and suffixes left.
    private mutating func cutAtInfixes(_ text: Span<UInt8>, _ low: Int, _ high: Int) {
        guard low < high else { return }
        if let parts = exception(text, low, high) {
            append(parts, text, offsets[low])
            return
        }
        guard !isAddress(low, high) else {
            append(text, low, high)
            return
        }
        var (start, index) = (low, low)
        while index < high {
            let count = infixCount(index, low, high)
            if count > 0, index > low {
                if start < index { append(text, start, index) }
                append(text, index, index + count)
                start = index + count
            }
            index += max(1, count)
        }
        if start < high { append(text, start, high) }
    }

    /// The characters at `index` that are an infix of the piece from `low` to `high`.
    private func infixCount(_ index: Int, _ low: Int, _ high: Int) -> Int {
        let point = points[index]
        if classes[index].contains(.alpha), !classes[index].contains(.icon) { return 0 }
        if point == 0x2E {
            var end = index
            while end < high, points[end] == 0x2E { end += 1 }
            if end - index > 1 { return end - index }
        }
        if point == 0x2026 || classes[index].contains(.icon) { return 1 }
        guard index > low, index + 1 < high else { return 0 }
        let (before, after) = (classes[index - 1], classes[index + 1])
        let isBehindDigit = isDigit(points[index - 1])
        switch point {
        case 0x2B, 0x2D, 0x2A, 0x5E:  // + - * ^
            if isBehindDigit, isDigit(points[index + 1]) || points[index + 1] == 0x2D { return 1 }
        case 0x2E:
            return !before.intersection([.lower, .quote]).isEmpty
                && !after.intersection([.upper, .quote]).isEmpty ? 1 : 0
        case 0x2C:
            return before.contains(.alpha) && after.contains(.alpha) ? 1 : 0
        case 0x3A, 0x3C, 0x3E, 0x3D, 0x2F:  // : < > = /
            return (before.contains(.alpha) || isBehindDigit) && after.contains(.alpha) ? 1 : 0
        default: break
        }
        guard before.contains(.alpha) || isBehindDigit else { return 0 }
        // Hyphens and dashes: one of these, or two or three of a kind.
        switch point {
        case 0x2D, 0x2014:
            for count in 1...(point == 0x2D ? 3 : 2) {
                guard index + count < high else { return 0 }
                if classes[index + count].contains(.alpha) { return count }
                guard points[index + count] == point else { return 0 }
            }
            return 0
        case 0x2013, 0x7E: return after.contains(.alpha) ? 1 : 0
        default: return 0
        }
    }

    /// Puts together again what is an exception and was taken apart, such as `a.` in `x/a.`. A
    /// longer one goes before a shorter one, and of two of a length the earlier.
    mutating func joinExceptions(_ text: Span<UInt8>, from first: Int) {
        guard let exceptions else { return }
        var found: [(words: Range<Int>, parts: [Int])] = []
        for read in first..<words.count {
            var hash = WordHash()
            let start = words[read].start
            for next in read..<words.count {
                let end = words[next].start + Int(words[next].byteCount)
                guard end - start <= exceptions.maximumByteCount else { break }
                for index in words[next].start..<end { hash.append(text[index]) }
                if next > read, let parts = exceptions.parts(of: hash.value),
                    let plainParts = exceptions.plainParts(of: hash.value),
                    words[read...next].map({ Int($0.byteCount) }) == plainParts
                {
                    found.append((read..<next + 1, parts))
                }
            }
        }
        guard !found.isEmpty else { return }
        found.sort {
            ($1.words.count, $0.words.lowerBound) < ($0.words.count, $1.words.lowerBound)
        }
        var isTaken = [Bool](repeating: false, count: words.count - first)
        var joins: [(words: Range<Int>, parts: [Int])] = []
        for join in found {
            let range = join.words.lowerBound - first..<join.words.upperBound - first
            if !isTaken[range.lowerBound], !isTaken[range.upperBound - 1] { joins.append(join) }
            for place in range { isTaken[place] = true }
        }
        joins.sort { $0.words.lowerBound < $1.words.lowerBound }
        let old = Array(words[first...])
        words.removeSubrange(first...)
        var read = first
        for join in joins {
            words += old[read - first..<join.words.lowerBound - first]
            append(join.parts, text, old[join.words.lowerBound - first].start)
            read = join.words.upperBound
        }
        words += old[(read - first)...]
    }
}
