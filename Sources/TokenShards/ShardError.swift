public import Files

/// Errors of a set of shards.
public enum ShardError: Error, Equatable, Sendable {
    /// A file cannot be read, as where that is not permitted.
    case file(FileError)
    /// The directory has no manifest, so it was never finished or never was a data set.
    case noManifest(directory: String)
    /// There is no such directory.
    case noDirectory(path: String)
    /// The directory holds data sets, and is none itself.
    case severalDataSets(directory: String, names: [String])
    /// The directory holds the beginning of a data set, and no whole one.
    case unfinished(directory: String)
    /// The manifest is not as it was written.
    case changedManifest(path: String)
    /// The manifest cannot be read as one.
    case badManifest(path: String, reason: String)
    /// The file is not a shard, or not one of the manifest's making.
    case badShard(path: String, reason: String)
    /// A file of another program cannot be learned from.
    case foreign(path: String, reason: String)
    /// A file has the name of a shard and is not in the manifest.
    case strayShard(path: String)
    /// A file is in the place of a data set's, and Quern has not written it.
    case notOurs(path: String)
    /// The shards were made with another vocabulary.
    case vocabularyMismatch(directory: String, expected: String, found: String)
    /// The split holds too few tokens for one window.
    case tooFewTokens(split: String, tokenCount: Int, needed: Int)
    /// A data set has fewer windows than there are rows that read on in it.
    case tooFewWindows(windowCount: Int, rowCount: Int)
    /// Data sets cannot be learned from together.
    case badMixture(reason: String)
    /// The data set cannot be written in another program's layout.
    case cannotExport(reason: String)
    /// The output of an export is there already; perhaps it is an earlier one of the same layout.
    case outputExists(path: String, isOfLayout: Bool)
    /// No document was written, so there is nothing to keep.
    case noDocuments
}

extension ShardError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .noManifest(let directory):
            """
            \(directory) holds no manifest.json: it is no finished data set; encode a \
            corpus, or give the vocabulary if its files are llm.c's, nanoGPT's or Megatron-LM's
            """
        case .noDirectory(let path):
            "there is no directory \(path): name that of a data set"
        case .severalDataSets(let directory, let names):
            "\(directory) holds several data sets: name those that you mean, "
                + names.prefix(8).map { directory + "/" + $0 }.joined(separator: " ")
                + (names.count > 8 ? " …" : "")
        case .unfinished(let directory):
            """
            the data set in \(directory) is not finished: encode the same again, which goes on \
            where it was, or finish it when every rank is done
            """
        case .changedManifest(let path):
            """
            \(path) is not as it was written: its bytes do not have the checksum at its front; \
            fetch it again, or encode the corpus again
            """
        case .badManifest(let path, let reason):
            "\(path) is not a manifest that this version reads: \(reason)"
        case .badShard(let path, let reason):
            "\(path) is damaged or not a shard: \(reason); encode the corpus again"
        case .foreign(let path, let reason):
            "\(path) cannot be used as a data set: \(reason)"
        case .strayShard(let path):
            """
            \(path) is not in the manifest, and programs that read every shard of a directory \
            would read it: remove it
            """
        case .notOurs(let path):
            """
            \(path) has the name of a data set's file and was not written by Quern, so that it is \
            not replaced: move it elsewhere, or choose another directory
            """
        case .vocabularyMismatch(let directory, expected: _, found: _):
            """
            \(directory) was encoded with another vocabulary than this one: use that vocabulary, \
            or encode the corpus again
            """
        case .tooFewTokens(let split, tokenCount: 0, needed: _):
            """
            the \(split) split holds no document: choose another split, or encode the corpus with \
            another validation fraction
            """
        case .tooFewTokens(let split, let tokenCount, let needed):
            """
            the \(split) split has \(tokenCount) tokens, and one window needs \(needed): \
            use a larger corpus or a shorter context
            """
        case .tooFewWindows(let windowCount, let rowCount):
            """
            \(rowCount) rows that read on need a window each, and the train split has \
            \(windowCount): use a larger corpus, a shorter context or a smaller batch
            """
        case .badMixture(let reason):
            "the mixture of data sets is wrong: \(reason)"
        case .cannotExport(let reason):
            "cannot export: \(reason)"
        case .outputExists(let path, isOfLayout: true):
            "cannot export: \(path) is there already: overwrite it, or choose another directory"
        case .outputExists(let path, isOfLayout: false):
            """
            cannot export: \(path) is there and is no export of this layout, so it is not \
            replaced: choose another directory
            """
        case .noDocuments:
            "no document came in, so there is nothing to encode: look at the inputs"
        }
    }
}
