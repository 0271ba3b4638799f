/// A value of a few words without references, as sorters put them aside. It ends where its last
/// word does: padding behind that would not be written.
protocol SortedRecord: BitwiseCopyable, Sendable {
    /// How many words order records, one after another.
    static var wordCount: Int { get }

    /// The word with this number, below ``wordCount``.
    func word(_ number: Int) -> UInt64
}

extension SortedRecord {
    static func < (left: Self, right: Self) -> Bool {
        for number in 0..<wordCount {
            let (one, other) = (left.word(number), right.word(number))
            if one != other { return one < other }
        }
        return false
    }
}

extension Array where Element: SortedRecord {
    /// Sorts the records in `range` in place, by the digits of their words.
    ///
    /// American flag sort (McIlroy, Bostic and McIlroy, Engineering Radix Sort, Computing Systems
    /// 6(1), 1993): the records of a range go to one of 256 places by the uppermost eight bits in
    /// which their words differ, and so on within each place, and with the next word where these
    /// are equal. O(n) digits where the first words are spread evenly, as hashes are.
    mutating func sort(_ range: Range<Int>, fromWord number: Int = 0) {
        guard range.count > Self.insertionLimit else { return sortByInsertion(range) }
        let first = self[range.lowerBound].word(number)
        var difference: UInt64 = 0
        for index in range { difference |= self[index].word(number) ^ first }
        guard difference != 0 else {
            if number + 1 < Element.wordCount { sort(range, fromWord: number + 1) }
            return
        }
        let shift = UInt64(Swift.max(0, 56 - difference.leadingZeroBitCount))
        func digit(_ record: Element) -> Int { Int(record.word(number) >> shift & 0xFF) }
        var ends = InlineArray<256, Int>(repeating: 0)
        for index in range { ends[digit(self[index])] += 1 }
        var sum = range.lowerBound
        for digit in 0..<256 {
            sum += ends[digit]
            ends[digit] = sum
        }
        // What belongs elsewhere goes to the end of its place, and what stood there goes on to its
        // own, until one comes that belongs here.
        var unfilled = ends
        var start = range.lowerBound
        for place in 0..<256 {
            while start < unfilled[place] {
                var record = self[start]
                var target = digit(record)
                while target != place {
                    unfilled[target] -= 1
                    swap(&record, &self[unfilled[target]])
                    target = digit(record)
                }
                self[start] = record
                start += 1
            }
            start = ends[place]
        }
        start = range.lowerBound
        for place in 0..<256 {
            if ends[place] - start > 1 { sort(start..<ends[place], fromWord: number) }
            start = ends[place]
        }
    }

    /// Up to so many records, insertion is the quickest.
    private static var insertionLimit: Int { 24 }

    private mutating func sortByInsertion(_ range: Range<Int>) {
        for index in range.dropFirst() {
            let record = self[index]
            var place = index
            while place > range.lowerBound, record < self[place - 1] {
                self[place] = self[place - 1]
                place -= 1
            }
            self[place] = record
        }
    }
}
