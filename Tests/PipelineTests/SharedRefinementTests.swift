import Corpora
import Files
import Foundation
import Synchronization
import Testing
import Work

@testable import Pipeline
@testable import Refinement

/// Refining by several processes, held to what one process makes.
@Suite struct SharedRefinementTests {
    private let folder: TemporaryFolder
    private let corpus: CorpusConfiguration

    init() throws {
        folder = try TemporaryFolder()
        var random = SplitMix64(seed: 3)
        func next(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
        var texts: [String] = []
        var prose: [Int] = []
        for index in 0..<500 {
            let words = (0..<40 + next(80)).map { _ in "w\(next(900))" }
            switch index == 0 ? 2 : next(5) {
            case 0: texts.append(texts[next(index)])
            case 1:
                var near = texts[next(index)].split(separator: " ").map(String.init)
                near[next(near.count)] = "changed\(index)"
                texts.append(near.joined(separator: " "))
            case 2:
                prose.append(index)
                texts.append(Self.prose(index, &random))
            default: texts.append(words.joined(separator: " "))
            }
        }
        var inputs: [String] = []
        for file in 0..<4 {
            let lines = texts[file * 100..<(file + 1) * 100].enumerated().map {
                "{\"id\": \($0), \"text\": \"\($1)\", \"url\": \"a/\($0)\"}"
            }
            inputs.append(
                try folder.write("\(file).jsonl", lines.joined(separator: "\n") + "\n"))
        }
        inputs.append(try folder.write("4.txt", texts[400...].joined(separator: "\n\n")))
        // Of this file no document stays, and of the next one there is none.
        inputs.append(try folder.write("5.txt", texts[7]))
        inputs.append(try folder.write("6.txt", " \n\n\n\n "))
        corpus = CorpusConfiguration(inputs: inputs, textSeparator: "\n\n")
        func asked(_ place: Int) -> String { "{\"q\": \"\(texts[prose[place]])\"}\n" }
        _ = try folder.write("asked.jsonl", asked(3) + asked(5))
        _ = try folder.write("asked.txt", asked(5) + "too short\n" + asked(20))
        // Another corpus, of texts as they are and a little changed, and another in two files.
        func seen(_ places: [Int]) -> String {
            places.map { place in
                let text = place % 2 == 0 ? texts[place] : texts[place] + " Seen \(place)"
                return "{\"text\": \"\(text)\"}\n"
            }.joined()
        }
        _ = try folder.write("seen.jsonl", seen(Array(0..<40) + [4, 4, 7]) + "{\"text\": \".\"}")
        for file in 0..<2 {
            try FileManager.default.createDirectory(
                atPath: folder.path + "/known/\(file)", withIntermediateDirectories: true)
            _ = try folder.write(
                "known/\(file)/\(file).jsonl", seen(Array(30 + 20 * file..<60 + 20 * file)))
        }
    }

    /// Sentences that rules of quality keep and change.
    private static func prose(_ number: Int, _ random: inout SplitMix64) -> String {
        let words = [
            "the", "mill", "of", "and", "have", "river", "turned", "with", "grain", "that",
        ]
        return (0..<8).map { line in
            let count = Int.random(in: 6..<14, using: &random)
            let drawn = (0..<count).map { _ in words.randomElement(using: &random)! }
            let end = line == number % 8 ? " [1]" : "."
            return "It \(drawn.joined(separator: " ")) \(number)\(end)"
        }.joined(separator: "\\n")
    }

    private var settings: RefineStage.ShareSettings {
        var settings = RefineStage.ShareSettings(partBytes: 20_000)
        settings.partitionCount = 3
        settings.stretchByteCount = 30_000
        settings.chunkByteCount = 9_000
        settings.pollInterval = .milliseconds(2)
        return settings
    }

    private var noMemory: RefinementMemory {
        var memory = RefinementMemory(ByteSize(byteCount: 0), threadCount: 1)
        memory.clusters = 1 << 20
        return memory
    }

    private var near: RefinementConfiguration {
        var refinement = RefinementConfiguration()
        refinement.filter.minimumWordCount = 50
        refinement.removesNearDuplicates = true
        refinement.partByteCount = 40_000
        return refinement
    }

    /// Refinements of every kind of rule, order and form.
    private func refinements() -> [RefinementConfiguration] {
        var exact = RefinementConfiguration()
        exact.partByteCount = 30_000
        exact.keptFields = ["url", "id"]
        var shuffled = near
        shuffled.shuffles = true
        shuffled.shuffleSeed = 1 << 60
        var rules = near
        rules.filter = DocumentFilter()
        rules.rules = ["c4", "gopher-repetition", "c4-sentences=2"]
        rules.evaluationPaths = ["asked.jsonl", "asked.txt"].map { folder.path + "/" + $0 }
        rules.keptFields = ["id"]
        rules.partByteCount = 8_000
        var rows = shuffled
        rows.partFormat = .parquet
        rows.removesDuplicates = false
        var plainRows = exact
        plainRows.keptFields = []
        plainRows.partFormat = .parquet
        var nothing = RefinementConfiguration()
        nothing.removesDuplicates = false
        nothing.shuffles = true
        let seen = ["seen.jsonl", "known"].map { folder.path + "/" + $0 }
        let unseen = [exact, near, shuffled, rules].map { refinement in
            var refinement = refinement
            refinement.otherPaths = seen
            return refinement
        }
        return [exact, near, shuffled, rules, rows, plainRows, nothing] + unseen
    }

    /// Refines with one process; returns the report.
    private func refineAlone(
        _ name: String, _ refinement: RefinementConfiguration,
        corpus: CorpusConfiguration? = nil
    ) async throws -> RefinementReport {
        try await RefineStage.run(
            corpus: corpus ?? self.corpus, refinement: refinement,
            destination: .directory(folder.path + "/" + name),
            removedPath: folder.path + "/" + name + ".removed",
            work: WorkContext(threadCount: 2))
    }

    /// Refines with several at once, which know nothing of one another; returns what each did.
    @discardableResult
    private func refineTogether(
        _ name: String, _ refinement: RefinementConfiguration, world: Int, threadCount: Int = 1,
        memory: RefinementMemory? = nil, corpus: CorpusConfiguration? = nil,
        settings: RefineStage.ShareSettings? = nil
    ) async throws -> [RefineStage.ShareOutcome] {
        let (corpus, settings) = (corpus ?? self.corpus, settings ?? self.settings)
        let memory = memory ?? RefinementMemory(refinement.memory, threadCount: 1)
        let path = folder.path + "/" + name
        return try await withThrowingTaskGroup(of: RefineStage.ShareOutcome.self) { group in
            for rank in 0..<world {
                group.addTask {
                    try await RefineStage.runShare(
                        WorkShare(rank: rank, world: world), corpus: corpus,
                        refinement: refinement, memory: memory, directory: path,
                        removedPath: path + ".removed", settings: settings,
                        work: WorkContext(threadCount: threadCount))
                }
            }
            var outcomes: [RefineStage.ShareOutcome] = []
            while let outcome = try await group.next() { outcomes.append(outcome) }
            return outcomes
        }
    }

    private func finish(_ name: String) throws -> RefinementReport {
        try RefineStage.finish(directory: folder.path + "/" + name)
    }

    private func bytes(_ name: String) -> Data? {
        FileManager.default.contents(atPath: folder.path + "/" + name)
    }

    /// What stands beside the result and is none of it.
    private func remains(_ name: String) throws -> [String] {
        try FileSystem.namesInDirectory(folder.path).filter {
            $0.hasPrefix(name + ".") && $0 != name + ".removed"
        }
    }

    @Test(arguments: [(1, 3), (3, 1), (8, 2)])
    func `the bytes are those of one process, for every rule, order and form`(
        world: Int, threadCount: Int
    ) async throws {
        for (number, refinement) in refinements().enumerated() {
            let (alone, together) = ("alone\(number)", "together\(number)")
            let report = try await refineAlone(alone, refinement)
            #expect(report.parts.count > 1 || refinement.partByteCount > 1 << 20)
            let outcomes = try await refineTogether(
                together, refinement, world: world, threadCount: threadCount,
                memory: number % 2 == 0 ? nil : noMemory)
            // Each unit has one process.
            let units = Set(outcomes.map(\.unitCount))
            #expect(units.count == 1)
            #expect(outcomes.reduce(0) { $0 + $1.ownUnitCount } == units.first)
            #expect(outcomes[0].partCount > 3)
            #expect(try finish(together) == report)
            #expect(try folder.files(in: together) == folder.files(in: alone))
            #expect(bytes(together + ".removed") == bytes(alone + ".removed"))
            #expect(try remains(together) == [])
            // Once more there is nothing to do.
            #expect(try finish(together) == report)
        }
    }

    @Test func `every step that could go wrong was met`() async throws {
        let report = try await refineAlone("alone", refinements()[3])
        for step in ["c4-citations", "gopher-repeated-lines"] {
            #expect(report.steps.contains { $0.name == step })
        }
        #expect(report.steps.contains { $0.removedParts != nil })
        #expect(report.steps.suffix(3).allSatisfy { $0.removed.documents > 0 })
        #expect(report.evaluations?.map(\.documents).min() ?? 0 > 0)
        let last = try #require(report.steps.last)
        #expect(last.examples.count == RefinementReport.keptExampleCount)
        #expect(last.removed.documents > last.examples.count)
    }

    @Test func `killed at any step, and gone on with by others, the bytes are the same`()
        async throws
    {
        let refinement = refinements()[2]
        _ = try await refineAlone("alone", refinement)
        let whole = try folder.files(in: "alone")
        let path = folder.path
        var copies = 0
        _ = try await RefineStage.runShare(
            WorkShare(rank: 0, world: 2), corpus: corpus, refinement: refinement,
            memory: noMemory, directory: path + "/set", settings: settings,
            work: WorkContext(threadCount: 1) { _ in
                // What a kill would leave now, with locks that nobody holds.
                for name in (try? FileSystem.namesInDirectory(path)) ?? []
                where name.hasPrefix("set.unfinished") {
                    let copy = "\(path)/killed\(copies)" + name.dropFirst(3)
                    if (try? FileManager.default.copyItem(
                        atPath: path + "/" + name, toPath: copy)) != nil
                    {
                        copies += 1
                    }
                }
            })
        #expect(copies > 30)
        for number in stride(from: 0, to: copies, by: 5) {
            let name = "killed\(number)"
            try await refineTogether(
                name, refinement, world: 1 + number % 3, memory: noMemory)
            _ = try finish(name)
            #expect(try folder.files(in: name) == whole, "killed at step \(number)")
            #expect(try remains(name) == [])
        }
    }

    @Test func `what an earlier refinement has kept is held against what comes later`()
        async throws
    {
        var first = corpus
        first.inputs = Array(corpus.inputs[..<2])
        var second = corpus
        second.inputs = Array(corpus.inputs[1...])
        var rows = near
        rows.partFormat = .parquet
        _ = try await refineAlone("rows", rows, corpus: first)
        let earlier = try await refineAlone("lines", near, corpus: first)
        var refinement = near
        var results: [[String: Data]] = []
        for name in ["rows", "lines"] {
            refinement.otherPaths = [folder.path + "/" + name]
            let report = try await refineAlone("new-" + name, refinement, corpus: second)
            let step = try #require(report.steps.first { $0.name == "against" })
            // What was kept of the file that both have goes; by chance, or by a chain of which one
            // is not there any more, something else may stay.
            let (before, now) = (earlier.sources[1], report.sources[0])
            #expect(before.path == corpus.inputs[1] && now.path == corpus.inputs[1])
            #expect(step.removed.documents >= before.kept.documents)
            #expect(now.kept.documents <= before.read.documents - before.kept.documents)
            var files = try folder.files(in: "new-" + name)
            files["report.json"] = nil
            results.append(files)
        }
        #expect(results[0] == results[1])
        // The corpus itself, and what the result would replace, are no others.
        refinement.otherPaths = [corpus.inputs[1]]
        await #expect(throws: PipelineError.self) {
            try await refineAlone("new", refinement, corpus: second)
        }
        refinement.otherPaths = [folder.path + "/lines"]
        await #expect(throws: FileError.self) {
            try await refineAlone("lines", refinement, corpus: second)
        }
        await #expect(throws: FileError.self) {
            try await refineTogether("lines", refinement, world: 2, corpus: second)
        }
    }

    @Test func `the end can be killed too`() async throws {
        let refinement = near
        _ = try await refineAlone("alone", refinement)
        let whole = try folder.files(in: "alone")
        // An earlier result, which stays until the new one takes its place.
        _ = try await refineAlone("set", RefinementConfiguration())
        let earlier = try folder.files(in: "set")
        try await refineTogether("set", refinement, world: 2)
        #expect(try folder.files(in: "set") == earlier)
        let name = try #require(try remains("set").first { $0.contains(".unfinished-") })
        let manager = FileManager.default
        let set = folder.path + "/set"
        let workspace = folder.path + "/" + name
        let kept = folder.path + "/kept"
        try manager.copyItem(atPath: workspace, toPath: kept)
        let report = try finish("set")
        // Killed between the moves of the earlier result and its own.
        try manager.removeItem(atPath: set)
        try manager.copyItem(atPath: kept, toPath: workspace)
        _ = try await refineAlone("old", RefinementConfiguration())
        try manager.moveItem(atPath: folder.path + "/old", toPath: set + ".replaced")
        #expect(try finish("set") == report)
        #expect(try folder.files(in: "set") == whole && remains("set") == [])
        // Killed when the result had its name, and the work was still there.
        try manager.copyItem(atPath: kept, toPath: workspace)
        try manager.removeItem(atPath: workspace + "/result")
        #expect(try finish("set") == report)
        #expect(try folder.files(in: "set") == whole && remains("set") == [])
        // Killed while the work was removed, or what gave way: some of that is gone.
        try manager.moveItem(atPath: kept, toPath: set + ".ab12cd.partial")
        try manager.createDirectory(
            atPath: set + ".zzzzzz.partial/en", withIntermediateDirectories: true)
        #expect(try finish("set") == report)
        #expect(try folder.files(in: "set") == whole && remains("set") == [])
        // What has another name is somebody else's.
        let others = [".retired-20", ".partial", ".ab12cd.partial.d", ".AB12CD.partial"]
        for other in others {
            try manager.createDirectory(
                atPath: set + other, withIntermediateDirectories: true)
        }
        #expect(try finish("set") == report)
        #expect(try remains("set") == others.map { "set" + $0 }.sorted())
    }

    @Test func `a process waits for what another one is at, and does it when that is killed`()
        async throws
    {
        let refinement = refinements()[0]
        _ = try await refineAlone("alone", refinement)
        let plan = try RefinementPlan(
            corpus: {
                var corpus = corpus
                corpus.keptFields = refinement.keptFields
                return corpus
            }(), inputs: corpus.inputs, refinement: refinement, removedPath: nil,
            settings: settings)
        let workspace = try RefinementWorkspace(directory: folder.path + "/set", plan: plan)
        try FileSystem.makeDirectory(workspace.path)
        let locks = Mutex<[FileLock]>([])
        for unit in ["measure-000001", "exact-000000"] {
            let lock = try FileLock(path: "\(workspace.path)/\(unit).lock", .exclusive)
            locks.withLock { $0.append(lock!) }
        }
        let waits = Mutex(0)
        var settings = settings
        settings.willWait = {
            waits.withLock { $0 += 1 }
            // The other process is killed, and its lock goes with it.
            if waits.withLock(\.self) % 3 == 0 { locks.withLock { _ = $0.popLast() } }
        }
        let notices = Mutex<[String]>([])
        let outcome = try await RefineStage.runShare(
            WorkShare(rank: 0, world: 2), corpus: corpus, refinement: refinement,
            memory: noMemory, directory: folder.path + "/set", settings: settings,
            work: WorkContext(threadCount: 2) { event in
                if case .notice(let text) = event { notices.withLock { $0.append(text) } }
            })
        #expect(waits.withLock(\.self) == 6)
        #expect(outcome.ownUnitCount == outcome.unitCount)
        let told = notices.withLock(\.self)
        #expect(told.count { $0.contains("nothing is free") } == 1)
        _ = try finish("set")
        #expect(try folder.files(in: "set") == folder.files(in: "alone"))
    }

    @Test func `what the disk lost is done again, and what is damaged is named`() async throws {
        let refinement = refinements()[2]
        _ = try await refineAlone("alone", refinement)
        let whole = try folder.files(in: "alone")
        try await refineTogether("set", refinement, world: 1)
        let name = try #require(try remains("set").first)
        let workspace = folder.path + "/" + name
        let units = [
            "measure-000000", "exact-000000", "bands-000001", "order-000000",
            "scatter-000000", "write-000000", "assemble-000000",
        ]
        for unit in units {
            let files = try FileSystem.namesInDirectory("\(workspace)/\(unit)")
            for file in files {
                try FileSystem.removeItem("\(workspace)/\(unit)/\(file)")
                let missing = #expect(throws: PipelineError.self) { try finish("set") }
                #expect("\(missing!)".contains("run any rank again") || unit == "measure-000000")
                let outcomes = try await refineTogether("set", refinement, world: 1)
                #expect(outcomes[0].ownUnitCount == 1, "\(unit)/\(file)")
            }
        }
        // Whatever is turned around somewhere, the result is the same or there is none.
        var named = 0
        for unit in units.dropLast() {
            for file in try FileSystem.namesInDirectory("\(workspace)/\(unit)") {
                let url = URL(fileURLWithPath: "\(workspace)/\(unit)/\(file)")
                let sound = try Data(contentsOf: url)
                guard !sound.isEmpty else { continue }
                var damaged = sound
                damaged[damaged.count / 2] ^= 0x40
                try damaged.write(to: url)
                // All that comes after it is made again.
                for later in try FileSystem.namesInDirectory(workspace)
                where !later.hasPrefix("measure") && !later.hasPrefix(unit.prefix(4))
                    && !later.hasPrefix("plan") && !later.hasSuffix(".lock")
                {
                    let stages = SharedStage.allCases.map(\.rawValue) + ["result"]
                    let place = stages.firstIndex { later.hasPrefix($0) }!
                    let own = stages.firstIndex { unit.hasPrefix($0) }!
                    if place > own { try FileSystem.removeItem(workspace + "/" + later) }
                }
                do {
                    try await refineTogether("set", refinement, world: 1)
                    let copy = folder.path + "/copy"
                    try FileManager.default.copyItem(atPath: workspace + "/result", toPath: copy)
                    var made = try folder.files(in: "copy")
                    made["report.json"] = whole["report.json"]
                    #expect(made == whole, "\(unit)/\(file)")
                    try FileManager.default.removeItem(atPath: copy)
                } catch RefinementError.damagedUnit(let path) {
                    #expect(path.contains(unit) || path.contains("order"), "\(unit)/\(file)")
                    named += 1
                }
                try sound.write(to: url)
                try await refineTogether("set", refinement, world: 1)
            }
        }
        #expect(named > 5)
        _ = try finish("set")
        #expect(try folder.files(in: "set") == whole)
    }

    @Test func `what cannot be read goes where it would go with one process`() async throws {
        var corpus = corpus
        for (number, path) in corpus.inputs.prefix(3).enumerated() {
            let text = String(decoding: FileManager.default.contents(atPath: path)!, as: UTF8.self)
            _ = try folder.write("\(number).jsonl", "{\"text\": \(number)}\n" + text + "{\"te")
        }
        corpus.onError = .quarantine
        corpus.quarantinePath = folder.path + "/q1"
        let report = try await refineAlone("alone", near, corpus: corpus)
        #expect(report.skipped.lines == 6)
        corpus.quarantinePath = folder.path + "/q2"
        try await refineTogether("set", near, world: 3, corpus: corpus)
        #expect(try finish("set") == report)
        #expect(try folder.files(in: "set") == folder.files(in: "alone"))
        #expect(bytes("q2") == bytes("q1") && bytes("q1") != nil)
        #expect(bytes("q2.reasons.jsonl") == bytes("q1.reasons.jsonl"))
    }

    @Test func `what cannot be done is refused, with what to do`() async throws {
        let refinement = RefinementConfiguration()
        #expect(throws: PipelineError.noRefinement(directory: folder.path + "/set")) {
            try finish("set")
        }
        // Another file is in the place.
        var pipe = corpus
        pipe.inputs = ["-"]
        let refused = await #expect(throws: PipelineError.self) {
            try await refineTogether("set", refinement, world: 2, corpus: pipe)
        }
        #expect("\(refused!)".contains("standard input can be read only once"))
        // Stopped in the middle.
        let stop = StopSignal()
        await #expect(throws: PipelineError.interrupted) {
            try await RefineStage.runShare(
                WorkShare(rank: 0, world: 2), corpus: corpus, refinement: refinement,
                memory: noMemory, directory: folder.path + "/set", settings: settings,
                work: WorkContext(threadCount: 1, stop: stop) { _ in stop.request() })
        }
        let unfinished = #expect(throws: PipelineError.self) { try finish("set") }
        #expect("\(unfinished!)".contains("of the stage \"measuring\""))
        // Other settings.
        var other = refinement
        other.shuffles = true
        await #expect(throws: PipelineError.self) {
            try await refineTogether("set", other, world: 2)
        }
        // A file that changes after it was planned.
        let path = corpus.inputs[3]
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let changed = Mutex(false)
        await #expect(throws: PipelineError.changedWhileRefined(path: path)) {
            try await RefineStage.runShare(
                WorkShare(rank: 0, world: 2), corpus: corpus, refinement: refinement,
                memory: noMemory, directory: folder.path + "/set", settings: settings,
                work: WorkContext(threadCount: 1) { _ in
                    guard !changed.withLock(\.self) else { return }
                    changed.withLock { $0 = true }
                    try? Data((text + "\n").utf8).write(to: URL(fileURLWithPath: path))
                })
        }
        await #expect(throws: PipelineError.self) {
            try await refineTogether("set", refinement, world: 2)
        }
        for name in try remains("set") { try FileSystem.removeItem(folder.path + "/" + name) }
        // Nothing is left.
        other.filter.minimumByteCount = 1 << 30
        try await refineTogether("set", other, world: 2)
        let empty = #expect(throws: PipelineError.self) { try finish("set") }
        #expect("\(empty!)".contains("min_bytes 501"))
    }
}
