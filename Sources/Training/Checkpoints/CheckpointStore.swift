import Bytes
import Files
import Foundation
import Models
public import TokenShards
public import Tokenization

/// The checkpoints of a run: `checkpoints/step-00000500/` and so on, with the links `latest` and
/// `best`.
///
/// Each is a Hugging Face model directory with the vocabulary's files beside it, so that
/// `transformers` loads it as it is, and files of our own from which training goes on:
/// `optimizer.safetensors`, `training_state.json` and, of a run that carries states,
/// `carried_state.safetensors`.
public struct CheckpointStore: Sendable {
    /// The directory of the checkpoints.
    public let directory: String
    /// The directory of the run.
    let runDirectory: String

    static let optimizerFileName = "optimizer.safetensors"
    private static let partialSuffix = ".partial"

    /// The checkpoints of the run in `runDirectory`.
    public init(runDirectory: String) {
        self.runDirectory = runDirectory
        directory = runDirectory + "/checkpoints"
    }

    /// The newest checkpoint's directory; nil without one.
    public var latest: String? { target(of: "latest") }

    /// The directory of the checkpoint with the lowest validation loss; nil without one.
    public var best: String? { target(of: "best") }

    /// Whether a run of `configuration` on data with this fingerprint would go on from the newest
    /// checkpoint.
    package func isContinued(by configuration: TrainingConfiguration, data fingerprint: String)
        -> Bool
    {
        // A checkpoint whose model was removed or damaged cannot be gone on from.
        guard let state = try? latestState(), let latest, (try? ModelDirectory(path: latest)) != nil
        else {
            return false
        }
        return state.configuration == configuration && state.dataFingerprint == fingerprint
            && state.step <= configuration.steps
    }

    /// The checkpoint to continue from; nil to begin.
    ///
    /// - Throws: ``TrainingError`` when there is a checkpoint and `existing` refuses one, or none
    ///   and it asks for one.
    package func checkpoint(_ existing: Trainer.ExistingRun) throws(TrainingError) -> String? {
        switch (existing, latest) {
        case (.overwrite, _), (.refuse, nil): return nil
        case (.resume, let latest?): return latest
        case (.refuse, _?): throw .runExists(directory: runDirectory)
        case (.resume, nil): throw .noCheckpoint(directory: runDirectory)
        }
    }

    private func target(of link: String) -> String? {
        let path = directory + "/" + link
        guard let name = try? FileManager.default.destinationOfSymbolicLink(atPath: path),
            FileManager.default.fileExists(atPath: path + "/" + TrainingState.fileName)
        else { return nil }
        return directory + "/" + name
    }

    /// Throws if no model lies in `path`, but one can be named that does, or if nothing lies there.
    ///
    /// - Throws: ``TrainingError/noModel(path:hint:)``.
    package static func requireModel(at path: String) throws(TrainingError) {
        let manager = FileManager.default
        guard !manager.fileExists(atPath: path + "/config.json") else { return }
        // The run itself may be named, or its checkpoints, or a checkpoint that it does not have.
        var run = path
        for _ in 0..<3 {
            let store = CheckpointStore(runDirectory: run)
            if let model = store.best.map({ _ in "best" }) ?? store.latest.map({ _ in "latest" }) {
                throw .noModel(path: path, hint: "its run has \(store.directory)/\(model)")
            }
            run = FileSystem.parentDirectory(of: run)
        }
        guard manager.fileExists(atPath: path) else {
            throw .noModel(
                path: path, hint: "name a model's directory, such as runs/NAME/checkpoints/latest")
        }
    }

    /// The state of the newest checkpoint; nil without one.
    public func latestState() throws -> TrainingState? {
        guard let latest else { return nil }
        return try Self.state(of: latest)
    }

    /// The state of the run that wrote a checkpoint.
    package static func state(of checkpoint: String) throws -> TrainingState {
        let path = checkpoint + "/" + TrainingState.fileName
        guard let data = FileManager.default.contents(atPath: path) else {
            throw TrainingError.badCheckpoint(path: path, reason: "the file is missing")
        }
        do {
            let version = try JSONDecoder().decode(Version.self, from: data).format_version
            guard version == TrainingState.currentFormatVersion else {
                throw TrainingError.badCheckpoint(
                    path: path, reason: "its format_version is \(version)")
            }
            return try JSONDecoder().decode(TrainingState.self, from: data)
        } catch let error as DecodingError {
            throw TrainingError.badCheckpoint(path: path, reason: decodingReason(error))
        }
    }

