import Corpora

/// Identity of a corpus, for deciding whether it has changed: how it is read, and each file's size
/// and time of change.
struct CorpusIdentity {
    /// One value for all of it.
    let fingerprint: String

    /// Looks at every file that `configuration` names. O(files).
    init(_ configuration: CorpusConfiguration) throws {
        guard !configuration.inputs.contains("-"), configuration.inputsFrom != "-" else {
            throw PipelineError.standardInput
        }
        var parts = [try StageLedger.fingerprint(configuration)]
        for path in try configuration.inputPaths() {
            parts.append("\(path) \(StageLedger.identity(ofInput: path))")
        }
        fingerprint = try StageLedger.fingerprint(parts)
    }

    /// Looks into every file of a corpus that a stage has made: its content counts, not when it was
    /// made. O(bytes of the files).
    init(refined configuration: CorpusConfiguration) throws {
        var parts = [try StageLedger.fingerprint(configuration)]
        for path in try configuration.inputPaths() {
            parts.append("\(path) \(StageLedger.fingerprint(ofFile: path) ?? "absent")")
        }
        fingerprint = try StageLedger.fingerprint(parts)
    }
}
