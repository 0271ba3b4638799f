public import Corpora
package import Models
package import Tokenization
public import Work

/// Errors of a pipeline's description, and of the work that stages hand to one another.
public enum PipelineError: Error, Equatable, Sendable {
    /// The configuration file cannot be read.
    case unreadable(path: String, reason: String)
    /// A key that nothing reads.
    case unknownKey(key: String, nearest: String?)
    /// A value of the wrong type or out of range.
    case badValue(key: String, reason: String)
    /// An error of a key or a value that stands in the file at `path`.
    indirect case written(path: String, line: Int, column: Int, PipelineError)
    /// A name of a vocabulary or a data set that nothing is called by, where others are.
    case unknownName(kind: String, name: String, known: [String], nearest: String?)
    /// A directory that was to be made holds something already, perhaps another model.
    case occupied(path: String, isModel: Bool)
    /// A file beside a model is not what its name says.
    case badModelFile(path: String, reason: String)
    /// What stands at a place is no question of a task, or asks for what cannot be done.
    case badTask(place: String, reason: String)
    /// No run has been recorded there.
    case noRun(path: String)
    /// No pipeline can be proposed for a corpus, for the reason given.
    case noProposal(reason: String)
    /// A corpus of conversations alone, for which no pipeline is proposed: they tune a model.
    ///
    /// - Parameters:
    ///   - inputs: the corpus.
    ///   - fields: the fields that tell it.
    ///   - pairs: the fields of a question and its answer where they are pairs as well; none where
    ///     pairs are known by their names.
    case onlyConversations(inputs: [String], fields: [String], pairs: [String]?)
    /// The corpus has no document.
    ///
    /// `skipped` lines or documents were there that could not be read, the first for the reason
    /// given.
    case emptyCorpus(inputs: [String], skipped: Int = 0, reason: String? = nil)
    /// Counts of pieces without a piece.
    case nothingToLearn
    /// A file of counts that nothing says to be of the corpus at hand.
    case foreignCounts(path: String)
    /// What cannot be read would be kept in place of a file that is no quarantine.
    case noQuarantine(path: String)
    /// A document cannot be written as JSON, which holds text only.
    case notUTF8(DocumentOrigin)
    /// A document has a byte that no token of the vocabulary stands for.
    case notEncodable(DocumentOrigin, reason: String)
    /// A model that has no embedding for some of its vocabulary's tokens.
    case tooFewEmbeddings(tokenCount: Int, embeddingCount: Int)
    /// A model that was not tuned to answer: its vocabulary lacks a special token of the template.
    case notTuned(path: String, missing: String)
    /// A model of pairs, which a conversation was begun with.
    case noConversation(path: String)
    /// A message leaves no room for an answer: its tokens, and how many may be.
    case tooLong(tokenCount: Int, contextLength: Int)
    /// A data set's directory holds unfinished work on something else.
    ///
    /// - Parameter difference: on what, such as "another vocabulary".
    case unfinishedWork(directory: String, difference: String)
    /// The plan, which says how unfinished work is divided, cannot be read.
    case badPlan(path: String, reason: String)
    /// A data set's directory holds unfinished work on more than one thing.
    case severalWorks(directory: String, names: [String])
    /// Another process works on the same.
    case busy(directory: String)
    /// The input does not begin with what is encoded already.
    case changedInput(path: String)
    /// A rank or a number of ranks that cannot be.
    case badRank(reason: String)
    /// A rank without the number of ranks.
    case rankWithoutWorld
    /// A number of ranks, and no launcher says which rank this is.
    case worldWithoutRank
    /// Counting needs more memory than it may take.
    case tooLittleMemory(needed: ByteSize, limit: ByteSize, threadCount: Int)
    /// A pipeline, which reads its corpus twice, was given standard input.
    case standardInput
    /// A data set that would give way to another one; `isEncoded` says whether the other is made.
    case otherDataSet(directory: String, tokens: Int, isEncoded: Bool)
    /// Not all parts of a data set are there.
    case missingParts(directory: String, count: Int, missing: [MissingPart])
    /// Combinations of a sweep make no sense: those, of how many in all.
    case invalidTrials([InvalidTrial], of: Int)
    /// Units of a stage of a refinement that several processes make are not done.
    case unfinishedRefinement(directory: String, stage: String, missing: [Int], count: Int)
    /// The plan of a refinement that several processes make cannot be read.
    case badRefinementPlan(path: String, reason: String)
    /// There is unfinished work on more than one refinement.
    case severalRefinements(directory: String, paths: [String])
    /// There is neither a refined corpus nor unfinished work on one.
    case noRefinement(directory: String)
    /// A file is not what it was when several processes began to refine it.
    case changedWhileRefined(path: String)
    /// A run would replace a result of an earlier one, and nothing allows it.
    case wouldReplace(Replacement)
    /// The work was asked to stop.
    case interrupted
}

