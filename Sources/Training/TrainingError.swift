/// Errors that stop training, apart from those of the data and the files themselves.
public enum TrainingError: Error, Equatable, Sendable {
    /// A value of the configuration makes no sense.
    case badConfiguration(key: String, rule: String)
    /// The loss or the gradient was not finite in so many steps in a row, up to step `step`.
    case diverged(step: Int, count: Int)
    /// Something that a run cannot go on without is not finite after step `step`.
    case notFinite(what: String, step: Int)
    /// Training needs more memory than there is, both in bytes.
    case tooLittleMemory(needed: MemoryPlan, available: Int)
    /// There is nothing to resume.
    case noCheckpoint(directory: String)
    /// There is no checkpoint of the step that was asked for.
    case noSuchStep(step: Int, directory: String, known: [Int])
    /// A model or checkpoint is not as it was written.
    ///
    /// - Parameters:
    ///   - fault: the files and what is wrong with them.
    ///   - sound: the newest sound checkpoint of its run, if there is one.
    case damaged(path: String, fault: String, sound: String?)
    /// No checkpoint of a run is as it was written; each with its fault.
    case noSoundCheckpoint(directory: String, faults: [String])
    /// No model lies where one was named.
    case noModel(path: String, hint: String)
    /// The model cannot be begun from.
    case badStart(path: String, reason: String)
    /// The model cannot be begun from, since its vocabulary is not that of the data.
    case otherVocabulary(path: String)
    /// A model of pairs was to learn from shards of other texts.
    case notPairs(directory: String)
    /// The checkpoint cannot be continued from.
    case badCheckpoint(path: String, reason: String)
    /// There is a checkpoint already, and neither resuming nor replacing was asked for.
    case runExists(directory: String)
    /// Another process trains there.
    case runInUse(directory: String)
    /// The slots of a step cannot be shared by so many processes.
    case badRankCount(count: Int, slots: Int, possible: [Int])
    /// A process of a run has something else than the first.
    case otherRank(rank: Int, what: String, first: String, other: String)
    /// A process of a run cannot do something that one alone can.
    case notShared(what: String)
}

extension TrainingError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .badConfiguration(let key, let rule):
            "training.\(key) \(rule)"
        case .diverged(let step, let count):
            """
            the loss or the gradient was not finite in the \(count) steps up to \(step): lower the \
            learning rates or raise training.warmup_steps, and resume from the last checkpoint
            """
        case .notFinite(let what, let step):
            """
            \(what) is not finite after step \(step): lower the learning rates or raise \
            training.warmup_steps, and resume from the last checkpoint or begin again
            """
        case .tooLittleMemory(let needed, let available):
            """
            training needs \(Self.size(needed.total)) of memory (parameters \
            \(Self.size(needed.parameters)), gradients \(Self.size(needed.gradients)), optimizer \
            \(Self.size(needed.optimizer)), activations \(Self.size(needed.activations)), batches \
            \(Self.size(needed.batches)), the program \(Self.size(needed.program))) and may have \
            \(Self.size(available)): make the model, its context or the number of threads smaller, \
            or let it have more
            """
        case .noCheckpoint(let directory):
            "\(directory) has no checkpoint to resume from: train from the beginning first"
        case .noSuchStep(let step, let directory, let known):
            "\(directory) has no checkpoint of step \(step): "
                + (known.isEmpty
                    ? "it has none"
                    : "it has those of " + known.map(String.init).joined(separator: ", "))
        case .damaged(let path, let fault, let sound):
            "\(path) is damaged (\(fault)): "
                + (sound.map { "the newest sound checkpoint of its run is \($0)" }
                    ?? "copy it again")
        case .noSoundCheckpoint(let directory, let faults):
            "no checkpoint in \(directory) is sound: \(faults.joined(separator: "; ")). Copy one "
                + "again, or choose another directory"
        case .noModel(let path, let hint):
            "there is no model in \(path): \(hint)"
        case .badStart(let path, let reason):
            "training cannot begin from \(path): \(reason)"
        case .notPairs(let directory):
            """
            an encoder_decoder learns from pairs of a source and its target, and the shards in \
            \(directory) hold other texts; let a pipeline with this architecture make them from \
            files with the fields source and target
            """
        case .otherVocabulary(let path):
            """
            training cannot begin from \(path): its vocabulary is not the one that the data was \
            made with; encode the corpus with the vocabulary in \(path), and train with the same
            """
        case .badCheckpoint(let path, let reason):
            "\(path) cannot be continued from: \(reason)"
        case .runExists(let directory):
            """
            \(directory) has checkpoints already, which a new run would replace: continue from the \
            last, or choose another directory
            """
        case .badRankCount(let count, let slots, let possible):
            """
            \(count) ranks cannot share the \(slots) slots of a step, of which each has a whole \
            part of the tree that sums them. So many can: \
            \(possible.map(String.init).joined(separator: ", ")); or set training.gradient_slots \
            to \(count) or \(2 * count). (Another number of slots changes the last bits.)
            """
        case .otherRank(let rank, let what, let first, let other):
            """
            rank \(rank) differs from rank 0 in \(what): \(other.shortened) there, \
            \(first.shortened) here. All ranks need the same: start them again with the same
            """
        case .notShared(let what):
            "\(what) is done by one process: start it without a launcher of several"
        case .runInUse(let directory):
            "another quern process is writing \(directory): wait for it, or choose another one"
        }
    }

    /// Bytes as a person reads them.
    private static func size(_ bytes: Int) -> String {
        var (value, unit) = (Double(bytes), 0)
        let units = ["B", "kB", "MB", "GB", "TB"]
        while value >= 999.5, unit + 1 < units.count {
            value /= 1_000
            unit += 1
        }
        return "\(unit == 0 ? value : (value * 10).rounded() / 10) \(units[unit])"
    }
}
