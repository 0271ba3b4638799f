import Bytes
import Files
import Foundation
import Models

/// The checkpoints of a run: `checkpoints/step-00000500/` and so on.
///
/// Each is a Hugging Face model directory with the vocabulary's files beside it, so that
/// `transformers` loads it as it is, and files of our own from which training goes on:
/// `optimizer.safetensors`, `training_state.json` and, of a run that carries states,
/// `carried_state.safetensors`; of one with local steps also `outer_optimizer.safetensors` and the
/// optimizers of the other ranks, `optimizer-1.safetensors` and so on. `manifest.json` has the size
/// and the hash of each file and seals them. The directories are what counts: the pointers `latest`
/// and `best` follow from them and are mended where they say something else.
public struct CheckpointStore: Sendable {
    /// The directory of the checkpoints.
    public let directory: String
    /// The directory of the run.
    let runDirectory: String

    static let optimizerFileName = "optimizer.safetensors"
    static let partialSuffix = ".partial"
    static let namePrefix = "step-"

    /// A checkpoint's directory, whatever is in it.
    struct Entry: Equatable {
        /// Step after which it was written.
        let step: Int
        /// Name of the directory.
        let name: String
        /// Path of the directory.
        let path: String
    }

    /// Pointers to two of the checkpoints.
    enum Pointer: String, CaseIterable {
        /// The newest one.
        case latest
        /// That with the lowest validation loss.
        case best
    }

    /// The checkpoints of the run in `runDirectory`.
    public init(runDirectory: String) {
        self.runDirectory = runDirectory
        directory = runDirectory + "/checkpoints"
    }

    /// The checkpoints in `directory`.
    init(directory: String) {
        self.directory = directory
        runDirectory = FileSystem.parentDirectory(of: directory)
    }

    /// Name of the directory of the checkpoint after `step` steps.
    static func name(ofStep step: Int) -> String {
        let digits = String(step)
        return namePrefix + String(repeating: "0", count: max(0, 8 - digits.count)) + digits
    }

    /// All checkpoints' directories, the oldest first. O(files).
    ///
    /// A tool that copies what links lead to leaves directories called `latest` and `best`: they
    /// count where the step that they hold has no directory of its own.
    var entries: [Entry] {
        let names = (try? FileSystem.namesInDirectory(directory)) ?? []
        var entries: [Entry] = names.compactMap { name in
            guard name.hasPrefix(Self.namePrefix),
                let step = Int(name.dropFirst(Self.namePrefix.count)),
                name == Self.name(ofStep: step)
            else { return nil }
            return Entry(step: step, name: name, path: directory + "/" + name)
        }
        for pointer in Pointer.allCases {
            let (name, path) = (pointer.rawValue, path(of: pointer))
            guard FilePointer.isDirectory(at: path), let state = try? Self.state(of: path),
                !entries.contains(where: { $0.step == state.step })
            else { continue }
            entries.append(Entry(step: state.step, name: name, path: path))
        }
        return entries.sorted { $0.step < $1.step }
    }

    func path(of pointer: Pointer) -> String { directory + "/" + pointer.rawValue }

    // MARK: What is in them

    /// The newest checkpoint's directory; nil without one. O(checkpoints).
    ///
    /// Whether it is as it was written is not looked at; ``ModelCondition`` says that.
    public var latest: String? { entries.last?.path }

    /// The directory of the checkpoint with the lowest validation loss, of those that are there;
    /// nil without one. O(checkpoints).
    ///
    /// Where the pointer stands for one that is damaged, it is that one: another one does not take
    /// its place without a word.
    public var best: String? {
        let (entries, whole) = (entries, whole)
        let name = FilePointer.target(at: path(of: .best))
        let damaged = entries.first { entry in
            entry.name == name && !whole.contains { $0.entry == entry }
        }
        return (damaged ?? best(of: whole))?.path
    }

    /// The checkpoints in which nothing is missing, the oldest first, with their states.
    var whole: [(entry: Entry, state: TrainingState)] {
        let entries = entries
        return entries.compactMap { entry in
            do {
                let fault = try Self.fault(of: entry, among: entries, comparesBytes: false)
                return try fault == nil ? (entry, Self.state(of: entry.path)) : nil
            } catch {
                return nil
            }
        }
    }

    /// The state of the newest checkpoint; nil without one.
    public func latestState() throws -> TrainingState? { try latest.map(Self.state) }

    /// The state of the run that wrote a checkpoint.
    package static func state(of checkpoint: String) throws -> TrainingState {
        let path = checkpoint + "/" + TrainingState.fileName
        guard let data = try FileSystem.contents(path) else {
            throw TrainingError.badCheckpoint(path: path, reason: "the file is missing")
        }
        do {
            try StrictJSON.check(data)
            let version = try JSONDecoder().decode(Version.self, from: data).format_version
            guard version == TrainingState.currentFormatVersion else {
                throw TrainingError.badCheckpoint(
                    path: path, reason: "its format_version is \(version)")
            }
            let state = try JSONDecoder().decode(TrainingState.self, from: data)
            try state.check(path: path)
            return state
        } catch let error as TrainingError {
            throw error
        } catch {
            throw TrainingError.badCheckpoint(path: path, reason: decodingReason(error))
        }
    }

    /// The part of a state that every version has.
    private struct Version: Decodable {
        let format_version: Int
    }

    /// Every file of every checkpoint. O(files).
    public func files() throws -> [String] {
        try entries.flatMap { entry in
            try FileSystem.namesInDirectory(entry.path).map { "\(entry.path)/\($0)" }
        }
    }
}
