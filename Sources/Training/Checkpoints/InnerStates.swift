import Foundation
import Models
import Processes

/// The states that the ranks of a run with local steps have each for itself, as a part of a
/// checkpoint: `optimizer-1.safetensors` and so on, beside `optimizer.safetensors` of rank 0, and
/// the outer optimizer, which all have alike.
struct InnerStates {
    /// What a rank has beside its moments.
    private struct Notes: Codable {
        /// Steps that its optimizer has taken.
        var step: Int
        /// Its last steps' figures.
        var outliers: OutlierDetector
    }

    private let optimizer: Optimizer
    private let outer: OuterStep
    private let group: any ProcessGroup
    private let notes: [Notes]

    private static let outliersKey = "outliers"

    /// The file of a rank's optimizer.
    static func fileName(ofRank rank: Int) -> String {
        rank == 0 ? CheckpointStore.optimizerFileName : "optimizer-\(rank).safetensors"
    }

    /// The states of the ranks of `group`, which all begin together.
    init(
        _ optimizer: Optimizer, _ outer: OuterStep, _ outliers: OutlierDetector,
        in group: any ProcessGroup
    ) throws {
        self.optimizer = optimizer
        self.outer = outer
        self.group = group
        let own = Notes(step: optimizer.stepCount, outliers: outliers)
        notes = try group.gather([UInt8](JSONEncoder().encode(own)), limit: Self.notesLimit).map {
            try JSONDecoder().decode(Notes.self, from: Data($0))
        }
    }

    /// Bytes of a rank's notes, of which each has few.
    private static let notesLimit = 1 << 20

    /// Sends the moments of this rank to rank 0, which writes them.
    func send() throws(ProcessError) { try optimizer.sendState(to: group) }

    /// Writes the states after `step`, in rank 0, to which the others call ``send()``.
    /// O(ranks · parameters).
    func write(toCheckpoint directory: String, step: Int) throws {
        try outer.write(toCheckpoint: directory, step: step)
        for rank in 1..<max(group.count, 1) {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            let outliers = try String(
                decoding: encoder.encode(notes[rank].outliers), as: UTF8.self)
            try optimizer.writeState(
                ofRank: rank, in: group, stepCount: notes[rank].step,
                metadata: [Self.outliersKey: outliers],
                to: directory + "/" + Self.fileName(ofRank: rank))
        }
    }

    /// The figures of its last steps that a rank's file holds.
    static func outliers(inFile path: String) throws -> OutlierDetector {
        let text = try SafetensorsFile(path: path).metadata[outliersKey] ?? ""
        guard let outliers = try? JSONDecoder().decode(OutlierDetector.self, from: Data(text.utf8)),
            outliers.isSound
        else {
            throw TrainingError.badCheckpoint(
                path: path, reason: "it does not say the figures of its last steps")
        }
        return outliers
    }
}

extension TrainingConfiguration {
    /// Throws unless a run of this recipe can go on, by `count` ranks, from the checkpoint in
    /// `directory`, which holds `state`.
    ///
    /// From one without inner states all ranks go on alike.
    func validate(
        goingOnFrom state: TrainingState, _ directory: String, ranks count: Int
    ) throws(TrainingError) {
        guard let had = state.innerStates else { return }
        if localSteps == nil, had > 1 {
            throw .badCheckpoint(
                path: directory,
                reason: """
                    with training.local_steps each of \(had) ranks had a state of its own; set it \
                    as it was, or begin from its model in another directory (init_from)
                    """)
        }
        if localSteps != nil, had != count {
            throw .badCheckpoint(
                path: directory,
                reason: """
                    with training.local_steps each of \(had) ranks had a state of its own, and \
                    now there are \(count); start \(had), or begin from its model in another \
                    directory (init_from)
                    """)
        }
    }
}
