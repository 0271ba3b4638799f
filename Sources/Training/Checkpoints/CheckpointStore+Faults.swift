import Files
import Foundation
import Models

/// Damage of checkpoints, and the one from which a run goes on.
extension CheckpointStore {
    /// Fault of a checkpoint, as a clause: nil for a sound one.
    ///
    /// One without a manifest was written before there were any. There is nothing to compare its
    /// bytes with; but where an older checkpoint of the run has one, its own was lost.
    ///
    /// - Parameters:
    ///   - entries: all checkpoints of the run.
    ///   - comparesBytes: whether every byte is read, which is O(bytes); otherwise the lengths of
    ///     the files alone are compared.
    ///   - progress: takes how many bytes have been read.
    /// - Throws: what the file system refuses, and what `progress` throws.
    static func fault(
        of entry: Entry, among entries: [Entry], comparesBytes: Bool = true,
        progress: (Int) throws -> Void = { _ in }
    ) throws -> String? {
        if let fault = try fault(
            inDirectory: entry.path, comparesBytes: comparesBytes, progress: progress)
        {
            return fault
        }
        if !hasManifest(entry.path) {
            let isSealedRun = entries.contains { $0.step < entry.step && hasManifest($0.path) }
            if isSealedRun { return "\(DirectoryManifest.fileName) is missing" }
            let names = ["config.json", TrainingState.fileName, optimizerFileName]
            for name in names
            where FileSystem.isMissing(entry.path + "/" + name) {
                return "\(name) is missing"
            }
            do { _ = try ModelDirectory(path: entry.path) } catch { return "\(error)" }
        }
        let step: Int
        do { step = try state(of: entry.path).step } catch { return "\(error)" }
        return step == entry.step ? nil : "it holds step \(step)"
    }

    /// Fault of the directory of any model, as a clause: nil where there is none, or no manifest to
    /// compare with.
    static func fault(
        inDirectory directory: String, comparesBytes: Bool = true,
        progress: (Int) throws -> Void = { _ in }
    ) throws -> String? {
        do {
            guard let manifest = try DirectoryManifest(directory: directory) else { return nil }
            let faults = try manifest.faults(
                inDirectory: directory, comparesBytes: comparesBytes, progress: progress)
            return faults.isEmpty ? nil : faults.joined(separator: ", ")
        } catch DirectoryManifest.Fault.unknownVersion(let version) {
            return "\(DirectoryManifest.fileName) is of version \(version)"
        } catch DirectoryManifest.Fault.changed {
            // The model of another program may have a file of this name.
            let state = directory + "/" + TrainingState.fileName
            guard FileManager.default.fileExists(atPath: state) else { return nil }
            return "\(DirectoryManifest.fileName) is not as it was written"
        }
    }

    static func hasManifest(_ directory: String) -> Bool {
        !FileSystem.isMissing(directory + "/" + DirectoryManifest.fileName)
    }

    /// The newest checkpoint whose bytes are those that were written; nil for a run without
    /// checkpoints. O(bytes).
    ///
    /// - Throws: ``TrainingError/noSoundCheckpoint(directory:faults:)``, and what the file system
    ///   refuses.
    package func newestSound() throws -> SoundCheckpoint? {
        let entries = entries
        guard !entries.isEmpty else { return nil }
        let path = try newestSoundEntry(of: entries).place.path
        return SoundCheckpoint(path: path, state: try Self.state(of: path))
    }

    /// The newest checkpoint in which nothing is missing; nil without one. No bytes are compared.
    /// O(checkpoints).
    package var newestWhole: SoundCheckpoint? {
        whole.last.map { SoundCheckpoint(path: $0.entry.path, state: $0.state) }
    }

    /// Faults of those checkpoints that a finished run is used by: the newest and the best, each
    /// with its path. O(bytes).
    package func faultsOfUsed() throws -> [(path: String, fault: String)] {
        let entries = entries
        let used = [latest, best].compactMap(\.self)
        return try entries.filter { used.contains($0.path) }.compactMap { entry in
            try Self.fault(of: entry, among: entries).map { (entry.path, $0) }
        }
    }
}

/// A checkpoint that is as it was written.
package struct SoundCheckpoint: Sendable {
    /// Its directory.
    package let path: String
    /// State of the run in it.
    package let state: TrainingState

    /// Whether its run began from another model than lies at `path` now; false where that is not
    /// known. O(bytes of the model).
    package func began(fromOtherThan path: String) throws -> Bool {
        guard let before = state.startFingerprint,
            let now = try StartingPoint(path: path).fingerprint
        else { return false }
        return before != now
    }

    /// Settings in which a run of `configuration` differs from the one that wrote the checkpoint.
    ///
    /// - Parameters:
    ///   - configuration: the recipe.
    ///   - section: the section of the recipe's keys, with a point behind it.
    ///   - data: fingerprint of the data; nil where it is not known yet.
    package func changes(
        to configuration: TrainingConfiguration, section: String, data: String?
    ) throws -> [RecipeChange] {
        var changes = try RecipeChange.between(
            state.configuration, configuration, section: section)
        if let data, data != state.dataFingerprint {
            changes.append(
                RecipeChange(
                    key: "the data's fingerprint", before: state.dataFingerprint, after: data))
        }
        if let before = state.startFingerprint, let path = configuration.initFrom,
            let after = try StartingPoint(path: path).fingerprint, before != after
        {
            changes.append(
                RecipeChange(
                    key: "the fingerprint of the model in \(path)", before: before, after: after))
        }
        return changes
    }
}