/// A part of a data set that is not done.
public struct MissingPart: Equatable, Sendable, CustomStringConvertible {
    /// The part's number, from 0.
    public var number: Int
    /// Rank that makes it, such as "rank 1 of 4"; nil when that is not known.
    public var rank: String?
    /// The first of its files.
    public var first: String
    /// Documents that are safe; nil when it was not begun.
    public var documents: Int?

    /// "part 3 (rank 1 of 4, from web/d.jsonl): 1200 documents so far".
    public var description: String {
        "part \(number) (\(rank.map { "\($0), " } ?? "")from \(first)): "
            + (documents.map { "\($0) documents so far" } ?? "not begun, or its beginning was lost")
    }
}

extension PipelineError {
    /// A corpus of which nothing is left, after what a reader of it met.
    static func emptyCorpus(_ inputs: [String], _ progress: CorpusProgress) -> PipelineError {
        .emptyCorpus(
            inputs: inputs, skipped: progress.skippedLines + progress.brokenFileCount,
            reason: progress.examples.first)
    }
}

extension ModelShape {
    /// Checks that a model of this shape has an embedding for each token of `vocabulary`. It may
    /// have more: those mean nothing.
    package func checkEmbeddings(of vocabulary: Vocabulary) throws(PipelineError) {
        guard vocabularySize >= vocabulary.count else {
            throw .tooFewEmbeddings(tokenCount: vocabulary.count, embeddingCount: vocabularySize)
        }
    }
}

