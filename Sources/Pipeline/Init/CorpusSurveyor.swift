import Bytes
import Corpora
import Files
import Foundation
import Models
public import Work

/// Looks at a corpus that nobody has described: what is in it, and how it should be read.
///
/// Of a large corpus a sample is looked at, evenly over the files and at the beginning of each:
/// time and memory are bounded.
public struct CorpusSurveyor {
    /// The most bytes of text that are looked at.
    static let sampleByteCount = 16 << 20
    /// The most files.
    static let sampledFileCount = 64
    /// The fewest bytes of each.
    static let leastByteCount = 1 << 16

    private let inputs: [String]
    private let work: WorkContext<PipelineEvent>
    /// Floating-point operations of the training that the vocabulary is for.
    private let operations: Double
    private var survey: CorpusSurvey
    private var statistics = TextStatistics()
    private var rate = TokenRate()

    /// Looks at the corpus that `inputs` name, as `CorpusConfiguration.inputs` does. O(files +
    /// sample).
    ///
    /// - Parameters:
    ///   - inputs: files, folders and patterns.
    ///   - training: the minutes of training and the machine that a vocabulary is sized for, with
    ///     which the tokens are counted; nil where the text alone says its size.
    ///   - work: threads, the signal to stop, and where events go.
    /// - Throws: ``PipelineError`` where no text is found in it or on request, and `CorpusError`
    ///   for inputs that are not there.
    public static func survey(
        _ inputs: [String],
        for training: (minutes: Double, machine: PipelineProposal.Machine)? = nil,
        work: WorkContext<PipelineEvent>
    ) throws -> CorpusSurvey {
        for input in inputs where input == "-" || isDevice(input) {
            throw PipelineError.noProposal(
                reason: (input == "-" ? "standard input" : "\(input) is no file and")
                    + " can be read only once: write it to a file, and name that")
        }
        var surveyor = CorpusSurveyor(
            inputs: inputs, work: work,
            operations: training.map {
                RecipeSize.operations(minutes: $0.minutes, on: $0.machine)
            } ?? .infinity,
            survey: CorpusSurvey(corpus: .init(inputs: inputs)))
        try surveyor.look()
        return surveyor.survey
    }

    /// Whether a name is that of a device, or of a file that is open already.
    private static func isDevice(_ input: String) -> Bool {
        ["/dev/", "/proc/self/fd/"].contains(where: input.hasPrefix)
    }

    private mutating func look() throws {
        let files = try chooseInputs()
        survey.endings = files.endings
        survey.storedByteCount = files.byteCount
        let samples = try takeSamples(of: files)
        if case .records(let format) = files.mainKind {
            try readRecords(samples.map(\.file), of: files, format)
        } else {
            try readTexts(samples, of: files)
        }
        survey.scripts = statistics.scripts.map { .init(name: $0.name, share: $0.share) }
        survey.sampledByteCount = statistics.byteCount
        survey.warnings += statistics.warnings
        guard statistics.byteCount > 0 else {
            throw PipelineError.emptyCorpus(
                inputs: inputs, skipped: 0, reason: survey.warnings.first)
        }
        if !survey.readsPairs { settleValidation() }
        try work.checkStop()
        let vocabularySize = RecipeSize.vocabularySize(survey, operations: operations)
        survey.measuredVocabularySize = vocabularySize
        survey.bytesPerToken = rate.bytesPerToken(
            vocabularySize: vocabularySize,
            isWhole: !survey.isSample && rate.byteCount == statistics.byteCount)
    }

    /// Holds nothing out of a corpus so small that there is nothing to hold out, or nothing else,
    /// and notes where the end of a document is.
    private mutating func settleValidation() {
        guard !survey.isSample else {
            // One document is cut, however long it is.
            if survey.documentCount == 1 { survey.heldOut = Self.heldOut(ofDocumentIn: inputs[0]) }
            return
        }
        // What cannot be read is told by the run.
        switch try? survey.corpus.validationOutlook(
            threadCount: work.threadCount, stop: work.stop)
        {
        case .nothing, .everything:
            survey.corpus.validationFraction = 0
            choose("validation_fraction", "0", "so little text is all needed to learn from")
        case .cut(let cut, _): survey.heldOut = Self.heldOut(ofDocumentIn: cut.origin.path)
        case .byHash, .unknown, nil: break
        }
    }