/// Place from which a run goes on, and what it leaves behind.
struct Continuation {
    /// Directory of the checkpoint; nil for a run that begins.
    var checkpoint: String?
    /// Step after which the checkpoint was written.
    var step = 0
    /// Names of the directories that the run sets aside before it writes.
    var left: [String] = []
    /// What a person should know of it, a sentence each.
    var notes: [String] = []
    /// Whether the checkpoint with the lowest validation loss is not there any more.
    var isBestLost = false
    /// Best evaluation of the checkpoints that are left, where that one is lost; nil without one.
    var best: TrainingState.Best?
}

extension CheckpointStore {
    /// The place from which a run goes on.
    ///
    /// - Throws: ``TrainingError`` when there is a checkpoint and `existing` refuses one, or none
    ///   that is sound and it asks for one; and what the file system refuses.
    func continuation(_ existing: Trainer.ExistingRun) throws -> Continuation {
        // A directory that cannot be read is none without checkpoints.
        if FileManager.default.fileExists(atPath: directory) {
            _ = try FileSystem.namesInDirectory(directory)
        }
        let entries = entries
        switch existing {
        case .overwrite: return Continuation()
        case .setAside: return Continuation(left: entries.map(\.name))
        case .refuse:
            guard entries.isEmpty else { throw TrainingError.runExists(directory: runDirectory) }
            return Continuation()
        case .resume: return try newestSound(of: entries)
        case .resumeFrom(let step): return try chosen(step, of: entries)
        }
    }

    /// Throws if `existing` refuses the checkpoints that there are, or asks for one and there is
    /// none. O(files); no bytes are compared.
    package func check(_ existing: Trainer.ExistingRun) throws {
        switch existing {
        case .refuse: _ = try continuation(existing)
        case .resume, .resumeFrom:
            if entries.isEmpty { throw TrainingError.noCheckpoint(directory: runDirectory) }
        case .overwrite, .setAside: break
        }
    }

    /// The newest sound checkpoint of `entries`, and the faults of those that are newer. O(bytes).
    private func newestSoundEntry(
        of entries: [Entry]
    ) throws -> (place: Entry, faults: [(entry: Entry, fault: String)]) {
        var faults: [(entry: Entry, fault: String)] = []
        var place: Entry?
        for entry in entries.reversed() {
            guard let fault = try Self.fault(of: entry, among: entries) else {
                place = entry
                break
            }
            faults.append((entry, fault))
        }
        guard let place else {
            throw TrainingError.noSoundCheckpoint(
                directory: directory, faults: faults.map { "\($0.entry.name) (\($0.fault))" })
        }
        return (place, faults)
    }

    private func newestSound(of entries: [Entry]) throws -> Continuation {
        guard !entries.isEmpty else { throw TrainingError.noCheckpoint(directory: runDirectory) }
        let found = try newestSoundEntry(of: entries)
        let place = found.place
        var faults = found.faults
        // Older ones are not looked at again when the run is done, and one of them may be the best.
        for entry in entries.reversed() where entry.step < place.step {
            guard let fault = try Self.fault(of: entry, among: entries) else { continue }
            faults.append((entry, fault))
        }
        var continuation = Continuation(
            checkpoint: place.path, step: place.step, left: faults.map(\.entry.name))
        continuation.notes = faults.map { entry, fault in
            "\(entry.path) is damaged (\(fault)) and is set aside"
        }
        if !faults.isEmpty {
            continuation.notes.append("the run goes on from \(place.path), which is sound")
        }
        try replaceLostBest(&continuation, from: place)
        if !Self.hasManifest(place.path) { continuation.notes.append(unsealedNote(place)) }
        return continuation
    }

    private func chosen(_ step: Int, of entries: [Entry]) throws -> Continuation {
        guard let place = entries.first(where: { $0.step == step }) else {
            throw TrainingError.noSuchStep(
                step: step, directory: directory, known: entries.map(\.step))
        }
        if let fault = try Self.fault(of: place, among: entries) {
            throw TrainingError.damaged(
                path: place.path, fault: fault, sound: try Self.newestSoundPath(of: entries))
        }
        let newer = entries.filter { $0.step > step }
        var continuation = Continuation(
            checkpoint: place.path, step: step, left: newer.map(\.name))
        if !newer.isEmpty {
            let steps = newer.map { "\($0.step)" }.joined(separator: ", ")
            continuation.notes.append(
                "what was trained after step \(step) is left behind: "
                    + (newer.count == 1 ? "the checkpoint of step " : "the checkpoints of steps ")
                    + "\(steps) and the metrics are set aside")
        }
        try replaceLostBest(&continuation, from: place)
        if !Self.hasManifest(place.path) { continuation.notes.append(unsealedNote(place)) }
        return continuation
    }

    private func unsealedNote(_ entry: Entry) -> String {
        "\(entry.path) has no \(DirectoryManifest.fileName): whether it is as it was written "
            + "cannot be checked"
    }

    /// The newest checkpoint whose bytes are those that were written; nil without one. O(bytes).
    static func newestSoundPath(of entries: [Entry]) throws -> String? {
        try entries.last { try fault(of: $0, among: entries) == nil }?.path
    }
}
