import Files
import Foundation
import Testing
import TokenShards
import Work

@testable import Training

/// A run with checkpoints of the steps 8, 10 and 12, of which `best` and `latest` are two.
final class CheckpointFixture {
    let base: TrainingFixture
    let store: CheckpointStore

    init() async throws {
        base = try TrainingFixture()
        store = CheckpointStore(runDirectory: base.path("run"))
        _ = try await base.trainer("run", configuration: Self.configuration).run()
    }

    /// The loss rises from step 8 on, for the rate is far too high then.
    static var configuration: TrainingConfiguration {
        var configuration = TrainingFixture.configuration
        configuration.checkpointEvery = 2
        configuration.keepCheckpoints = 3
        return configuration
    }

    func resume(
        _ existing: Trainer.ExistingRun = .resume, steps: Int? = nil
    ) async throws -> (summary: TrainingSummary, notes: [String]) {
        var configuration = Self.configuration
        configuration.steps = steps ?? configuration.steps
        var notes: [String] = []
        let trainer = try base.trainer("run", configuration: configuration, existing: existing)
        let summary = try await trainer.run { event in
            if case .began(let plan) = event { notes = plan.notes }
        }
        return (summary, notes)
    }

    var names: [String] {
        get throws { try FileSystem.namesInDirectory(store.directory) }
    }

    func target(_ pointer: CheckpointStore.Pointer) -> String? {
        FilePointer.target(at: store.path(of: pointer))
    }

    /// The files of the checkpoint of a step.
    func files(ofStep step: Int) throws -> [String: Data] {
        let directory = store.directory + "/" + CheckpointStore.name(ofStep: step)
        var files: [String: Data] = [:]
        for name in try FileSystem.namesInDirectory(directory) {
            files[name] = FileManager.default.contents(atPath: directory + "/" + name)
        }
        return files
    }

