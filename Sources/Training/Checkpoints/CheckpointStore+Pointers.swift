package import Files
import Foundation

/// `latest` and `best`, which follow from the checkpoints.
extension CheckpointStore {
    /// Points `latest` and `best` to the checkpoints that they stand for, where they say something
    /// else: after a kill between the two, or in a copy that was made without links.
    ///
    /// The caller has taken the run's directory for itself.
    ///
    /// - Returns: what was changed, a clause each.
    @discardableResult
    func mendPointers() throws -> [String] {
        var changes = try nameCopies()
        let whole = whole
        let wanted: [Pointer: String?] = [
            .latest: whole.last?.entry.name, .best: best(of: whole)?.name,
        ]
        for pointer in Pointer.allCases {
            let path = path(of: pointer)
            let (old, new) = (FilePointer.target(at: path), wanted[pointer] ?? nil)
            guard old != new else { continue }
            if let new {
                try FilePointer.point(path, to: new)
            } else {
                try FileSystem.removeFile(path)
            }
            changes.append(
                "\(pointer.rawValue) was \(old ?? "missing") and is \(new ?? "removed")")
        }
        return changes
    }

    /// Gives a checkpoint that a copy has called `latest` or `best` its own name, or, where that is
    /// taken, sets it aside.
    private func nameCopies() throws -> [String] {
        var changes: [String] = []
        for pointer in Pointer.allCases {
            let path = path(of: pointer)
            guard FilePointer.isDirectory(at: path) else { continue }
            if let entry = entries.first(where: { $0.path == path }) {
                let name = Self.name(ofStep: entry.step)
                try FileSystem.renameFile(path, to: directory + "/" + name)
                changes.append("the directory \(pointer.rawValue) is \(name) now")
            } else {
                let place = try setAside([pointer.rawValue], after: nil)
                changes.append("the directory \(pointer.rawValue) is set aside in \(place)")
            }
        }
        return changes
    }

    /// Claims the run's directory for this process, as long as the result lives.
    ///
    /// - Throws: ``TrainingError/runInUse(directory:)`` when another one writes there.
    package func claim() throws -> OutputClaim {
        do throws(FileError) {
            // Within another: the tuned model of a run, a model of a comparison.
            return try OutputClaim(
                runDirectory, .filled, making: .directory(.run, within: .run))
        } catch {
            if case .inUse = error { throw TrainingError.runInUse(directory: runDirectory) }
            throw error
        }
    }

    /// Mends the pointers where they need it and nobody trains there; on a file system that cannot
    /// be written they stay as they are.
    ///
    /// - Parameter claim: the claim of the run's directory that the caller holds; nil to take one.
    /// - Returns: a sentence of what was changed; nil for nothing.
    package func mendPointersIfFree(holding claim: OutputClaim? = nil) -> String? {
        guard needsMending,
            let claim = try? claim ?? self.claim(),
            let changes = try? withExtendedLifetime(claim, { try mendPointers() }),
            !changes.isEmpty
        else { return nil }
        return "in \(directory), " + changes.joined(separator: "; ")
    }

    private var needsMending: Bool {
        let whole = whole
        // Damage is told by who meets it, before something else takes the place.
        guard !whole.isEmpty, whole.count == entries.count else { return false }
        return FilePointer.target(at: path(of: .latest)) != whole.last?.entry.name
            || FilePointer.target(at: path(of: .best)) != best(of: whole)?.name
    }

    /// The store of the run whose checkpoint a name stands for; nil for another model.
    package static func store(ofModel name: String) -> CheckpointStore? {
        store(ofCheckpoint: resolved(name))
    }

    /// The store that a path leads into, if it names a checkpoint of a run.
    static func store(ofCheckpoint path: String) -> CheckpointStore? {
        let directory = FileSystem.parentDirectory(of: trimmed(path))
        guard directory.split(separator: "/").last == "checkpoints" else { return nil }
        return CheckpointStore(directory: directory)
    }

    static func trimmed(_ path: String) -> String {
        var path = path
        while path.count > 1, path.hasSuffix("/") { path.removeLast() }
        return path
    }

    /// The directory of the model that `name` stands for, as ``ModelPlace`` says; `name` itself
    /// where it stands for none.
    package static func resolved(_ name: String) -> String {
        ModelPlace.directory(of: name) ?? name
    }

    /// A sentence that `path` names the best checkpoint of a run of which nothing was evaluated, or
    /// whose best is not there any more, and which one is taken; nil where that is not so.
    /// O(checkpoints).
    public static func standInNotice(for path: String) -> String? {
        let trimmed = trimmed(path)
        if let notice = lostBestNotice(for: trimmed) { return notice }
        let store = CheckpointStore(directory: FileSystem.parentDirectory(of: trimmed))
        guard trimmed.split(separator: "/").last.map(String.init) == Pointer.best.rawValue,
            FileSystem.isMissing(trimmed), store.best == nil, store.isUnevaluated,
            let latest = store.latest
        else { return nil }
        return "no checkpoint of \(store.directory) was evaluated, so none is the best: the newest "
            + "is taken, \(latest)"
    }

    /// A sentence that the best checkpoint of the run that `path` names is not there any more.
    private static func lostBestNotice(for path: String) -> String? {
        let isPointer = path.split(separator: "/").last.map(String.init) == Pointer.best.rawValue
        let run = isPointer ? nil : ModelPlace.run(named: path)
        let store =
            run.map { CheckpointStore(runDirectory: $0) }
            ?? CheckpointStore(directory: FileSystem.parentDirectory(of: path))
        guard isPointer || run != nil else { return nil }
        let pointer = store.path(of: .best)
        guard FileSystem.isMissing(pointer), let lost = FilePointer.target(at: pointer),
            let best = store.best
        else { return nil }
        return "\(pointer) stood for \(lost), which is not there any more: \(best) is taken"
    }

    /// Whether there are checkpoints, and no loss over held-out tokens was measured at any.
    private var isUnevaluated: Bool {
        let whole = whole
        return !whole.isEmpty && whole.allSatisfy { $0.state.best == nil }
    }

    /// The checkpoint that a pointer stands for, whatever the file system has there; nil without
    /// one. Of a run of which nothing was evaluated, `best` is `latest`; ``standInNotice(for:)``
    /// says so. O(checkpoints).
    func checkpoint(_ pointer: Pointer) -> String? {
        switch pointer {
        case .latest: latest
        case .best: best ?? (isUnevaluated ? latest : nil)
        }
    }
}