extension PipelineError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .unreadable(let path, let reason):
            "\(path.isEmpty ? "\"\"" : path) cannot be read as a pipeline: \(reason)"
        case .unknownKey(let key, let nearest):
            "unknown key \"\(key)\"" + (nearest.map { "; did you mean \"\($0)\"?" } ?? "")
        case .written(let path, let line, let column, let error):
            "\(path), line \(line), column \(column): \(error)"
        case .badValue(let key, let reason):
            "the value of \"\(key)\" does not fit: \(reason)"
        case .unknownName(let kind, let name, let known, let nearest):
            "there is no \(kind) \(name.isEmpty ? "\"\"" : name): "
                + (nearest.map { "did you mean \($0)? " } ?? "")
                + (known.isEmpty
                    ? "name one"
                    : "there is \(known.prefix(8).joined(separator: ", "))")
                + (known.count > 8 ? " and \(known.count - 8) more" : "")
        case .occupied(let path, isModel: true):
            "\(path) holds a model already: overwrite it, or choose another directory"
        case .occupied(let path, isModel: false):
            "\(path) holds something that is no model, so it is not replaced: choose another "
                + "directory"
        case .badModelFile(let path, let reason):
            "\(path) cannot be used: \(reason)"
        case .badTask(let place, let reason):
            "\(place): \(reason)"
        case .noRun(let path):
            """
            \(path.isEmpty ? "\"\"" : path) is no run: name one, such as NAME or runs/NAME, or a \
            comparison of models
            """
        case .noProposal(let reason):
            reason
        case .onlyConversations(let inputs, let fields, let pairs):
            "\(inputs.joined(separator: ", ")) holds conversations "
                + "(\(fields.joined(separator: ", "))), by which a model learns to answer that has "
                + "learned to write from other text: describe a pipeline for such a text, and name "
                + "the conversations in its instruction_tuning.inputs"
                + Self.pairAdvice(pairs)
        case .emptyCorpus(let inputs, skipped: 0, let reason):
            "no document was found in \(inputs.joined(separator: ", ")): "
                + (reason ?? "is the right file named?")
        case .emptyCorpus(let inputs, let skipped, let reason):
            "no document of \(inputs.joined(separator: ", ")) can be used; "
                + (skipped == 1 ? "one was skipped" : "\(skipped) were skipped, the first")
                + (reason.map { " for this: \($0)" } ?? "")
        case .nothingToLearn:
            """
            there is no piece to learn from: give more text or, if every document was set aside \
            for validation, choose a smaller validation fraction
            """
        case .foreignCounts(let path):
            """
            \(path) holds counts, and no \(path).json says of which corpus: learn from them apart \
            from a pipeline, remove them, or keep those of this corpus in another file
            """
        case .noQuarantine(let path):
            """
            \(path) is there and is no quarantine, which has a file of reasons beside it: move it \
            elsewhere, or keep what cannot be read in another place
            """
        case .notUTF8(let origin):
            "\(origin) is not valid UTF-8, which JSON cannot hold"
        case .notEncodable(let origin, let reason):
            "\(origin) cannot be encoded: \(reason)"
        case .tooFewEmbeddings(let tokenCount, let embeddingCount):
            """
            the vocabulary has \(tokenCount) tokens and the model \(embeddingCount) embeddings; \
            they do not belong together
            """
        case .notTuned(let path, let missing):
            "\(path) was not tuned to answer, for its vocabulary has no \(missing): train on "
                + "conversations, beginning from it"
        case .noConversation(let path):
            "\(path) is a model of pairs, which holds no conversation: give it a source as its "
                + "prompt, and it writes the target"
        case .tooLong(let count, let limit):
            "the message has \(count) tokens with what belongs to it, and \(limit) fit into the "
                + "model's context beside an answer; shorten it"
        case .unfinishedWork(let directory, let difference):
            """
            \(directory) holds unfinished work on \(difference): finish that first, remove it, or \
            choose another directory
            """
        case .badPlan(let path, let reason):
            """
            \(path) cannot be read: \(reason). What is encoded is still there: encode again as \
            before, for any one rank, which writes it anew and keeps finished parts; then finish
            """
        case .severalWorks(let directory, let names):
            """
            \(directory) holds unfinished work on several data sets \
            (\(names.joined(separator: ", "))), and nothing says which is meant: encode the one \
            that is, replacing what is there, which removes the others and keeps its own
            """
        case .busy(let directory):
            "another process is at work in \(directory): wait for it, or end it"
        case .changedInput(let path):
            """
            \(path == "-" ? "standard input" : path) does not begin with the documents that are \
            encoded already: give the same input again, or begin anew
            """
        case .badRank(let reason):
            reason
        case .rankWithoutWorld:
            "a rank needs beside it the number of ranks"
        case .worldWithoutRank:
            "a number of ranks needs beside it a rank, since no launcher says which rank this is"
        case .tooLittleMemory(let needed, let limit, let threadCount):
            """
            the value of "vocabulary.memory" does not fit: it is \(limit); counting with \
            \(threadCount) threads takes \(needed), and less with fewer threads
            """
        case .standardInput:
            """
            the value of "corpus.inputs" does not fit: a pipeline reads its corpus twice, and \
            standard input can be read only once; save it to a file, or run the stages one by one
            """
        case .missingParts(let directory, let count, let missing):
            """
            \(missing.count) of \(count) parts are missing in \(directory); run their ranks again:
            \(missing.prefix(10).map { "  \($0)" }.joined(separator: "\n"))
            """ + (missing.count > 10 ? "\n  and \(missing.count - 10) more" : "")
        case .unfinishedRefinement(let directory, let stage, let missing, let count):
            """
            \(directory) is not there yet: of the stage "\(stage)" \(missing.count) of \(count) \
            units are missing (\(missing.prefix(10).map { "\($0)" }.joined(separator: ", "))\
            \(missing.count > 10 ? ", …" : "")); run any rank again, with the same arguments
            """
        case .badRefinementPlan(let path, let reason):
            "\(path) cannot be read: \(reason); run any rank again, which writes it anew and keeps "
                + "what is done"
        case .severalRefinements(let directory, let paths):
            "there is unfinished work on several refinements for \(directory) "
                + "(\(paths.joined(separator: ", "))): remove those that are not wanted"
        case .noRefinement(let directory):
            "\(directory) is no refined corpus, and there is no unfinished work on one beside it"
        case .changedWhileRefined(let path):
            "\(path) has changed since its refinement began: remove the unfinished work beside the "
                + "output, and begin again"
        case .otherDataSet(let directory, let tokens, let isEncoded):
            "\(directory) holds another data set, of \(tokens) tokens: choose another directory, "
                + "or overwrite it"
                + (isEncoded ? ", for which nothing has to be encoded again" : "")
        case .invalidTrials(let invalid, let count):
            """
            \(invalid.count) of \(count) combinations make no sense, and nothing has been done:
            \(invalid.prefix(10).map { "  \($0.name): \($0.reason)" }.joined(separator: "\n"))
            """ + (invalid.count > 10 ? "\n  and \(invalid.count - 10) more" : "")
        case .wouldReplace(let replacement):
            """
            \(replacement). Nothing has been changed: give the pipeline another name to have both, \
            keep what is there by moving it aside, or overwrite it
            """
        case .interrupted:
            "interrupted; the same command continues"
        }
    }

    /// What else can be made of questions with their answers.
    private static func pairAdvice(_ fields: [String]?) -> String {
        guard let fields else { return "" }
        let keys =
            fields.isEmpty
            ? "" : ", corpus.source_field \(fields[0]) and corpus.target_field \(fields[1])"
        return "; or let a model of pairs learn the answers by themselves, with "
            + "model.architecture encoder_decoder\(keys)"
    }
}
