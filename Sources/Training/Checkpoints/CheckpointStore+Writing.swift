import Files
import Foundation
import Models
public import TokenShards
public import Tokenization

extension CheckpointStore {
    /// Writes a checkpoint beside its name and renames it when it is whole, moves the pointers, and
    /// removes what is older than the newest `keep`, the best excepted. Of one that cannot be
    /// written nothing stays, nor of one that a killed process has begun.
    ///
    /// - Returns: the checkpoint's directory.
    func write(
        model: any LanguageModel, optimizer: Optimizer, carried: CarriedState?,
        inner: InnerStates? = nil,
        vocabulary: Vocabulary, endToken: TokenID?, template: ConversationTemplate?,
        state: TrainingState, keep: Int
    ) throws -> String {
        try FileSystem.makeDirectory(directory)
        let name = Self.name(ofStep: state.step)
        let path = directory + "/" + name
        try clearPartials()
        let partial = path + Self.partialSuffix
        try FileSystem.makeDirectory(partial)
        do {
            try model.write(
                toDirectory: partial,
                endToken: endToken,
                answerEnd: template?.turnEnd)
            try vocabulary.write(
                toDirectory: partial, chatTemplate: template?.source)
            try optimizer.write(to: partial + "/" + Self.optimizerFileName)
            try carried?.write(toCheckpoint: partial, step: state.step)
            try inner?.write(toCheckpoint: partial, step: state.step)
            try FileReplacement.writeJSON(state, to: partial + "/" + TrainingState.fileName)
            try DirectoryManifest.write(inDirectory: partial)
        } catch {
            // An unfinished checkpoint would keep a full disk full.
            try? FileSystem.removeItem(partial)
            throw error
        }

        try remove(name)
        try FileSystem.renameFile(partial, to: path)
        try mendPointers()
        try prune(keep: keep, newest: state.step)
        return path
    }

    /// Does what a process that was killed had still to do after its last checkpoint, that of the
    /// step `newest`: clears what it had begun, moves the pointers, and removes what is too old.
    ///
    /// The caller has taken the run's directory for itself.
    func tidy(keep: Int, newest: Int) throws {
        guard FileManager.default.fileExists(atPath: directory) else { return }
        try clearPartials()
        try mendPointers()
        try prune(keep: keep, newest: newest)
    }

    private func clearPartials() throws {
        let fronts = [Self.namePrefix] + Pointer.allCases.map(\.rawValue)
        for name in try FileSystem.namesInDirectory(directory)
        where name.hasSuffix(Self.partialSuffix) && fronts.contains(where: name.hasPrefix) {
            try FileSystem.removeItem(directory + "/" + name)
        }
    }

    /// Removes the checkpoints that are older than the newest `keep` of those up to the step
    /// `newest`, which was just written; what a pointer stands for stays.
    private func prune(keep: Int, newest: Int) throws {
        let pointed = Pointer.allCases.map { FilePointer.target(at: path(of: $0)) }
        let older = entries.filter { $0.step <= newest }.dropLast(keep)
        for entry in older where !pointed.contains(entry.name) { try remove(entry.name) }
    }

    /// Removes a checkpoint, if it is there. Half of one has another name: a later process clears
    /// it. One that holds a file of another origin is set aside.
    private func remove(_ name: String) throws {
        let path = directory + "/" + name
        guard FileManager.default.fileExists(atPath: path) else { return }
        guard try !Self.holdsOtherFiles(path) else {
            try setAside([name], after: nil)
            return
        }
        let doomed = path + ".old" + Self.partialSuffix
        try FileSystem.renameFile(path, to: doomed)
        try FileSystem.removeItem(doomed)
    }

    /// Whether a checkpoint's directory has a file that its manifest does not name. Of one that was
    /// written before there were manifests it is not known.
    private static func holdsOtherFiles(_ path: String) throws -> Bool {
        guard let manifest = try? DirectoryManifest(directory: path) else { return false }
        return try FileSystem.namesInDirectory(path).contains {
            manifest.files[$0] == nil && $0 != DirectoryManifest.fileName
        }
    }

    /// Removes every checkpoint and the pointers; what is set aside stays, and so does what is none
    /// of ours.
    func removeAll() throws {
        for pointer in Pointer.allCases where !FilePointer.isDirectory(at: path(of: pointer)) {
            try FileSystem.removeFile(path(of: pointer))
        }
        for entry in entries { try remove(entry.name) }
    }

    /// Moves directories into one of their own, with the metrics as they are, where nothing counts
    /// them and nothing removes them.
    ///
    /// - Parameters:
    ///   - names: the directories.
    ///   - step: the step from which the run goes on; nil for what has nothing to do with a step.
    /// - Returns: the directory that they are in now.
    @discardableResult
    func setAside(_ names: [String], after step: Int?) throws -> String {
        let stem =
            directory + "/set-aside" + (step.map { "-after-" + Self.name(ofStep: $0) } ?? "")
        guard !names.isEmpty else { return stem }
        var (place, number) = (stem, 1)
        while FileManager.default.fileExists(atPath: place) {
            number += 1
            place = "\(stem)-\(number)"
        }
        try FileSystem.makeDirectory(place)
        let metrics = runDirectory + "/" + MetricsLog.fileName
        if step != nil, FileManager.default.fileExists(atPath: metrics) {
            let file = try MappedFile(path: metrics)
            try file.withBytes {
                try FileReplacement.write($0, to: place + "/" + MetricsLog.fileName)
            }
        }
        // The newest first: a process that is killed on the way has not lost the order.
        for name in names.sorted(by: >) {
            try FileSystem.renameFile(directory + "/" + name, to: place + "/" + name)
        }
        try FileSystem.syncDirectory(containing: place)
        return place
    }
}

extension Vocabulary {
    /// This vocabulary with what the documents of `data` begin with before each text: the
    /// end-of-text token, or the token that was named for it, unless they have none.
    ///
    /// A checkpoint has it, so that a prompt that is read with its tokenizer begins as the texts
    /// did that the model learned from.
    public func beginningTexts(as data: Mixture) -> Vocabulary {
        beginningTexts(with: data.sources.lazy.compactMap(\.set.manifest.tokenBeforeTexts).first)
    }

    /// The token by which a model of `data` ends a text: that behind its documents, or else the
    /// vocabulary's own.
    package func endOfTexts(in data: Mixture) -> TokenID? {
        data.sources.lazy.compactMap(\.set.manifest.tokenBehindTexts).first ?? endOfText
    }
}
