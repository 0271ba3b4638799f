import Files

/// Sorts any number of records in bounded memory: what fits is sorted there, and what does not goes
/// in sorted runs to a file without a name, from which it is read back slice by slice: of all runs
/// what lies below a bound, as much as fits, sorted once more. That costs the same for a record
/// however many runs there are; a heap of the runs' heads would cost their logarithm.
///
/// The order is that of the records alone, whatever the memory is; records that compare equal must
/// be the same. O(n) where first words are spread evenly, as hashes are.
///
/// A class, because the file and the records have one owner.
final class RecordSorter<Record: SortedRecord> {
    private let scratchPath: String
    private let capacity: Int
    /// What was added since the last run; after that, the next records in order.
    private var records: [Record] = []
    private var runs: [SortedRun<Record>] = []
    private var file: ScratchFile?
    private var slices: RunSlices<Record>?
    /// Whether records are given away, and which of those in memory are next.
    private var isSorted = false
    private var unread = 0..<0
    /// The number of records.
    private(set) var count = 0

    /// A sorter of nothing yet.
    ///
    /// - Parameters:
    ///   - byteCount: memory for records, and for reading them back.
    ///   - scratchPath: beside this path go the runs.
    init(byteCount: Int, scratchPath: String) {
        // Samples of the runs take some of it.
        capacity = max(8, byteCount / MemoryLayout<Record>.stride * 15 / 16)
        self.scratchPath = scratchPath
    }

    /// Adds a record, while none was given away.
    func append(_ record: Record) throws(FileError) {
        if records.count == capacity { try spill() }
        // An array that grows by itself takes up to twice of what it holds.
        if records.count == records.capacity {
            records.reserveCapacity(min(capacity, max(64, 2 * records.count)))
        }
        records.append(record)
        count += 1
    }

    private func spill() throws(FileError) {
        records.sort(records.indices)
        if file == nil { file = try ScratchFile(beside: scratchPath) }
        var run = SortedRun<Record>(offset: file!.byteCount, step: max(1, capacity >> 10))
        run.append(records[...])
        try file!.append(records[...])
        runs.append(run)
        records.removeAll(keepingCapacity: true)
    }

    /// Gives the next record away, in order; nil when all were given.
    func next() throws(FileError) -> Record? {
        if unread.isEmpty {
            try readOn()
            if unread.isEmpty { return nil }
        }
        defer { unread = unread.lowerBound + 1..<unread.upperBound }
        return records[unread.lowerBound]
    }

    /// Has the next records in memory, if there are more.
    private func readOn() throws(FileError) {
        if let slices {
            unread = 0..<(try slices.next(into: &records))
        } else if !isSorted {
            isSorted = true
            if runs.isEmpty {
                records.sort(records.indices)
                unread = records.indices
            } else {
                try spill()
                try mergeUntilFew()
                slices = RunSlices(runs, of: file!, capacity: capacity)
                runs = []
                try readOn()
            }
        } else {
            records = []
        }
    }

    /// Makes the runs so few that a step of each fits into half of the memory; steps of longer runs
    /// are longer.
    private func mergeUntilFew() throws(FileError) {
        while runs.count > 2, runs.reduce(0, { $0 + $1.step }) > capacity / 2 {
            let target = try ScratchFile(beside: scratchPath)
            var merged: [SortedRun<Record>] = []
            var first = 0
            while first < runs.count {
                var end = min(first + 2, runs.count)
                var steps = runs[first..<end].reduce(0) { $0 + $1.step }
                while end < runs.count, steps + runs[end].step <= capacity / 2 {
                    steps += runs[end].step
                    end += 1
                }
                let group = Array(runs[first..<end])
                let total = group.reduce(0) { $0 + $1.count }
                var run = SortedRun<Record>(
                    offset: target.byteCount, step: max(steps / group.count, total >> 13))
                let slices = RunSlices(group, of: file!, capacity: capacity)
                while case let length = try slices.next(into: &records), length > 0 {
                    run.append(records[..<length])
                    try target.append(records[..<length])
                }
                merged.append(run)
                first = end
            }
            (file, runs) = (target, merged)
        }
    }
}

