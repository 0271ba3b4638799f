import Corpora
import Files
import Foundation
import Parquet
import Testing
import Training
import Work

@testable import Pipeline
@testable import Refinement

@Suite struct RefineStageTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Documents of which some are the same and some nearly the same, as JSON lines and as text.
    private func corpus() throws -> CorpusConfiguration {
        var random = UInt64(1)
        func next(_ bound: Int) -> Int {
            random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(random >> 33) % bound
        }
        var documents: [[String]] = []
        for index in 0..<900 {
            switch index == 0 ? 0 : next(4) {
            case 0: documents.append(documents[next(max(1, index))...].first ?? ["first"])
            case 1:
                var near = documents[next(index)]
                near[next(near.count)] = "changed\(index)"
                documents.append(near)
            default: documents.append((0..<80 + next(80)).map { _ in "w\(next(3_000))" })
            }
        }
        let texts = documents.map { $0.joined(separator: " ") }
        let lines = texts.prefix(600).map { "{\"text\": \"\($0)\"}" }
        return CorpusConfiguration(
            inputs: [
                try folder.write("a.jsonl", lines.joined(separator: "\n")),
                try folder.write("b.txt", texts.suffix(300).joined(separator: "\n\n")),
            ], textSeparator: "\n\n")
    }

    private var refinement: RefinementConfiguration {
        var refinement = RefinementConfiguration()
        refinement.filter.minimumWordCount = 90
        refinement.removesNearDuplicates = true
        refinement.shuffles = true
        refinement.partByteCount = 100_000
        return refinement
    }

    private func names(in name: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path + "/" + name).sorted()
    }

    private var noMemory: RefinementMemory {
        var memory = RefinementMemory(ByteSize(byteCount: 0), threadCount: 1)
        memory.clusters = 1 << 20
        return memory
    }

    @Test("the files are the same for any number of threads and any memory")
    func sameBytes() async throws {
        let corpus = try corpus()
        let first = try await RefineStage.run(
            corpus: corpus, refinement: refinement,
            destination: .directory(folder.path + "/1"), work: WorkContext(threadCount: 1))
        #expect(first.read.documents == 900)
        #expect(first.steps.allSatisfy { $0.removed.documents > 50 })
        #expect(
            first.kept.documents + first.steps.reduce(0) { $0 + $1.removed.documents } == 900)
        #expect(first.parts.count > 1)
        #expect(first.parts.reduce(0) { $0 + $1.documents } == first.kept.documents)
        let files = try folder.files(in: "1")
        #expect(files.count == first.parts.count + 1)
        for threadCount in [2, 5] {
            let again = try await RefineStage.run(
                corpus: corpus, refinement: refinement, memory: noMemory,
                destination: .directory("\(folder.path)/\(threadCount)"),
                work: WorkContext(threadCount: threadCount))
            #expect(again == first)
            #expect(try folder.files(in: "\(threadCount)") == files)
        }
        // Standard output has the same lines.
        var lines: [UInt8] = []
        let report = try await RefineStage.run(
            corpus: corpus, refinement: refinement, memory: noMemory,
            destination: .lines { lines += $0 },
            work: WorkContext(threadCount: 2))
        #expect(report.kept == first.kept)
        #expect(report.parts.isEmpty)
        #expect(lines.count { $0 == 0x0A } == first.kept.documents)
        #expect(lines.count == first.parts.reduce(0) { $0 + $1.lineBytes })
    }

    @Test("parts in Parquet have the texts and the places of those in JSON lines")
    func parquet() async throws {
        let corpus = try corpus()
        let lines = try await RefineStage.run(
            corpus: corpus, refinement: refinement,
            destination: .directory(folder.path + "/lines"), work: WorkContext(threadCount: 1))
        var refinement = refinement
        refinement.partFormat = .parquet
        let report = try await RefineStage.run(
            corpus: corpus, refinement: refinement,
            destination: .directory(folder.path + "/rows"), work: WorkContext(threadCount: 1))
        #expect(report.kept == lines.kept)
        #expect(report.parts.count > 1)
        #expect(
            report.parts.map(\.name) == report.parts.indices.map { "part_00000\($0).parquet" })
        for part in report.parts {
            let file = folder.path + "/rows/" + part.name
            let bytes = try #require(FileManager.default.contents(atPath: file)).count
            #expect(part.storedBytes == bytes)
        }
        #expect(try read(lines, in: "lines") == read(report, in: "rows"))
        let again = try await RefineStage.run(
            corpus: corpus, refinement: refinement, memory: noMemory,
            destination: .directory(folder.path + "/again"), work: WorkContext(threadCount: 3))
        #expect(again == report)
        #expect(try folder.files(in: "again") == folder.files(in: "rows"))
        // The same place, in the column of its kind.
        let first = folder.path + "/rows/part_000000.parquet"
        #expect(
            try ParquetFile(path: first).columnNames
                == ["text"] + ["path", "line", "part", "item", "row"].map { "source." + $0 })
        var paths = ParquetReader(try ParquetFile(path: first).column("source", "path"))
        var found: Set<String> = []
        while case .bytes(let path)? = try paths.next() {
            found.insert(String(decoding: path, as: UTF8.self))
        }
        #expect(found == Set(corpus.inputs))
        // A folder of such parts is a corpus without its report.
        #expect(
            try CorpusConfiguration(inputs: [folder.path + "/rows"]).inputPaths().count
                == report.parts.count)
        await #expect(throws: PipelineError.self) {
            try await RefineStage.run(
                corpus: corpus, refinement: refinement, destination: .lines { _ in },
                work: WorkContext(threadCount: 1))
        }
    }

    /// The texts of a result.
    private func read(_ report: RefinementReport, in name: String) throws -> [[UInt8]] {
        var reader = try CorpusReader(
            CorpusConfiguration().refined(files: report.files(in: folder.path + "/" + name)))
        var texts: [[UInt8]] = []
        while let document = try reader.next() { texts.append(document.text) }
        return texts
    }

    @Test("a corpus is packed into Parquet, in row groups, whatever the number of threads")
    func pack() async throws {
        let corpus = try corpus()
        let path = folder.path + "/packed.parquet"
        var outcomes: [Int] = []
        var bytes: Set<Data> = []
        for threadCount in [1, 3, 3] {
            let outcome = try await PackStage.run(
                corpus: corpus, path: path, level: 3, frameByteCount: 50_000,
                work: WorkContext(threadCount: threadCount))
            outcomes.append(outcome.frameCount)
            let data = try #require(FileManager.default.contents(atPath: path))
            #expect(outcome.byteCount == data.count)
            bytes.insert(data)
        }
        #expect(bytes.count == 1)
        let file = try ParquetFile(path: path)
        #expect(file.columnNames == ["text"] && file.rowCount == 900)
        #expect(try file.column("text").rowGroupCount == outcomes[0])
        // What another program wrote stays.
        var others = bytes.first!
        others[others.count - 10] ^= 1
        try others.write(to: URL(fileURLWithPath: path))
        await #expect(throws: FileError.self) {
            try await PackStage.run(
                corpus: corpus, path: path, level: 3, frameByteCount: 50_000,
                work: WorkContext(threadCount: 1))
        }
    }

    @Test("what is read back is what was kept, and each part is seekable")
    func readBack() async throws {
        var refinement = refinement
        refinement.filter = DocumentFilter()
        refinement.removesNearDuplicates = false
        refinement.shuffles = false
        let corpus = try corpus()
        let directory = folder.path + "/out"
        let report = try await RefineStage.run(
            corpus: corpus, refinement: refinement, destination: .directory(directory),
            work: WorkContext(threadCount: 2))
        var seen = Set<[UInt8]>()
        var expected: [[UInt8]] = []
        var reader = try CorpusReader(corpus)
        while let document = try reader.next() {
            if seen.insert(document.text).inserted { expected.append(document.text) }
        }
        var refined = try CorpusReader(corpus.refined(files: report.files(in: directory)))
        var texts: [[UInt8]] = []
        while let document = try refined.next() { texts.append(document.text) }
        #expect(texts == expected)
        #expect(report.sources.map(\.path) == corpus.inputs)
        for part in report.parts {
            let bytes = [UInt8](
                try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(part.name)")))
            #expect(bytes.count == part.storedBytes)
            #expect(bytes.suffix(4) == [0xB1, 0xEA, 0x92, 0x8F])
        }
    }

    @Test("a failure leaves what was there, and nothing else")
    func wholeOrNotAtAll() async throws {
        let good = CorpusConfiguration(inputs: [
            try folder.write("good.jsonl", "{\"text\": \"x\"}\n")
        ])
        let bad = CorpusConfiguration(
            inputs: [try folder.write("bad.jsonl", "{\"text\": \"y\"}\n{\"text\": 5}\n")])
        let directory = folder.path + "/out/deep"
        func run(_ corpus: CorpusConfiguration, _ stop: StopSignal = StopSignal()) async throws {
            _ = try await RefineStage.run(
                corpus: corpus, refinement: RefinementConfiguration(),
                destination: .directory(directory), work: WorkContext(threadCount: 2, stop: stop))
        }
        await #expect(throws: CorpusError.self) { try await run(bad) }
        #expect(!FileManager.default.fileExists(atPath: directory))
        try await run(good)
        let files = try folder.files(in: "out/deep")
        #expect(files.keys.sorted() == ["part_000000.jsonl.zst", "report.json"])
        await #expect(throws: CorpusError.self) { try await run(bad) }
        let stopped = StopSignal()
        stopped.request()
        await #expect(throws: PipelineError.interrupted) { try await run(good, stopped) }
        #expect(try folder.files(in: "out/deep") == files)
        #expect(try names(in: "out") == ["deep"])
        // Leftovers of a killed run are no obstacle.
        try FileManager.default.createDirectory(
            atPath: directory + ".b1c2d3.partial", withIntermediateDirectories: true)
        _ = try folder.write("out/deep.b1c2d3.partial/part_000000.jsonl.zst", "half")
        // Killed between the moves of the earlier result and its own.
        try FileManager.default.moveItem(atPath: directory, toPath: directory + ".replaced")
        await #expect(throws: CorpusError.self) { try await run(bad) }
        #expect(try folder.files(in: "out/deep") == files)
        try await run(good)
        #expect(try names(in: "out") == ["deep"])
        #expect(try folder.files(in: "out/deep") == files)
    }

    @Test("something else in the place of the result is not touched")
    func occupied() async throws {
        for name in ["in", "out"] {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/" + name, withIntermediateDirectories: false)
        }
        let corpus = CorpusConfiguration(inputs: [try folder.write("in/a.txt", "text")])
        _ = try folder.write("file", "text")
        _ = try folder.write("out/file", "text")
        for path in [folder.path + "/out", folder.path + "/file"] {
            await #expect(throws: RefinementError.occupied(path: path)) {
                _ = try await RefineStage.run(
                    corpus: corpus, refinement: RefinementConfiguration(),
                    destination: .directory(path), work: WorkContext(threadCount: 1))
            }
        }
        #expect(try names(in: "") == ["file", "in", "out"])
    }

    @Test("removing everything is an error that says which step did")
    func nothingLeft() async throws {
        let corpus = CorpusConfiguration(inputs: [try folder.write("a.txt", "text")])
        var refinement = RefinementConfiguration()
        refinement.filter.minimumByteCount = 100
        let error = await #expect(throws: PipelineError.self) {
            _ = try await RefineStage.run(
                corpus: corpus, refinement: refinement,
                destination: .directory(folder.path + "/out"), work: WorkContext(threadCount: 1))
        }
        #expect("\(error!)".contains("min_bytes 1"))
    }
}