    /// Flips a bit of a file of the checkpoint of a step.
    func flip(_ bit: Int, of name: String, step: Int) throws {
        let path = store.directory + "/" + CheckpointStore.name(ofStep: step) + "/" + name
        var bytes = Array(try #require(FileManager.default.contents(atPath: path)))
        bytes[bit / 8] ^= 1 << UInt8(bit % 8)
        try Data(bytes).write(to: URL(fileURLWithPath: path))
    }
}

@Suite struct CheckpointTests {
    @Test func `every file has its hash in the manifest, and any flipped bit is found`()
        async throws
    {
        let fixture = try await CheckpointFixture()
        let store = fixture.store
        let files = try fixture.files(ofStep: 12)
        #expect(files.count >= 10)
        let older = store.directory + "/step-00000010"
        for (name, data) in files.sorted(by: { $0.key < $1.key }) {
            let bits = data.count * 8
            for bit in stride(from: 0, to: bits, by: max(1, bits / 5)) {
                try fixture.flip(bit, of: name, step: 12)
                let continuation = try store.continuation(.resume)
                #expect(continuation.checkpoint == older, "\(name), bit \(bit)")
                #expect(continuation.left == ["step-00000012"])
                #expect(continuation.notes.first?.contains("/step-00000012 is damaged (") == true)
                let error = #expect(throws: TrainingError.self) {
                    try CheckpointStore.soundModelDirectory(at: store.directory + "/step-00000012")
                }
                #expect(
                    "\(error, default: "")".contains(
                        "newest sound checkpoint of its run is \(older)"))
                try fixture.flip(bit, of: name, step: 12)
            }
        }
        #expect(try store.continuation(.resume).checkpoint == store.latest)
    }

    @Test(arguments: ["model.safetensors", "optimizer.safetensors", "training_state.json"])
    func `a run whose newest checkpoint is damaged goes on from the one before, to the same bytes`(
        name: String
    ) async throws {
        let fixture = try await CheckpointFixture()
        let whole = try fixture.files(ofStep: 12)
        try fixture.flip(8 * 700 + 3, of: name, step: 12)
        let (summary, notes) = try await fixture.resume()
        #expect(summary.isComplete)
        #expect(notes.count == 2)
        #expect(
            notes.first?.contains(name) == true && notes.last?.contains("step-00000010") == true)
        #expect(try fixture.files(ofStep: 12) == whole)
        #expect(try fixture.names.contains("set-aside-after-step-00000010"))
        #expect(fixture.target(.latest) == "step-00000012")
        // What is set aside counts no more, and the next run has nothing to say.
        #expect(try await fixture.resume().notes == [])
    }

    @Test func `an older checkpoint that is damaged is named, and set aside`() async throws {
        let fixture = try await CheckpointFixture()
        try fixture.flip(8 * 700 + 3, of: "optimizer.safetensors", step: 10)
        let (_, notes) = try await fixture.resume()
        #expect(
            notes.contains { $0.contains("step-00000010 is damaged (optimizer.safetensors is not") }
        )
        #expect(!fixture.store.entries.contains { $0.step == 10 })
        #expect(try await fixture.resume().notes == [])
    }

    @Test func `numbers that no run has are refused where no manifest guards them`() async throws {
        let fixture = try await CheckpointFixture()
        let directory = fixture.store.directory + "/step-00000012"
        for entry in fixture.store.entries {
            try FileManager.default.removeItem(atPath: entry.path + "/manifest.json")
        }
        let path = directory + "/training_state.json"
        let text = String(
            decoding: try #require(FileManager.default.contents(atPath: path)), as: UTF8.self)
        for (key, value) in [
            ("position", "-1"), ("position", "9223372036854775807"), ("step", "-1"),
            ("tokens", "1e300"), ("batch_size", "0"), ("learning_rate", "-1"),
        ] {
            let pattern = try Regex("\"\(key)\" ?: ?[0-9.e-]+")
            let bad = text.replacing(pattern, with: "\"\(key)\": \(value)", maxReplacements: 1)
            #expect(bad != text)
            try Data(bad.utf8).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: TrainingError.self) {
                try CheckpointStore.state(of: directory)
            }
            let sentence = "\(error, default: "")"
            #expect(sentence.contains(key == "tokens" ? "a number" : key), "\(sentence)")
        }
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        // The last moment becomes NaN.
        let moments = directory + "/optimizer.safetensors"
        var bytes = Array(try #require(FileManager.default.contents(atPath: moments)))
        bytes.replaceSubrange(bytes.count - 4..<bytes.count, with: [0, 0, 0xC0, 0x7F])
        try Data(bytes).write(to: URL(fileURLWithPath: moments))
        let error = await #expect(throws: TrainingError.self) { try await fixture.resume() }
        #expect("\(error, default: "")".contains("is not finite"))
    }

    @Test func `a run of which nothing is sound is named, and nothing of it is removed`()
        async throws
    {
        let fixture = try await CheckpointFixture()
        for step in fixture.store.entries.map(\.step) {
            try fixture.flip(8 * 900, of: "model.safetensors", step: step)
        }
        let names = try fixture.names
        let error = await #expect(throws: TrainingError.self) { try await fixture.resume() }
        for step in ["8", "10", "12"] where names.contains(where: { $0.hasSuffix(step) }) {
            #expect("\(error, default: "")".contains("\(step) (model.safetensors is not as it was"))
        }
        #expect(try fixture.names == names)
        #expect(throws: TrainingError.self) { try fixture.store.newestSound() }
        _ = try await fixture.resume(.setAside)
        #expect(try fixture.names.contains("set-aside-after-step-00000000"))
        #expect(fixture.target(.latest) == "step-00000012")
    }

    @Test func `an older run without manifests goes on, with a note, and is sealed from then on`()
        async throws
    {
        let fixture = try await CheckpointFixture()
        for entry in fixture.store.entries {
            try FileSystem.removeFile(entry.path + "/manifest.json")
        }
        let (_, notes) = try await fixture.resume(steps: 14)
        #expect(notes.count == 1 && notes[0].contains("has no manifest.json"))
        #expect(try fixture.files(ofStep: 14)["manifest.json"] != nil)
        // Of a run that has manifests, one that lacks its own has lost it.
        _ = try await fixture.resume(steps: 16)
        try FileSystem.removeFile(fixture.store.directory + "/step-00000016/manifest.json")
        let again = try await fixture.resume(steps: 16)
        #expect(again.notes.first?.contains("manifest.json is missing") == true)
    }

    // MARK: Pointers

    @Test func `whatever a kill between the pointers has left is mended`() async throws {
        let fixture = try await CheckpointFixture()
        let store = fixture.store
        let right = [fixture.target(.latest), fixture.target(.best)]
        #expect(
            right == ["step-00000012", store.best?.split(separator: "/").last.map(String.init)])
        let olds = [nil, "step-00000008", "step-00000012", "step-00000002", "nothing"]
        for latest in olds {
            for best in olds {
                for (pointer, old) in [(CheckpointStore.Pointer.latest, latest), (.best, best)] {
                    try FileSystem.removeFile(store.path(of: pointer))
                    if let old { try FilePointer.point(store.path(of: pointer), to: old) }
                    // What a kill in the middle of the move leaves.
                    try FilePointer.point(store.path(of: pointer) + ".partial", to: "step-00000002")
                }
                #expect(store.latest?.hasSuffix("step-00000012") == true)
                let changes = try store.mendPointers()
                #expect([fixture.target(.latest), fixture.target(.best)] == right)
                #expect(changes.isEmpty == ([latest, best] == right))
            }
        }
        try FileSystem.removeFile(store.path(of: .latest))
        try FileSystem.removeFile(store.path(of: .best))
        let sentence = try #require(store.mendPointersIfFree())
        #expect(sentence.contains("latest was missing and is step-00000012"))
        #expect(store.mendPointersIfFree() == nil)
        #expect([fixture.target(.latest), fixture.target(.best)] == right)
    }

    @Test func `pointers that are files are read, and so are a run's names without any`()
        async throws
    {
        let fixture = try await CheckpointFixture()
        let store = fixture.store
        let (latest, best) = (store.latest, store.best)
        for way in ["links", "files", "nothing"] {
            for pointer in CheckpointStore.Pointer.allCases {
                let path = store.path(of: pointer)
                let name = try #require(
                    (pointer == .latest ? latest : best)?.split(separator: "/").last)
                if way != "links" { try FileSystem.removeFile(path) }
                if way == "files" { try FileReplacement.write("\(name)\n", to: path) }
                for spelling in [path, path + "/", path + "//"] {
                    let found = try CheckpointStore.soundModelDirectory(at: spelling)
                    #expect(found == (pointer == .latest ? latest : best), "\(way)")
                }
            }
        }
        // Training begins from such a name, and refuses to begin a run anew there.
        var configuration = TrainingFixture.configuration
        configuration.initFrom = store.path(of: .best)
        _ = try await fixture.base.trainer("other", configuration: configuration).run()
        #expect(throws: TrainingError.runExists(directory: fixture.base.path("run"))) {
            try fixture.base.trainer("run")
        }
        #expect(try await fixture.resume().summary.isComplete)
        #expect(fixture.target(.latest) == "step-00000012")
    }

    @Test func `a copy that has directories for links loses nothing`() async throws {
        let fixture = try await CheckpointFixture()
        let store = fixture.store
        let files = try fixture.files(ofStep: 12)
        // Once beside the directory that it is a copy of, and once alone.
        for isAlone in [false, true] {
            let path = store.path(of: .latest)
            try FileSystem.removeFile(path)
            let newest = store.directory + "/step-00000012"
            if isAlone {
                try FileSystem.moveFile(newest, to: path)
            } else {
                try FileManager.default.copyItem(atPath: newest, toPath: path)
            }
            #expect(store.latest == (isAlone ? path : newest))
            _ = try await fixture.resume()
            #expect(fixture.target(.latest) == "step-00000012")
            #expect(try fixture.files(ofStep: 12) == files)
            #expect(try fixture.names.contains("set-aside"))
        }
    }

    // MARK: The best one

    @Test(arguments: ["removed", "damaged"])
    func `where the best checkpoint is lost, the best of those left takes its place`(
        way: String
    ) async throws {
        let fixture = try await CheckpointFixture()
        let store = fixture.store
        // The newest one is made worse than that of step 8.
        var newest = try #require(try store.latestState())
        let latest = try #require(store.latest)
        newest.best = store.whole.filter { $0.entry.step == 8 }[0].state.best
        newest.validation?.totalLoss *= 2
        try FileReplacement.writeJSON(newest, to: latest + "/" + TrainingState.fileName)
        try DirectoryManifest.write(inDirectory: latest)
        try store.mendPointers()
        let best = try #require(fixture.target(.best))
        #expect(best == "step-00000008")
        let left = store.whole.filter { $0.entry.name != best }
        let lowest = try #require(left.compactMap { $0.state.checkpointLoss }.min())
        let second = left.filter { $0.state.checkpointLoss == lowest }[0].entry.name
        if way == "removed" {
            try FileSystem.removeItem(store.directory + "/" + best)
        } else {
            let step = store.entries.filter { $0.name == best }[0].step
            try fixture.flip(8 * 700 + 3, of: "model.safetensors", step: step)
        }
        let notice = CheckpointStore.standInNotice(for: store.path(of: .best))
        #expect(notice?.contains("stood for \(best)") == (way == "removed" ? true : nil))
        let (_, notes) = try await fixture.resume()
        #expect(notes.contains { $0.hasPrefix("\(best), which had the lowest validation loss") })
        #expect(notes.contains { $0.contains("the best of those left is \(second)") })
        #expect(fixture.target(.best) == second)
        // Its loss is the one to beat from then on, and the next run has nothing to say.
        _ = try await fixture.resume(steps: 14)
        let state = try #require(try store.latestState())
        #expect((state.best?.loss ?? .infinity) <= lowest)
        #expect(store.entries.contains { $0.step == state.best?.step })
        #expect(try await fixture.resume(steps: 14).notes == [])
    }

    // MARK: Older and newer ones

    @Test func `going on from an earlier step says what it leaves behind, and keeps it`()
        async throws
    {
        let fixture = try await CheckpointFixture()
        let whole = try fixture.files(ofStep: 12)
        let steps = fixture.store.entries.map(\.step)
        #expect(throws: TrainingError.self) {
            try fixture.store.continuation(.resumeFrom(step: 11))
        }
        let metrics = FileManager.default.contents(
            atPath: fixture.base.path("run") + "/metrics.jsonl")
        let (_, notes) = try await fixture.resume(.resumeFrom(step: 10), steps: 11)
        #expect(notes.count == 1 && notes[0].contains("after step 10 is left behind"))
        #expect(notes[0].contains("the checkpoint of step 12"))
        #expect(fixture.target(.latest) == "step-00000011")
        let aside = fixture.store.directory + "/set-aside-after-step-00000010"
        #expect(try FileSystem.namesInDirectory(aside) == ["metrics.jsonl", "step-00000012"])
        #expect(FileManager.default.contents(atPath: aside + "/metrics.jsonl") == metrics)
        // Then back on the old way: the same bytes.
        _ = try await fixture.resume(.resumeFrom(step: 10))
        #expect(try fixture.files(ofStep: 12) == whole)
        #expect(try fixture.names.contains("set-aside-after-step-00000010-2"))
        #expect(fixture.store.entries.map(\.step).last == steps.last)
    }

    @Test func `what was just written, what is newer and what a pointer names is not pruned`()
        async throws
    {
        let fixture = try await CheckpointFixture()
        let store = fixture.store
        // Old steps without pointers, as a copy without links has them; others of no concern.
        for step in [200, 400] {
            try FileManager.default.copyItem(
                atPath: store.directory + "/step-00000012",
                toPath: store.directory + "/" + CheckpointStore.name(ofStep: step))
        }
        for name in ["step-mine", "step-00000012-copy", "step-12"] {
            try FileSystem.makeDirectory(store.directory + "/" + name)
        }
        for pointer in CheckpointStore.Pointer.allCases {
            try FileSystem.removeFile(store.path(of: pointer))
        }
        #expect(throws: TrainingError.runExists(directory: fixture.base.path("run"))) {
            try fixture.base.trainer("run")
        }
        // Neither holds the step that its name says: both are set aside.
        let (_, notes) = try await fixture.resume(steps: 20)
        #expect(notes.count == 3 && notes[0].contains("it holds step 12"))
        let names = try fixture.names
        #expect(names.filter { $0.hasPrefix("step-000") && !$0.hasSuffix("copy") }.count <= 4)
        for name in ["step-mine", "step-00000012-copy", "step-12", "step-00000020"] {
            #expect(names.contains(name))
        }
        #expect(fixture.target(.latest) == "step-00000020")
        let best = try #require(fixture.target(.best))
        #expect(names.contains(best))
    }

    @Test func `steps are ordered as numbers, however many digits they have`() throws {
        let names = [1, 99_999_999, 100_000_000, 1 << 40].map(CheckpointStore.name(ofStep:))
        let folder = NSTemporaryDirectory() + "quern-steps-" + UUID().uuidString
        defer { try? FileSystem.removeItem(folder) }
        for name in names { try FileSystem.makeDirectory(folder + "/checkpoints/" + name) }
        let store = CheckpointStore(runDirectory: folder)
        #expect(store.entries.map(\.name) == names)
        #expect(store.latest?.hasSuffix(names[3]) == true && store.best == nil)
        #expect(store.whole.isEmpty)
    }

    @Test func `a state with a key that stands twice is refused`() async throws {
        let fixture = try await CheckpointFixture()
        let path = try #require(fixture.store.latest) + "/training_state.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        try FileReplacement.write(
            text.replacing("{\n", with: "{\n  \"step\" : 1,\n", maxReplacements: 1), to: path)
        let error = #expect(throws: TrainingError.self) {
            try CheckpointStore.state(of: FileSystem.parentDirectory(of: path))
        }
        #expect("\(error, default: "")".contains("the key \"step\" appears twice"))
    }
}
