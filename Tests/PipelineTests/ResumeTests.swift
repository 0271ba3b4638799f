import Corpora
import Files
import Foundation
import Synchronization
import Testing
import TokenShards
import Tokenization
import Training
import VocabularyLearning
import Work

@testable import Pipeline

@Suite struct ResumeTests {
    private let folder: TemporaryFolder
    private let corpus: CorpusConfiguration
    private let vocabulary: Vocabulary
    private let shards: ShardConfiguration

    /// Three files that make two parts, each of several shards and chunks.
    init() async throws {
        folder = try TemporaryFolder()
        var inputs: [String] = []
        for file in 0..<3 {
            var text = ""
            for number in 0..<120 {
                text += "Day \(number) of \(file): the mill turned \(number % 7) times and ground "
                text += String(repeating: "corn and rye, ", count: number % 9) + "all told.\n\n"
            }
            inputs.append(try folder.write("\(file).txt", text))
        }
        corpus = CorpusConfiguration(
            inputs: inputs, textSeparator: "\n\n", validationFraction: 0.2)
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 300
        vocabulary = try await VocabStage.run(
            corpus: corpus, vocabulary: configuration, directory: folder.path + "/vocab",
            work: WorkContext(threadCount: 2)
        ).vocabulary
        var shards = ShardConfiguration()
        shards.tokensPerShard = 2_000
        shards.partBytes = 20_000
        self.shards = shards
    }

    private func surroundings(
        _ existing: EncodeStage.ExistingWork = .refuse, journalInterval: Duration = .seconds(5),
        afterStep: @escaping @Sendable () -> Void = {}
    ) -> EncodeStage.Surroundings {
        var surroundings = EncodeStage.Surroundings(
            existing: existing, journalInterval: journalInterval)
        surroundings.chunkByteCount = 1_300
        surroundings.syncedByteCount = 1_000
        surroundings.afterStep = afterStep
        return surroundings
    }

    @discardableResult
    private func encode(
        _ name: String, _ surroundings: EncodeStage.Surroundings,
        shards: ShardConfiguration? = nil, corpus: CorpusConfiguration? = nil,
        report: @escaping (PipelineEvent) -> Void = { _ in }
    ) async throws -> ShardManifest {
        try await EncodeStage.run(
            corpus: corpus ?? self.corpus, vocabulary: vocabulary, shards: shards ?? self.shards,
            directory: folder.path + "/" + name, surroundings: surroundings,
            work: WorkContext(threadCount: 2, report: report))
    }

    /// Copies the data set `name` as it is at each step of an encoding, as a kill there would leave
    /// it.
    private func encodeTakingCopies(_ name: String, _ step: Duration = .zero) async throws -> Int {
        let count = Mutex(0)
        let path = folder.path
        try await encode(
            name,
            surroundings(journalInterval: step) {
                count.withLock { count in
                    // A file that is replaced while the copy is made spoils it; there are enough
                    // others.
                    let copied: Void? = try? FileManager.default.copyItem(
                        atPath: path + "/" + name, toPath: "\(path)/killed-\(count)")
                    if copied != nil {
                        count += 1
                    } else {
                        try? FileManager.default.removeItem(atPath: "\(path)/killed-\(count)")
                    }
                }
            })
        return count.withLock(\.self)
    }

    private func names(_ name: String) throws -> [String] {
        try FileSystem.namesInDirectory(folder.path + "/" + name)
    }

    @Test func `killed at any of a hundred steps and started again, the bytes are the same`()
        async throws
    {
        let manifest = try await encode("whole", surroundings())
        #expect(manifest.shards.count > 6)
        let whole = try folder.files(in: "whole")

        // There is an earlier data set in the place, which stays until the new one is whole.
        var small = corpus
        small.inputs = [corpus.inputs[0]]
        try await encode("set", surroundings(), corpus: small)
        let count = try await encodeTakingCopies("set")
        #expect(try folder.files(in: "set") == whole)
        #expect(count >= 100)
        var continuedCount = 0
        for number in 0..<count {
            let name = "killed-\(number)"
            let isCommitted = try names(name).contains {
                DataSetAssembly.isCommitted(in: "\(folder.path)/\(name)/\($0)")
            }
            let hasWork = try names(name).contains {
                EncodingWorkspace.holdsWork("\(folder.path)/\(name)/\($0)")
            }
            if !isCommitted, hasWork {
                let old = try ShardSet(directory: folder.path + "/" + name)
                #expect(old.manifest.sources.count == 1)
            }
            try await encode(name, surroundings()) { event in
                if case .progress(let progress) = event,
                    progress.activity == "finding the place"
                {
                    continuedCount += 1
                }
            }
            #expect(try folder.files(in: name) == whole, "killed at step \(number)")
            try FileManager.default.removeItem(atPath: folder.path + "/" + name)
        }
        #expect(continuedCount > 50)
    }