    private static func heldOut(ofDocumentIn path: String) -> String {
        "the end of \(path), for the documents are too few to hold one out"
    }

    private mutating func choose(_ key: String, _ value: String, _ reason: String) {
        survey.choices.append(.init(key: "corpus.\(key)", value: value, reason: reason))
    }

    // MARK: Inputs

    /// Decides which files are read, by the kind that has the most bytes.
    private mutating func chooseInputs() throws -> SurveyedFiles {
        var corpus = CorpusConfiguration(inputs: inputs, format: .text)
        let every = try corpus.findInputs()
        if let pipe = every.endless.first {
            throw PipelineError.noProposal(
                reason: "\(pipe) is no file and can be read only once: write it to a file, and "
                    + "name that")
        }
        // As text they would be binary.
        let columns = every.leftOut.binaries.filter { CorpusFormat(nameOf: $0)?.isBinary == true }
        let binaryCount = every.leftOut.binaries.count - columns.count
        let paths = (every.paths + columns).sorted {
            $0.utf8.lexicographicallyPrecedes($1.utf8)
        }
        let all = SurveyedFiles(paths: paths)
        let kind = all.mainKind
        let chosen: SurveyedFiles
        if kind == .other {
            chosen = withoutRecords(all)
            survey.corpus.format = .text
            let endings = SurveyedFiles(paths: all.only(.other).files.map(\.path)).endings
            choose(
                "format", "text",
                "most of it tells no format by its name (\(endings.prefix(3).described)), so every "
                    + "file that is not binary is read as it is")
        } else {
            chosen = all.only(kind)
            corpus.format = .auto
            let found = try? corpus.findInputs()
            if found?.paths != chosen.files.map(\.path) {
                survey.corpus.inputs = patterns(for: chosen) { $0 == kind }
                choose(
                    "inputs", survey.corpus.inputs.joined(separator: ", "),
                    "most of it is \(chosen.endings.prefix(3).described); what else is there is of "
                        + "another kind")
            }
        }
        let names = Set(chosen.files.map(\.path))
        let rest = SurveyedFiles(paths: paths.filter { !names.contains($0) }).endings
        let others = [
            every.leftOut.names.isEmpty ? nil : "\(every.leftOut.names.count) links or pipes",
            binaryCount == 0 ? nil : "\(binaryCount) binary",
            every.leftOut.hidden.isEmpty ? nil : "\(every.leftOut.hidden.count) hidden",
            every.leftOut.brokenCount,
            every.leftOut.own.isEmpty ? nil : "\(every.leftOut.own.count) of Quern's own",
        ].compactMap(\.self)
        let (shown, more) = (rest.prefix(8), rest.dropFirst(8).reduce(0) { $0 + $1.fileCount })
        survey.leftOut =
            ([shown.described, more == 0 ? "" : "\(more) with other endings"]
            .filter { !$0.isEmpty } + others).joined(separator: ", ")
        return chosen
    }

    /// The files that are read as they are, without JSON and tables where endings tell them apart:
    /// their quotes and commas are no text. Where they do not, it is said.
    private mutating func withoutRecords(_ all: SurveyedFiles) -> SurveyedFiles {
        func isRecords(_ kind: SurveyedFiles.Kind) -> Bool {
            if case .records = kind { true } else { false }
        }
        let rest = all.leavingOut(isRecords)
        let (records, texts) = (all.leavingOut { !isRecords($0) }.endings, rest.endings)
        guard !records.isEmpty else { return all }
        guard !texts.contains(where: \.name.isEmpty) else {
            survey.warnings.append(
                "\(records.prefix(3).described) among them would be read as text, with quotes and "
                    + "commas: move them elsewhere, or name the files that are meant")
            return all
        }
        survey.corpus.inputs = patterns(for: rest) { !isRecords($0) }
        choose(
            "inputs", survey.corpus.inputs.joined(separator: ", "),
            "\(records.prefix(3).described) are records, with quotes and commas: a corpus of their "
                + "own")
        return rest
    }

