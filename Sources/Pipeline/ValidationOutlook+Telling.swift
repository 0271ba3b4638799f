import Corpora
import Files
import TokenShards
import Work

extension CorpusConfiguration {
    /// The configuration for reading the files of `inputs`, with the cut of a document where the
    /// hashes of so few hold out none. What is held out is told if that is not what is usual,
    /// before the work on the corpus begins.
    ///
    /// - Throws: ``PipelineError/interrupted`` on request.
    func settlingValidation(
        of inputs: CorpusInputs, work: WorkContext<PipelineEvent>
    ) throws -> CorpusConfiguration {
        var corpus = self
        // A list of inputs that comes through a pipe is read only once.
        corpus.inputs = inputs.paths
        corpus.inputsFrom = nil
        let outlook: ValidationOutlook
        do {
            outlook = try corpus.validationOutlook(threadCount: work.threadCount, stop: work.stop)
        } catch CorpusError.file(.stopped) {
            throw PipelineError.interrupted
        } catch {
            // The work meets the same fault, and keeps what it has done up to there.
            return corpus
        }
        switch outlook {
        case .byHash, .unknown: break
        case .everything(let documents, let byteCount):
            let few = documents == 1 ? "the one document" : "all of the \(documents) documents"
            throw PipelineError.badValue(
                key: "corpus.validation_fraction",
                reason: "the hash of \(few), \(byteCount) bytes, holds it out, so that nothing is "
                    + "left to learn from: set it to 0, or give more text")
        case .cut(let cut, let documents):
            corpus.validationCut = cut
            let few = documents == 1 ? "the one document" : "the \(documents) documents"
            let split = ValidationSplit(fraction: validationFraction)
            let reason =
                split.isValidation(cut.documentHash)
                ? "the hashes put all of \(few) into the validation split"
                : "no hash of \(few) puts it into the validation split"
            work.report(
                .notice(
                    """
                    \(reason): the last \(cut.heldOutByteCount) bytes of \
                    \(cut.origin), of \(cut.byteCount + cut.heldOutByteCount), are held out
                    """))
        case .nothing(let documents, let byteCount):
            guard documents > 0 else { break }
            work.report(
                .notice(
                    """
                    there will be no validation split, so no model is judged or becomes the best: \
                    no hash of \(documents) documents of \(byteCount) bytes holds one out, and \
                    none has the \(ValidationCut.leastByteCount) bytes of one that is cut; give \
                    more text, or set corpus.validation_fraction to 0
                    """))
        }
        return corpus
    }
}

extension ValidationOutlook {
    /// The notice of a data set without a validation split, for a person.
    static func nothingText(_ train: ShardManifest.Totals) -> String {
        """
        there is no validation split: the hash of none of \(train.documents) documents held one \
        out; raise corpus.validation_fraction, or encode a file instead of a pipe, of which the \
        end of a document is held out where there are few
        """
    }
}

extension ShardManifest.ValidationCut {
    /// The cut for a manifest.
    init(_ cut: ValidationCut) {
        self.init(
            document: "\(cut.origin)", textHash: cut.documentHash, bytes: cut.byteCount,
            validationBytes: cut.heldOutByteCount)
    }
}
