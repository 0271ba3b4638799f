public import Corpora
public import Work

/// An error of refining a corpus.
public enum RefinementError: Error, Equatable, Sendable {
    /// A value of the configuration that cannot be worked with.
    case badValue(key: String, wish: String)
    /// A text is no UTF-8, and JSON can hold nothing else.
    case invalidText(origin: DocumentOrigin)
    /// Something else than an earlier result stands where the result shall be.
    case occupied(path: String)
    /// A file that is none of the result's lies in the directory that it would replace.
    case otherFile(path: String)
    /// There are too many documents to know in memory which are near-duplicates of which.
    case tooManyDocuments(count: Int, needed: ByteSize)
    /// A line of a file of evaluation texts cannot be read.
    case badEvaluation(origin: DocumentOrigin, reason: String)
    /// The files of evaluation texts have more runs of words than the memory allows.
    case tooManyEvaluationRuns(path: String, count: Int, limit: ByteSize)
    /// A scratch file does not hold what was written to it.
    case damagedScratch(path: String)
    /// A file of work that several processes share is not as it was written.
    case damagedUnit(path: String)
}

extension RefinementError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .badValue(let key, let wish):
            "corpus.refine.\(key) \(wish)"
        case .invalidText(let origin):
            "\(origin): the text is not UTF-8, and JSON lines can hold nothing else; "
                + "read it with corpus.invalid_utf8 = replace, or repair the file"
        case .occupied(let path):
            "\(path) is there and is no earlier refined corpus (it has no report.json); "
                + "name another directory, or remove it"
        case .otherFile(let path):
            "\(path) lies in a refined corpus that is to be replaced and does not belong to it; "
                + "move it elsewhere, or name another directory"
        case .tooManyDocuments(let count, let needed):
            "near-duplicates among \(count) documents take \(needed) of memory; "
                + "raise the limit (corpus.refine.memory)"
        case .badEvaluation(let origin, let reason):
            "\(origin): \(reason); a line is a text, or an object of JSON with texts in it"
        case .tooManyEvaluationRuns(let path, let count, let limit):
            "\(path): with it there are \(count) runs of words of evaluation texts, which take "
                + "more than \(limit) of memory; raise the limit (corpus.refine.memory)"
        case .damagedScratch(let path):
            "what was put aside beside \(path) came back damaged; is that disk sound?"
        case .damagedUnit(let path):
            "\(path) is not as it was written, or is gone; remove the directory that it is in and "
                + "run again, which makes that anew; is that disk sound?"
        }
    }
}