    /// Patterns for some files: folders with the endings that are wanted.
    private func patterns(
        for files: SurveyedFiles, _ isWanted: (SurveyedFiles.Kind) -> Bool
    ) -> [String] {
        inputs.flatMap { input -> [String] in
            var isFolder: ObjCBool = false
            let isThere = unsafe FileManager.default.fileExists(
                atPath: input, isDirectory: &isFolder)
            guard isThere, isFolder.boolValue else {
                return isThere && !isWanted(SurveyedFiles.Kind(path: input)) ? [] : [input]
            }
            var folder = input
            while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
            // In a pattern these are to be themselves.
            let literal = folder.map { "*?[\\".contains($0) ? "\\\($0)" : "\($0)" }.joined()
            let inside = files.files.map(\.path).filter {
                folder == "." || $0.hasPrefix(folder + "/")
            }
            let front = folder == "." ? "" : literal + "/"
            return Set(inside.map(SurveyedFiles.ending(of:))).sorted().map { front + "**/*" + $0 }
        }
    }

    // MARK: Samples

    private mutating func takeSamples(
        of files: SurveyedFiles
    ) throws -> [(file: SurveyedFiles.File, sample: InputSample)] {
        let all = files.files
        let count = min(all.count, Self.sampledFileCount)
        let each = max(Self.leastByteCount, Self.sampleByteCount / max(count, 1))
        let start = ContinuousClock.now
        var samples: [(file: SurveyedFiles.File, sample: InputSample)] = []
        for number in 0..<count {
            let file = all[number * all.count / count]
            // What takes less than a moment needs no bar.
            if ContinuousClock.now - start > .seconds(1) {
                try work.show("looking", completed: number, of: count, unit: .documents)
            }
            try work.checkStop()
            do {
                // The reader of its format tells what a file of columns has.
                let isText = !file.kind.isBinary
                let sample = try InputSample(path: file.path, byteCount: isText ? each : 64)
                if !isText {
                    samples.append((file, sample))
                } else if let other = sample.otherEncoding {
                    warn(
                        "\(file.path) is \(other.name), and text is read as UTF-8; convert it: "
                            + "iconv -f \(other.iconvName) -t utf-8")
                } else if sample.isBinary {
                    warn("\(file.path) is binary: leave it out")
                } else {
                    samples.append((file, sample))
                }
            } catch {
                warn("\(error)")
            }
        }
        survey.isSample = count < all.count || samples.contains { !$0.sample.isWhole }
        return samples
    }

    /// Adds a warning about a file that cannot be read as it is; the run passes over such files.
    private mutating func warn(_ text: String) {
        survey.warnings.append(text)
        guard survey.corpus.onError == .fail else { return }
        survey.corpus.onError = .quarantine
        choose("on_error", "quarantine", "what cannot be read is set aside, with the reason")
    }

    // MARK: Texts

    private mutating func readTexts(
        _ samples: [(file: SurveyedFiles.File, sample: InputSample)], of files: SurveyedFiles
    ) throws {
        var (stored, unpacked, text) = (0, 0, 0)
        for (file, sample) in samples where !isBlank(sample.bytes.span) {
            try work.checkStop()
            statistics.add(sample.bytes)
            rate.offer(sample.bytes)
            if file.isCompressed {
                stored += sample.isWhole ? file.byteCount : sample.storedByteCount
                unpacked += sample.bytes.count
            }
            text += sample.bytes.count
            addBeginning(of: sample.bytes)
            if sample.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { statistics.markCount += 1 }
        }
        if survey.isSample {
            // The size of a file that is not compressed is that of its text.
            let plain = files.files.filter { !$0.isCompressed }.reduce(0) { $0 + $1.byteCount }
            let ratio = Double(unpacked) / Double(max(stored, 1))
            survey.textByteCount = plain + Int(Double(files.byteCount - plain) * ratio)
            survey.isTextEstimate = plain < files.byteCount
        } else {
            survey.textByteCount = text
        }
        let scale = Double(survey.textByteCount) / Double(max(text, 1))
        let division = TextDivision(statistics, fileCount: files.files.count, scale: scale)
        survey.documentCount = division.documentCount
        survey.corpus.textSeparator = division.separator
        survey.corpus.documents = division.documents
        if let choice = division.choice { choose(choice.key, choice.value, choice.reason) }
    }

    private mutating func addBeginning(of bytes: [UInt8]) {
        guard survey.beginnings.count < 2, let words = TextBeginning.words(of: bytes) else {
            return
        }
        if !survey.beginnings.contains(words) { survey.beginnings.append(words) }
    }