    @Test func `what the disk lost of a part is noticed, and the part begins again`() async throws {
        try await encode("whole", surroundings())
        let whole = try folder.files(in: "whole")
        let count = try await encodeTakingCopies("set")
        var noticeCount = 0
        for number in stride(from: 3, to: count, by: 5) {
            let name = "killed-\(number)"
            let root = folder.path + "/" + name
            // Committed work is on the disk.
            guard
                try names(name).contains(where: { EncodingWorkspace.holdsWork("\(root)/\($0)") }),
                try !names(name).contains(where: {
                    DataSetAssembly.isCommitted(in: "\(root)/\($0)")
                })
            else { continue }
            for file in try FileManager.default.subpathsOfDirectory(atPath: root)
            where file.contains("part-") && file.hasSuffix(".bin") {
                var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: root + "/" + file)))
                guard bytes.count > 1_100 else { continue }
                // Power that fails may leave zeros or a shorter file.
                if number % 2 == 0 {
                    bytes.removeLast(bytes.count - 1_050)
                } else {
                    bytes[1_040] ^= 4
                }
                try Data(bytes).write(to: URL(fileURLWithPath: root + "/" + file))
            }
            try await encode(name, surroundings()) { event in
                if case .notice(let text) = event, text.contains("begins again") {
                    noticeCount += 1
                }
            }
            // The bytes of shards that were closed are read only by who verifies.
            if try folder.files(in: name) != whole {
                #expect(number % 2 == 1)
                await #expect(throws: ShardError.self) {
                    try await ShardSet(directory: root).verify()
                }
            }
        }
        #expect(noticeCount > 5)
    }

    @Test func `unfinished work on something else is refused, and removed on request`()
        async throws
    {
        let count = try await encodeTakingCopies("set")
        let name = "killed-\(count / 3)"
        var others = shards
        others.tokensPerShard = 3_000
        let error = await #expect(throws: PipelineError.self) {
            try await encode(name, surroundings(), shards: others)
        }
        #expect("\(error, default: "")".contains("unfinished work on other settings"))
        var fewer = corpus
        fewer.inputs.remove(at: 1)
        let left = await #expect(throws: PipelineError.self) {
            try await encode(name, surroundings(), corpus: fewer)
        }
        #expect("\(left, default: "")".contains("work on other inputs (\(corpus.inputs[1]))"))
        #expect(try await encode(name, surroundings(.replace), corpus: fewer).sources.count == 2)
        #expect(try names(name).allSatisfy { !$0.hasPrefix("unfinished-") })
    }

    @Test func `any number of ranks make the bytes of one process`() async throws {
        var shards = shards
        shards.partBytes = 1
        let manifest = try await encode("whole", surroundings(), shards: shards)
        let whole = try folder.files(in: "whole")
        for world in 2...5 {
            let directory = folder.path + "/ranks-\(world)"
            for rank in (0..<world).reversed() {
                if rank == 0 {
                    let error = #expect(throws: PipelineError.self) {
                        try EncodeStage.finish(directory: directory)
                    }
                    #expect(
                        "\(error, default: "")".contains(
                            "part 0 (rank 0 of \(world), from \(corpus.inputs[0])): not begun"))
                }
                let outcome = try await EncodeStage.encodeShare(
                    WorkShare(rank: rank, world: world), corpus: corpus, vocabulary: vocabulary,
                    shards: shards, directory: directory, surroundings: surroundings(),
                    work: WorkContext(threadCount: 2))
                #expect(outcome.partCount == 3)
                #expect(outcome.ownPartCount == (3 - rank + world - 1) / world)
            }
            #expect(try EncodeStage.finish(directory: directory) == manifest)
            #expect(try folder.files(in: "ranks-\(world)") == whole)
            #expect(try EncodeStage.finish(directory: directory) == manifest)
        }
    }

    @Test(arguments: ["removed", "damaged", "cut", "of another version"])
    func `a plan that cannot be read is named, and encoding again mends it`(how: String)
        async throws
    {
        let manifest = try await encode("whole", surroundings())
        let directory = folder.path + "/set"
        for rank in 0..<2 {
            _ = try await EncodeStage.encodeShare(
                WorkShare(rank: rank, world: 2), corpus: corpus, vocabulary: vocabulary,
                shards: shards, directory: directory, surroundings: surroundings(),
                work: WorkContext(threadCount: 2))
        }
        let work = try #require(EncodingWorkspace.names(in: directory).first)
        let path = "\(directory)/\(work)/plan.json"
        var bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        let reason: String
        switch how {
        case "removed":
            try FileManager.default.removeItem(atPath: path)
            reason = "it is not there"
        case "of another version":
            try SealedJSON.write(["version": 2], to: path)
            reason = "another version wrote it: "
        default:
            if how == "cut" { bytes.removeLast(20) } else { bytes[bytes.count / 2] ^= 1 }
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            reason = "it is not as it was written"
        }
        let error = #expect(throws: PipelineError.self) {
            try EncodeStage.finish(directory: directory)
        }
        let text = "\(error, default: "")"
        #expect(text.hasPrefix("\(path) cannot be read: \(reason)"), "\(text)")
        #expect(text.contains("encode again as before"))

        // As the message says, any rank writes it anew, and nothing is encoded twice.
        var encodedCount = 0
        _ = try await EncodeStage.encodeShare(
            WorkShare(rank: 1, world: 2), corpus: corpus, vocabulary: vocabulary, shards: shards,
            directory: directory, surroundings: surroundings(),
            work: WorkContext(threadCount: 2) { event in
                if case .progress = event { encodedCount += 1 }
            })
        #expect(encodedCount == 0)
        #expect(try EncodeStage.finish(directory: directory) == manifest)
        #expect(try folder.files(in: "set") == folder.files(in: "whole"))
    }

    @Test func `work on several data sets is not finished without a word of which`() async throws {
        let manifest = try await encode("whole", surroundings())
        let directory = folder.path + "/set"
        func encodeShare(_ tokens: Int, _ existing: EncodeStage.ExistingWork) async throws {
            var shards = shards
            shards.tokensPerShard = tokens
            _ = try await EncodeStage.encodeShare(
                WorkShare(rank: 1, world: 2), corpus: corpus, vocabulary: vocabulary,
                shards: shards, directory: directory, surroundings: surroundings(existing),
                work: WorkContext(threadCount: 2))
        }
        // A rank that is not the first leaves the work of others where it is.
        try await encodeShare(3_000, .replace)
        try await encodeShare(shards.tokensPerShard, .replace)
        let works = EncodingWorkspace.names(in: directory)
        #expect(works.count == 2)
        let error = #expect(throws: PipelineError.self) {
            try EncodeStage.finish(directory: directory)
        }
        #expect(error == .severalWorks(directory: directory, names: works))
        #expect(works.allSatisfy { "\(error, default: "")".contains($0) })
        try await encode("set", surroundings(.replace))
        #expect(try EncodeStage.finish(directory: directory) == manifest)
    }

    @Test func `two processes do not work on the same part`() async throws {
        let directory = folder.path + "/set"
        let plan = try EncodingPlan(
            corpus: corpus, inputs: corpus.findInputs().paths,
            format: ShardFormat(shards, vocabulary: vocabulary), partBytes: shards.partBytes)
        let workspace = try EncodingWorkspace(directory: directory, plan: plan)
        try FileSystem.makeDirectory(workspace.path)
        let lock = try #require(
            try FileLock(path: workspace.directory(ofPart: 0) + ".lock", .exclusive))
        await #expect(throws: PipelineError.busy(directory: workspace.directory(ofPart: 0))) {
            try await encode("set", surroundings())
        }
        withExtendedLifetime(lock) {}
    }

    @Test func `a part that left lines out is read again by who allows none`() async throws {
        let path = try folder.write("web.jsonl", "{\"text\": \"the mill\"}\nnonsense\n")
        var web = CorpusConfiguration(inputs: [path], onError: .skip)
        _ = try await EncodeStage.encodeShare(
            WorkShare(rank: 0, world: 2), corpus: web, vocabulary: vocabulary, shards: shards,
            directory: folder.path + "/set", surroundings: surroundings(),
            work: WorkContext(threadCount: 2))
        web.onError = .fail
        await #expect(throws: CorpusError.self) {
            try await encode("set", surroundings(), corpus: web)
        }
        web.onError = .skip
        #expect(try await encode("set", surroundings(), corpus: web).skipped.lines == 1)
    }
}

