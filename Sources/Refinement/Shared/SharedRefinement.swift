import Files

/// A refinement that several processes share, which have nothing in common but a folder.
///
/// The work is cut into units; each has a directory, in which `journal.json` is the last to be
/// written. Who does a unit, how often it was begun and on how many threads shows nowhere: every
/// file depends on the corpus, the configuration and the memory alone, and the result on the first
/// two. Documents that keep the rules have numbers, in the order of the corpus, and of several that
/// are the same or nearly the same the one with the least number stays. Documents of other corpora
/// have the least numbers of all, and their parts come first.
///
///     measure-000000/   passed, refused, evaluations, texts, hashes, bands, signatures
///     exact-000000/     pairs
///     bands-000000/     pairs
///     order-000000/     removed, stretches
///     scatter-000000/   texts
///     write-000000/     blocks
///     assemble-000000/  (the journal alone)
///     result/           part_000000.jsonl.zst
///
/// All of that but the result holds for one version of the program on one folder, and is no format
/// for others.
package struct SharedRefinement: Sendable {
    /// The folder of the work.
    package let path: String
    /// What becomes of the documents.
    package let configuration: RefinementConfiguration
    /// Parts of the other corpora, each of which has some, and of the corpus.
    package let partCount: Int
    /// The parts of each other corpus.
    let otherPartCounts: [Int]
    /// Ranges into which hashes and keys are divided.
    package let partitionCount: Int
    /// Bytes of text of a stretch of the result.
    let stretchByteCount: Int
    /// What of the work was found to be as it was written.
    let checked = CheckedFiles()

    /// Work in the folder `path`.
    package init(
        path: String, configuration: RefinementConfiguration, partCount: Int,
        otherPartCounts: [Int], partitionCount: Int, stretchByteCount: Int
    ) {
        precondition(partCount > 0 && partitionCount > 0 && stretchByteCount > 0)
        precondition(otherPartCounts.count == configuration.otherPaths.count)
        self.otherPartCounts = otherPartCounts
        self.path = path
        self.configuration = configuration
        self.partCount = partCount
        self.partitionCount = partitionCount
        self.stretchByteCount = stretchByteCount
    }

    /// The stages that the configuration asks for, in order.
    package var stages: [SharedStage] {
        SharedStage.allCases.filter { stage in
            switch stage {
            case .exact: configuration.removesDuplicates
            case .bands: configuration.removesNearDuplicates
            case .scatter: configuration.shuffles
            default: true
            }
        }
    }

    /// The parts of all other corpora.
    package var otherPartCount: Int { otherPartCounts.reduce(0, +) }

    /// The number of the other corpus that a part is of; nil for one of the corpus itself.
    package func other(ofPart part: Int) -> Int? {
        var end = 0
        for (number, count) in otherPartCounts.enumerated() {
            end += count
            if part < end { return number }
        }
        return nil
    }

    /// The directory of a unit.
    package func directory(_ stage: SharedStage, _ number: Int) -> String {
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, 6 - digits.count))
        return "\(path)/\(stage.rawValue)-\(zeros)\(digits)"
    }

    /// The directory of the files of the result.
    package var resultPath: String { path + "/result" }

    private static let journalName = "journal.json"

    /// The journal of a unit; nil if that is not done, or the disk has lost some of it.
    func journal<Journal: UnitJournal>(
        _ type: Journal.Type, _ stage: SharedStage, _ number: Int
    ) -> Journal? {
        let directory = directory(stage, number)
        guard !FileSystem.isMissing(directory + "/" + Self.journalName),
            let journal = SealedJSON.read(type, from: directory + "/" + Self.journalName)
        else { return nil }
        for (name, file) in journal.files {
            guard (try? OpenFile(path: directory + "/" + name).byteCount) == file.bytes else {
                return nil
            }
        }
        return journal
    }

    /// The journal of a unit that was seen to be done.
    func doneJournal<Journal: UnitJournal>(
        _ type: Journal.Type, _ stage: SharedStage, _ number: Int
    ) throws -> Journal {
        guard let journal = journal(type, stage, number) else {
            throw RefinementError.damagedUnit(path: directory(stage, number))
        }
        return journal
    }

    /// Says durably that a unit is done.
    func finish<Journal: UnitJournal>(
        _ journal: Journal, _ stage: SharedStage, _ number: Int
    ) throws {
        try SealedJSON.write(journal, to: directory(stage, number) + "/" + Self.journalName)
    }

    /// Whether a unit is done. O(its files).
    package func isDone(_ stage: SharedStage, _ number: Int) -> Bool {
        switch stage {
        case .measure: journal(MeasureJournal.self, stage, number) != nil
        case .exact, .bands: journal(PairJournal.self, stage, number) != nil
        case .order: journal(OrderJournal.self, stage, number) != nil
        case .scatter: journal(ScatterJournal.self, stage, number) != nil
        case .write: journal(WriteJournal.self, stage, number) != nil
        case .assemble: isAssembled(number)
        }
    }

    /// The units of a stage; those before it must be done.
    package func unitCount(of stage: SharedStage) throws -> Int {
        switch stage {
        case .measure, .scatter: partCount
        case .exact, .bands: partitionCount
        case .order: 1
        case .write: try orderJournal().stretches.bytes / 8
        case .assemble: try parts().count
        }
    }

    func orderJournal() throws -> OrderJournal {
        try doneJournal(OrderJournal.self, .order, 0)
    }

    func measureJournals() throws -> [MeasureJournal] {
        try (0..<partCount).map { try doneJournal(MeasureJournal.self, .measure, $0) }
    }

    /// The path of a file of a unit.
    func file(_ name: String, _ stage: SharedStage, _ number: Int) -> String {
        directory(stage, number) + "/" + name
    }

    /// Beside this path goes what does not fit into memory.
    func scratchPath(_ stage: SharedStage, _ number: Int) -> String {
        configuration.scratchDirectory.map { $0 + "/quern-refine" }
            ?? directory(stage, number) + "/scratch"
    }
}

/// The numbers of documents that keep the rules, by the parts that they are in.
struct PartNumbers: Sendable {
    /// The first number of each part, and behind these the count of all.
    let starts: [Int]

    init(_ journals: [MeasureJournal]) {
        var starts = [0]
        for journal in journals { starts.append(starts.last! + journal.passedCount) }
        self.starts = starts
    }

    /// The count of all.
    var count: Int { starts.last! }

    /// The part of a document, and its number there. O(log parts).
    func part(of number: Int) -> (part: Int, local: Int) {
        precondition(number < count, "a document that is there")
        var (low, high) = (0, starts.count - 1)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= number { low = middle } else { high = middle }
        }
        return (low, number - starts[low])
    }
}