    /// The part of a state that every version has.
    private struct Version: Decodable {
        let format_version: Int
    }

    /// Removes every checkpoint.
    func removeAll() throws {
        if FileManager.default.fileExists(atPath: directory) {
            try FileSystem.removeItem(directory)
        }
    }

    /// Writes a checkpoint beside its name and renames it when it is whole, moves the links, and
    /// removes what is older than the newest `keep`, the best excepted. Of one that cannot be
    /// written nothing stays, nor of one that a killed process has begun.
    ///
    /// - Returns: the checkpoint's directory.
    func write(
        model: any LanguageModel, optimizer: Optimizer, carried: CarriedState?,
        vocabulary: Vocabulary, template: ChatTemplate?, state: TrainingState, keep: Int
    ) throws -> String {
        let manager = FileManager.default
        try FileSystem.makeDirectory(directory)
        let name = Self.name(ofStep: state.step)
        let path = directory + "/" + name
        for name in try FileSystem.namesInDirectory(directory)
        where name.hasSuffix(Self.partialSuffix) {
            try FileSystem.removeItem(directory + "/" + name)
        }
        let partial = path + Self.partialSuffix
        try FileSystem.makeDirectory(partial)
        do {
            try model.write(
                toDirectory: partial,
                endToken: vocabulary.endOfText,
                answerEnd: template?.end)
            try vocabulary.write(
                toDirectory: partial, chatTemplate: template == nil ? nil : ChatTemplate.jinja)
            try optimizer.write(to: partial + "/" + Self.optimizerFileName)
            try carried?.write(toCheckpoint: partial, step: state.step)
            try FileReplacement.writeJSON(state, to: partial + "/" + TrainingState.fileName)
        } catch {
            // An unfinished checkpoint would keep a full disk full.
            try? FileSystem.removeItem(partial)
            throw error
        }

        if manager.fileExists(atPath: path) { try FileSystem.removeItem(path) }
        try FileSystem.renameFile(partial, to: path)
        try link("latest", to: name)
        if state.best?.step == state.step { try link("best", to: name) }
        try prune(keep: keep)
        return path
    }

    /// Every file of every checkpoint. O(files).
    public func files() throws -> [String] {
        try names().flatMap { name in
            try FileSystem.namesInDirectory(directory + "/" + name).map {
                "\(directory)/\(name)/\($0)"
            }
        }
    }

    /// The names of the checkpoints, the oldest first.
    private func names() throws -> [String] {
        try FileSystem.namesInDirectory(directory)
            .filter { $0.hasPrefix("step-") && !$0.hasSuffix(Self.partialSuffix) }
    }

    private static func name(ofStep step: Int) -> String {
        let digits = String(step)
        return "step-" + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    /// Points a link elsewhere in one move, so that it never points nowhere.
    private func link(_ link: String, to name: String) throws {
        let fresh = directory + "/" + link + Self.partialSuffix
        try FileError.naming("create", fresh) {
            try FileManager.default.createSymbolicLink(atPath: fresh, withDestinationPath: name)
        }
        try FileSystem.renameFile(fresh, to: directory + "/" + link)
    }

    private func prune(keep: Int) throws {
        let best = try? FileManager.default.destinationOfSymbolicLink(atPath: directory + "/best")
        for name in try names().dropLast(keep) where name != best {
            try FileSystem.removeItem(directory + "/" + name)
        }
    }
}

extension Vocabulary {
    /// This vocabulary with what the documents of `data` begin with before each text: the
    /// end-of-text token, unless they have none.
    ///
    /// A checkpoint has it, so that a prompt that is read with its tokenizer begins as the texts
    /// did that the model learned from.
    public func beginningTexts(as data: Mixture) -> Vocabulary {
        let hasEnds = data.sources.contains { $0.set.manifest.endOfText != .none }
        return beginningTexts(with: hasEnds ? endOfText : nil)
    }
}
