import Files
import Work

/// The place of a model that a person names: a run, a checkpoint, or any model's directory.
///
/// A name stands for the first of these that is there:
///
/// - a directory with a model in it, such as `models/gpt2` or `runs/kjv/checkpoints/best`;
/// - the best checkpoint of a run's directory, or of its `checkpoints`: `runs/kjv`;
/// - one checkpoint of a run, by `best`, `latest` or its step's name: `runs/kjv/latest`;
/// - the same below `runs`: `kjv`, `kjv/chat`, `kjv/latest`, `kjv/step-00000500`.
///
/// So what lies at the path itself is meant first, if it is a model. A folder of texts, which a run
/// is often named after, hides nothing.
package enum ModelPlace {
    /// Directory of runs that are named without it.
    package static let runsDirectory = "runs"

    /// The directory that `name` stands for; nil where it stands for no model.
    /// O(checkpoints of the run).
    package static func directory(of name: String) -> String? {
        CandidatePaths(of: CheckpointStore.trimmed(name), below: runsDirectory)
            .first(directory(at:))
    }

    /// The directory of the run that a name stands for, or that the checkpoint belongs to which it
    /// stands for; nil for a model that is no checkpoint of a run. O(checkpoints of the run).
    package static func runDirectory(of name: String) -> String? {
        let checkpoint = directory(of: name) ?? CheckpointStore.trimmed(name)
        return CheckpointStore.store(ofCheckpoint: checkpoint)?.runDirectory
    }

    /// The directory of the run that is called `name`: a path, or else one below `runs`; nil where
    /// no run with checkpoints is called so. O(files).
    package static func run(named name: String) -> String? {
        CandidatePaths(of: CheckpointStore.trimmed(name), below: runsDirectory)
            .first { CheckpointStore(runDirectory: $0).entries.isEmpty ? nil : $0 }
    }

    private static func directory(at path: String) -> String? {
        let parent = FileSystem.parentDirectory(of: path)
        let last = path.split(separator: "/").last.map(String.init) ?? ""
        if let pointer = CheckpointStore.Pointer(rawValue: last), !FilePointer.isDirectory(at: path)
        {
            for store in [
                CheckpointStore(directory: parent), CheckpointStore(runDirectory: parent),
            ] {
                if let found = store.checkpoint(pointer) { return found }
            }
        }
        if !FileSystem.isMissing(path + "/config.json") { return path }
        let store =
            last == "checkpoints"
            ? CheckpointStore(directory: path) : CheckpointStore(runDirectory: path)
        if let found = store.checkpoint(.best) ?? store.checkpoint(.latest) { return found }
        let entries = CheckpointStore(runDirectory: parent).entries
        return entries.first { $0.name == last }?.path
    }

    // MARK: Names that stand for nothing

    /// The runs that have checkpoints, as they can be named: `kjv`, `kjv/chat`, and the models of
    /// comparisons. O(directories below `runs` and those within them).
    package static var runNames: [String] {
        func directories(in place: String) -> [String] {
            let names = (try? FileSystem.namesInDirectory(runsDirectory + place)) ?? []
            return names.sorted().filter { !$0.hasPrefix(".") && $0 != "checkpoints" }
        }
        func isRun(_ name: String) -> Bool {
            !CheckpointStore(runDirectory: runsDirectory + "/" + name).entries.isEmpty
        }
        return directories(in: "").flatMap { name in
            [name] + directories(in: "/" + name).map { name + "/" + $0 }
        }.filter(isRun)
    }

    /// Names that a message lists.
    private static let listedCount = 8

    /// Advice for a person who named no model: the runs that there are, and the nearest of them.
    static func advice(on name: String) -> String {
        let names = runNames
        guard !names.isEmpty else {
            return "name a model's directory, such as runs/NAME, once a run has a checkpoint"
        }
        let prefix = runsDirectory + "/"
        let asked = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        if names.contains(asked) {
            return "the run \(asked) has checkpoints, of which the one that is wanted has lost its "
                + "config.json: name another by its step"
        }
        let nearest = Spelling.nearest(to: asked, among: names).map { "did you mean \($0)? " } ?? ""
        let rest = names.count - listedCount
        return nearest + "the runs with checkpoints are "
            + names.prefix(listedCount).joined(separator: ", ")
            + (rest > 0 ? " and \(rest) more" : "")
    }
}
