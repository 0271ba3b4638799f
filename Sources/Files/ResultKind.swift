/// Kind of a directory that Quern makes, known by the names in it.
///
/// Only names that no other program's directory has together count: a project may have a
/// `tokenizer.json` or a folder `checkpoints` of its own.
public enum ResultKind: String, CaseIterable, Sendable {
    /// A model or a checkpoint.
    case model
    /// A vocabulary.
    case vocabulary
    /// A data set.
    case dataSet = "data set"
    /// A run.
    case run
    /// A refined corpus.
    case refinedCorpus = "refined corpus"

    /// Names of files, of each group of which one is there at least.
    private var marks: [[String]] {
        switch self {
        case .model: [["config.json"], ["manifest.json"]]
        case .vocabulary: [["tokenizer.json"], ["tokens.tsv"]]
        case .dataSet: [["manifest.json"], ["train_000000.bin", "val_000000.bin"]]
        case .run: [["stages.json", "metrics.jsonl"], ["checkpoints", "stages.json"]]
        case .refinedCorpus:
            [["report.json"], ["part_000000.jsonl.zst", "part_000000.parquet"]]
        }
    }

    /// The kind of what is in the directory `path`; nil where it is none of these.
    package init?(at path: String) {
        func isThere(_ name: String) -> Bool { FileIdentity(path: path + "/" + name) != nil }
        // A model has a vocabulary in it and is told by its own files, which come first.
        let kind = Self.allCases.first { kind in
            kind.marks.allSatisfy { $0.contains(where: isThere) }
        }
        guard let kind else { return nil }
        self = kind
    }

    /// Throws ``FileError/outputInResult(output:result:kind:)`` if `output` would fill a directory
    /// that is a result of another kind, or lie in a result where it does not belong. O(names).
    ///
    /// - Parameters:
    ///   - output: the path.
    ///   - kind: what will be there; nil for anything else.
    ///   - outer: kind of the results in which it may lie.
    ///   - isFile: whether it is one file. One that is there already may be written again, and a
    ///     run may hold drawings and texts.
    static func check(
        output: String, making kind: ResultKind?, within outer: ResultKind? = nil, isFile: Bool
    ) throws(FileError) {
        let place = FilePlace.resolved(output)
        if let found = ResultKind(at: place), found != kind {
            throw .outputInResult(output: output, result: output, kind: found.rawValue)
        }
        if isFile, FileIdentity(path: place) != nil { return }
        var above = place
        while above != "/", above != "." {
            above = FileSystem.parentDirectory(of: above)
            guard let found = ResultKind(at: above), found != (isFile ? .run : outer) else {
                continue
            }
            throw .outputInResult(output: output, result: above, kind: found.rawValue)
        }
    }
}
