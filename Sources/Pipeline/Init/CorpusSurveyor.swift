import Bytes
import Corpora
import Files
import Foundation
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
    private var survey: CorpusSurvey
    private var statistics = TextStatistics()

    /// Looks at the corpus that `inputs` name, as `CorpusConfiguration.inputs` does. O(files +
    /// sample).
    ///
    /// - Throws: ``PipelineError`` where no text is found in it or on request, and `CorpusError`
    ///   for inputs that are not there.
    public static func survey(
        _ inputs: [String], work: WorkContext<PipelineEvent>
    ) throws -> CorpusSurvey {
        guard !inputs.contains("-") else {
            throw PipelineError.badValue(
                key: "corpus.inputs",
                reason: "standard input can be read only once: write it to a file, and name that")
        }
        var surveyor = CorpusSurveyor(
            inputs: inputs, work: work, survey: CorpusSurvey(corpus: .init(inputs: inputs)))
        try surveyor.look()
        return surveyor.survey
    }

    private mutating func look() throws {
        let files = try chooseInputs()
        survey.endings = files.endings
        survey.storedByteCount = files.byteCount
        let samples = try takeSamples(of: files)
        if case .records = files.mainKind {
            try readRecords(samples.map(\.file), of: files)
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
    }

    private mutating func choose(_ key: String, _ value: String, _ reason: String) {
        survey.choices.append(.init(key: "corpus.\(key)", value: value, reason: reason))
    }

    // MARK: Inputs

    /// Decides which files are read, by the kind that has the most bytes.
    private mutating func chooseInputs() throws -> SurveyedFiles {
        var corpus = CorpusConfiguration(inputs: inputs, format: .text)
        let every = try corpus.findInputs()
        let all = SurveyedFiles(paths: every.paths)
        let kind = all.mainKind
        let chosen: SurveyedFiles
        if kind == .other {
            chosen = all
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
                survey.corpus.inputs = patterns(for: chosen)
                choose(
                    "inputs", survey.corpus.inputs.joined(separator: ", "),
                    "most of it is \(chosen.endings.prefix(3).described); what else is there is of "
                        + "another kind")
            }
        }
        let names = Set(chosen.files.map(\.path))
        let rest = SurveyedFiles(paths: every.paths.filter { !names.contains($0) }).endings
        let others = [
            every.leftOut.names.isEmpty ? nil : "\(every.leftOut.names.count) links or pipes",
            every.leftOut.binaries.isEmpty ? nil : "\(every.leftOut.binaries.count) binary",
            every.leftOut.hidden.isEmpty ? nil : "\(every.leftOut.hidden.count) hidden",
        ].compactMap(\.self)
        survey.leftOut = ([rest.described].filter { !$0.isEmpty } + others)
            .joined(separator: ", ")
        return chosen
    }

    /// Patterns for the files of one kind: folders with the endings that are wanted.
    private func patterns(for files: SurveyedFiles) -> [String] {
        inputs.flatMap { input -> [String] in
            var isFolder: ObjCBool = false
            let isThere = unsafe FileManager.default.fileExists(
                atPath: input, isDirectory: &isFolder)
            guard isThere, isFolder.boolValue else {
                return isThere && SurveyedFiles.Kind(path: input) != files.mainKind ? [] : [input]
            }
            var folder = input
            while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
            let inside = files.files.map(\.path).filter {
                folder == "." || $0.hasPrefix(folder + "/")
            }
            let front = folder == "." ? "" : folder + "/"
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
                let sample = try InputSample(path: file.path, byteCount: each)
                if let other = sample.otherEncoding {
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
        var (stored, text) = (0, 0)
        for (file, sample) in samples {
            try work.checkStop()
            statistics.add(sample.bytes)
            stored += sample.isWhole ? file.byteCount : sample.storedByteCount
            text += sample.bytes.count
            addBeginning(of: sample.bytes)
            if sample.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { statistics.markCount += 1 }
        }
        let ratio = Double(text) / Double(max(stored, 1))
        survey.textByteCount =
            survey.isSample ? Int(Double(files.byteCount) * ratio) : text
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
        _ sampled: [SurveyedFiles.File], of files: SurveyedFiles
    ) throws {
        guard !sampled.isEmpty else { return }
        var corpus = survey.corpus
        corpus.onError = .skip
        corpus.inputs = sampled.map(\.path)
        let fields = try RecordFields(corpus, isTable: files.isTable)
        let field = try fields.textField(inputs: inputs)
        survey.corpus.textField = field.name
        corpus.textField = field.name
        if field.name != CorpusConfiguration().textField {
            choose("text_field", field.name, field.reason)
        }
        let total = sampled.reduce(0) { $0 + $1.byteCount }
        var reader = try CorpusReader(corpus, threadCount: work.threadCount, stop: work.stop)
        while reader.progress.textBytes < Self.sampleByteCount, let document = try reader.next() {
            if reader.progress.documents % 256 == 0 { try work.checkStop() }
            statistics.add(document.text)
            addBeginning(of: document.text)
        }
        let progress = reader.progress
        let isAll = progress.textBytes < Self.sampleByteCount
        survey.isSample = !isAll || sampled.count < files.files.count
        let read = isAll ? total : progress.bytesRead
        let scale = survey.isSample ? Double(files.byteCount) / Double(max(read, 1)) : 1
        survey.textByteCount = Int(Double(progress.textBytes) * scale)
        survey.documentCount = Int(Double(progress.documents) * scale)
        guard progress.skippedLines + progress.brokenFileCount > 0 else { return }
        warn(
            "\(progress.skippedLines + progress.brokenFileCount) records or files of "
                + "\(progress.documents) cannot be read: \(progress.examples.first ?? "")")
    }
}

extension SurveyedFiles {
    /// Whether the files are tables, so that their fields stand in a header.
    var isTable: Bool { [.records(.csv), .records(.tsv)].contains(mainKind) }
}

extension Sequence<CorpusSurvey.Ending> {
    /// "12 .md, 2 .txt".
    var described: String {
        map { "\($0.fileCount) \($0.name.isEmpty ? "without an ending" : $0.name)" }
            .joined(separator: ", ")
    }
}