@Suite struct EncodingPlanTests {
    private func divide(_ sizes: [Int?], _ partBytes: Int) -> [[String]] {
        EncodingPlan.divide(
            sizes.enumerated().map { .init(path: "\($0.offset)", bytes: $0.element) },
            partBytes: partBytes
        ).map { $0.map(\.path) }
    }

    @Test func `files are put together in their order until they have the bytes of a part`() {
        #expect(divide([5, 5, 5, 5, 5], 10) == [["0", "1"], ["2", "3"], ["4"]])
        #expect(divide([30, 1, 1, 30], 10) == [["0"], ["1", "2", "3"]])
        #expect(divide([1, 1, 1], 10) == [["0", "1", "2"]])
        #expect(divide([1, nil, 1, 1], 10) == [["0"], ["1"], ["2", "3"]])
        #expect(divide([], 10) == [])
    }

    @Test func `every part belongs to one rank`() {
        for world in 1...7 {
            let all = (0..<world).flatMap { Array(WorkShare(rank: $0, world: world).parts(of: 5)) }
            #expect(all.sorted() == Array(0..<5))
        }
    }

    @Test(
        arguments: [
            ([:], nil, nil, 0, 1),
            (["RANK": "2", "WORLD_SIZE": "3"], nil, nil, 2, 3),
            (["SLURM_PROCID": "1", "SLURM_NTASKS": "4"], nil, nil, 1, 4),
            (
                [
                    "OMPI_COMM_WORLD_RANK": "3", "OMPI_COMM_WORLD_SIZE": "4", "SLURM_PROCID": "0",
                    "SLURM_NTASKS": "1",
                ], nil, nil, 3, 4
            ),
            (["PMI_RANK": "0", "PMI_SIZE": "2"], nil, nil, 0, 2),
            (
                [
                    "SLURM_ARRAY_TASK_ID": "14", "SLURM_ARRAY_TASK_MIN": "10",
                    "SLURM_ARRAY_TASK_COUNT": "6", "SLURM_ARRAY_TASK_STEP": "2",
                    "SLURM_PROCID": "0",
                    "SLURM_NTASKS": "1",
                ], nil, nil, 2, 6
            ),
            (["JOB_COMPLETION_INDEX": "5"], nil, 8, 5, 8),
            (["JOB_COMPLETION_INDEX": "5"], nil, nil, 0, 1),
            (["RANK": "2", "WORLD_SIZE": "3"], 0, 5, 0, 5),
            (["RANK": "2", "WORLD_SIZE": "3"], nil, 1, 0, 1),
        ] as [([String: String], Int?, Int?, Int, Int)])
    func `the rank is that of the flags, or else of the launcher`(
        environment: [String: String], rank: Int?, world: Int?, expectedRank: Int,
        expectedWorld: Int
    ) throws {
        let share = try WorkShare.find(rank: rank, world: world, environment: environment).share
        #expect(share == WorkShare(rank: expectedRank, world: expectedWorld))
    }

    @Test(
        arguments: [
            ([:], 1, nil), ([:], nil, 3), ([:], 3, 3), ([:], -1, 3),
            (["RANK": "x", "WORLD_SIZE": "2"], nil, nil),
            (["SLURM_PROCID": "4", "SLURM_NTASKS": "4"], nil, nil),
        ] as [([String: String], Int?, Int?)])
    func `a rank that cannot be is refused`(
        environment: [String: String], rank: Int?, world: Int?
    ) {
        #expect(throws: PipelineError.self) {
            try WorkShare.find(rank: rank, world: world, environment: environment)
        }
    }
}
