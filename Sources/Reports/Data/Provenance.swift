import Files
import Foundation
import Models
import Training

/// What a run was made with: `provenance.json` in its directory.
///
/// It stands apart from the checkpoints, whose bytes do not depend on the machine, and is written
/// when training begins and goes on, so that a page can be made again without either.
struct Provenance: Codable, Sendable, Equatable {
    /// The part of a run that one process has done.
    struct Session: Codable, Sendable, Equatable {
        /// Steps that were done before.
        var completedSteps = 0
        /// Steps in all.
        var stepCount = 0
        /// Threads.
        var threadCount = 0
        /// Level of the kernels.
        var level = ""
        /// In what matrix products multiply.
        var precision = ""
        /// The processor's name; empty where it is not known.
        var processor = ""
        /// Measured peak of the matrix units, in operations a second.
        var matrixPeak = 0.0
        /// Tokens of a step.
        var tokensPerStep = 0
        /// Windows of one pass over every source.
        var windowCount = 0
        /// Parts of the memory that is needed, in bytes, by name.
        var memory: [String: Int] = [:]
        /// Seconds by what they were spent on.
        var seconds: [String: Double] = [:]
        /// Seconds of a step by its parts, in their order, where they were measured.
        var parts: [Part]?

        /// Seconds of all together, summed in the order of their names: the order of a dictionary
        /// is another in each process, and with it the last digits of a sum.
        var wallSeconds: Double {
            seconds.sorted { $0.key < $1.key }.reduce(0) { $0 + $1.value }
        }

        enum CodingKeys: String, CodingKey {
            case threadCount = "threads"
            case level, precision, processor, memory, seconds, parts
            case completedSteps = "completed_steps"
            case stepCount = "steps"
            case matrixPeak = "matrix_peak"
            case tokensPerStep = "tokens_per_step"
            case windowCount = "windows"
        }
    }

    /// The time of a part of a step.
    struct Part: Codable, Sendable, Equatable {
        /// Its name.
        var part: String
        /// Seconds of a step.
        var seconds: Double
    }

    /// Version of this layout.
    var version = 1
    /// The program, with its release and commit.
    var program = ""
    /// The command line.
    var command: [String] = []
    /// The text of the description that the command line names; nil without one.
    var description: String?
    /// Trainable numbers.
    var parameterCount = 0
    /// The processes that have worked on it.
    var sessions: [Session] = []

    enum CodingKeys: String, CodingKey {
        case version, program, command, description, sessions
        case parameterCount = "parameters"
    }

    /// Name of the file.
    static let fileName = "provenance.json"

    /// That of a run of which nothing is known yet.
    init() {}

    /// That of the run in `directory`; nil where it was not written or cannot be read.
    init?(runDirectory directory: String) {
        guard let data = try? FileSystem.contents(directory + "/" + Self.fileName),
            let read = try? StrictJSON.decodeCounts(Provenance.self, from: data),
            read.sessions.count < 1_000
        else { return nil }
        self = read
    }

    /// Writes the file into `directory`.
    func write(to directory: String) throws {
        try FileReplacement.writeJSON(self, to: directory + "/" + Self.fileName)
    }
}

extension Provenance.Session {
    /// The session that a plan begins, on this machine.
    init(_ plan: TrainingPlan, threadCount: Int) {
        completedSteps = plan.completedSteps
        stepCount = plan.stepCount
        self.threadCount = threadCount
        level = "\(KernelLevel.best(plan.wantedPrecision))"
        precision = plan.precision.rawValue
        processor = Self.processorName
        matrixPeak = plan.matrixPeak.isFinite ? plan.matrixPeak : 0
        tokensPerStep = plan.tokensPerStep
        windowCount = plan.windowCount
        memory = [
            "parameters": plan.memory.parameters, "gradients": plan.memory.gradients,
            "optimizer": plan.memory.optimizer, "activations": plan.memory.activations,
            "batches": plan.memory.batches,
        ]
    }

    /// Name of the processor as Linux tells it; empty where it does not.
    private static var processorName: String {
        guard let file = try? OpenFile(path: "/proc/cpuinfo") else { return "" }
        var bytes = [UInt8](repeating: 0, count: 16_384)
        let count = (try? file.read(into: &bytes, at: 0)) ?? 0
        let lines = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n")
        let line = lines.first { $0.hasPrefix("model name") }
        return line?.split(separator: ":", maxSplits: 1).last
            .map { $0.trimmingCharacters(in: .whitespaces) } ?? ""
    }
}
