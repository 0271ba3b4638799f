/// A stage of the way from text to a trained model.
///
/// A stage's name is that of its folder in this module, of its type, such as ``EncodeStage``, of
/// its records in a run's ledger, and, where it has a command of its own, of the command.
public enum Stage: String, Codable, Sendable, CaseIterable {
    /// Filtering and shuffling the corpus, where that is asked for.
    case refine
    /// Learning the vocabulary.
    case vocab
    /// Encoding the corpus into shards.
    case encode
    /// Training the model.
    case train
    /// Scoring it, where several are compared.
    case evaluate
    /// Drawing samples from it.
    case generate
    /// Teaching it to answer.
    case tune

    /// Whether it comes before a model, and makes text, a vocabulary or tokens.
    var isOfText: Bool { self == .refine || self == .vocab || self == .encode }

    /// The stage of a ledger's record. Ledgers that were written before a stage had the same name
    /// everywhere use older names.
    init?(ledgerName name: String) {
        let older: [String: Stage] = [
            "refinement": .refine, "vocabulary": .vocab, "shards": .encode, "training": .train,
            "samples": .generate, "instruction_tuning": .tune,
        ]
        guard let stage = Stage(rawValue: name) ?? older[name] else { return nil }
        self = stage
    }
}
