public import Corpora

/// What can be wrong with a pipeline's description, or with what stages hand to one another.
public enum PipelineError: Error, Equatable, Sendable {
    /// The configuration file cannot be read.
    case unreadable(path: String, reason: String)
    /// A key that nothing reads.
    case unknownKey(key: String, nearest: String?)
    /// A value of the wrong type or out of range.
    case badValue(key: String, reason: String)
    /// A directory that was to be made holds something already.
    case occupied(path: String)
    /// A file beside a model is not what its name says.
    case badModelFile(path: String, reason: String)
    /// The corpus has no document.
    case emptyCorpus(inputs: [String])
    /// A document cannot be written as JSON, which holds text only.
    case notUTF8(DocumentOrigin)
    /// A model that was not tuned to answer: its vocabulary lacks a special token of the template.
    case notTuned(path: String, missing: String)
    /// A message leaves no room for an answer: its tokens, and how many may be.
    case tooLong(tokenCount: Int, contextLength: Int)
    /// Somebody asked for the work to stop.
    case interrupted
}

extension PipelineError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path) cannot be read as a pipeline: \(reason)"
        case .unknownKey(let key, let nearest):
            "unknown key \"\(key)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
        case .badValue(let key, let reason):
            "the value of \"\(key)\" does not fit: \(reason)"
        case .occupied(let path):
            "\(path) holds something already; remove it, or choose another directory"
        case .badModelFile(let path, let reason):
            "\(path) cannot be used: \(reason)"
        case .emptyCorpus(let inputs):
            "no document was found in \(inputs.joined(separator: ", ")): is the right file named?"
        case .notUTF8(let origin):
            "\(origin) is not valid UTF-8, which JSON cannot hold"
        case .notTuned(let path, let missing):
            "\(path) was not tuned to answer, for its vocabulary has no \(missing): tune it with "
                + "`quern train --conversations FILE --init-from \(path)`"
        case .tooLong(let count, let limit):
            "the message has \(count) tokens with what belongs to it, and \(limit) fit into the model's "
                + "context beside an answer; shorten it"
        case .interrupted:
            "interrupted; the same command continues"
        }
    }
}