/// Consecutive sorted records of a file, and every so many the record there.
private struct SortedRun<Record: SortedRecord> {
    /// Where it begins, in bytes.
    let offset: Int
    /// A sample stands for so many records, itself the last of them.
    let step: Int
    private(set) var count = 0
    private(set) var samples: [Record] = []

    init(offset: Int, step: Int) {
        self.offset = offset
        self.step = step
    }

    /// Adds the next records to those that it has.
    mutating func append(_ records: ArraySlice<Record>) {
        let end = count + records.count
        var place = (samples.count + 1) * step
        while place <= end {
            samples.append(records[records.startIndex + place - 1 - count])
            place += step
        }
        count = end
    }
}

/// A sample of a run.
private struct RunSample<Record: SortedRecord>: SortedRecord {
    var record: Record
    var run: Int

    static var wordCount: Int { Record.wordCount }

    func word(_ number: Int) -> UInt64 { record.word(number) }
}

/// Reads sorted runs as one, in slices that fit into memory.
///
/// A class, because the records have one owner.
private final class RunSlices<Record: SortedRecord> {
    private let runs: [SortedRun<Record>]
    private let file: ScratchFile
    private let capacity: Int
    /// All samples in order, and how many of them were passed; of each run, too.
    private let samples: [RunSample<Record>]
    private var passedCount = 0
    private var passed: [Int]
    /// Of each run, how many records were given away.
    private var given: [Int]

    init(_ runs: [SortedRun<Record>], of file: ScratchFile, capacity: Int) {
        self.runs = runs
        self.file = file
        self.capacity = capacity
        passed = runs.map { _ in 0 }
        given = passed
        var samples: [RunSample<Record>] = []
        samples.reserveCapacity(runs.reduce(0) { $0 + $1.samples.count })
        for (number, run) in runs.enumerated() {
            samples += run.samples.map { RunSample(record: $0, run: number) }
        }
        samples.sort(samples.indices)
        self.samples = samples
    }

    /// Puts the next slice at the begin of `records`, and returns its length; 0 after the last.
    func next(into records: inout [Record]) throws(FileError) -> Int {
        repeat {
            let bound = passSamples()
            var length = 0
            for run in runs.indices {
                let range = given[run]..<end(run)
                guard !range.isEmpty else { continue }
                if records.count < length + range.count {
                    records += repeatElement(
                        samples[0].record, count: length + range.count - records.count)
                }
                try file.read(
                    into: &records, over: length..<length + range.count,
                    at: runs[run].offset + range.lowerBound * MemoryLayout<Record>.stride)
                var (low, high) = (length, length + range.count)
                while let bound, low < high {
                    let middle = (low + high) / 2
                    if bound < records[middle] { high = middle } else { low = middle + 1 }
                }
                given[run] += high - length
                length = high
            }
            records.sort(0..<length)
            if length > 0 || bound == nil { return length }
        } while true
    }

    /// Where the records of a run end that may lie below the bound.
    private func end(_ run: Int) -> Int {
        min(runs[run].count, (passed[run] + 1) * runs[run].step)
    }

    /// Passes as many samples as records fit, one at least; returns the last, or nil if there are
    /// no more, where all that is left fits.
    private func passSamples() -> Record? {
        var total = runs.indices.reduce(0) { $0 + end($1) - given[$1] }
        if passedCount == samples.count { return nil }
        repeat {
            let run = samples[passedCount].run
            total -= end(run)
            passed[run] += 1
            total += end(run)
            passedCount += 1
        } while passedCount < samples.count
            && total + runs[samples[passedCount].run].step <= capacity
        return samples[passedCount - 1].record
    }
}