    // MARK: Records

    private mutating func readRecords(
        _ sampled: [SurveyedFiles.File], of files: SurveyedFiles, _ format: CorpusFormat
    ) throws {
        guard !sampled.isEmpty else { return }
        var corpus = survey.corpus
        corpus.onError = .skip
        corpus.inputs = sampled.map(\.path)
        let progress: CorpusProgress
        let use: RecordFields.Use =
            format.hasFields
            ? try RecordFields(corpus, of: format).use(inputs: inputs)
            : .text(corpus.textField, reason: "")
        switch use {
        case .text(let name, let reason):
            if name != CorpusConfiguration().textField { choose("text_field", name, reason) }
            survey.corpus.textField = name
            corpus.textField = name
            progress = try readTexts(of: corpus)
        case .pairs(let pair, let reason):
            survey.readsPairs = true
            survey.choices.append(
                .init(
                    key: "model.architecture", value: EncoderDecoderConfiguration.architecture,
                    reason: reason))
            (corpus.sourceField, corpus.targetField) = (pair.source, pair.target)
            survey.corpus.sourceField = pair.source == PairFields().source ? nil : pair.source
            survey.corpus.targetField = pair.target == PairFields().target ? nil : pair.target
            for (key, name) in [("source_field", pair.source), ("target_field", pair.target)] {
                choose(key, name, "pairs can be learned in the other direction as well")
            }
            progress = try readPairs(of: corpus)
        }
        let total = sampled.reduce(0) { $0 + $1.byteCount }
        let isAll = progress.textBytes < Self.sampleByteCount
        survey.isSample = !isAll || sampled.count < files.files.count
        survey.isTextEstimate = survey.isSample
        let read = isAll ? total : progress.bytesRead
        let scale = survey.isSample ? Double(files.byteCount) / Double(max(read, 1)) : 1
        survey.textByteCount = Int(Double(progress.textBytes) * scale)
        survey.documentCount = Int(Double(progress.documents) * scale)
        let (records, brokenFiles) = (progress.skippedLines, progress.brokenFileCount)
        guard records + brokenFiles > 0 else { return }
        let counts = [
            records == 0 ? nil : "\(records) of \(progress.documents + records) records",
            brokenFiles == 0 ? nil : "\(brokenFiles) of \(sampled.count) files",
        ].compactMap(\.self)
        warn(
            "\(counts.joined(separator: " and ")) looked at cannot be read: "
                + "\(progress.examples.first ?? "")")
    }

    private mutating func readTexts(of corpus: CorpusConfiguration) throws -> CorpusProgress {
        var reader = try CorpusReader(corpus, threadCount: work.threadCount, stop: work.stop)
        while reader.progress.textBytes < Self.sampleByteCount, let document = try reader.next() {
            if reader.progress.documents % 256 == 0 { try work.checkStop() }
            statistics.add(document.text)
            rate.offer(document.text)
            addBeginning(of: document.text)
        }
        return reader.progress
    }

    private mutating func readPairs(of corpus: CorpusConfiguration) throws -> CorpusProgress {
        var reader = try PairReader(corpus, stop: work.stop)
        var lengths: [Int] = []
        while reader.progress.textBytes < Self.sampleByteCount, let pair = try reader.next() {
            if reader.progress.documents % 256 == 0 { try work.checkStop() }
            for side in [pair.source, pair.target] {
                let bytes = Array(side.utf8)
                statistics.add(bytes)
                rate.offer(bytes)
            }
            lengths.append(pair.byteCount)
            // A model of pairs is asked for the target of a whole source.
            let isShort = pair.source.count <= 40 && !pair.source.contains(where: \.isNewline)
            if survey.beginnings.count < 2, isShort, !survey.beginnings.contains(pair.source) {
                survey.beginnings.append(pair.source)
            }
        }
        lengths.sort()
        survey.longPairByteCount = lengths.isEmpty ? 0 : lengths[(lengths.count - 1) * 19 / 20]
        return reader.progress
    }
}

extension Sequence<CorpusSurvey.Ending> {
    /// "12 .md, 2 .txt".
    var described: String {
        map { "\($0.fileCount) \($0.name.isEmpty ? "without an ending" : $0.name)" }
            .joined(separator: ", ")
    }
}
