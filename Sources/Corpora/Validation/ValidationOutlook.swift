import Files
public import Work

/// What of a corpus is going to be held out, known before the work on it begins.
public enum ValidationOutlook: Sendable, Equatable {
    /// What the hashes of the texts hold out: a document at least, or whatever they do of a corpus
    /// of more than ``CorpusConfiguration/smallCorpusDocumentCount`` documents.
    case byHash
    /// The end of one document, since the hashes hold out none, or all, of this many `documents`.
    case cut(ValidationCut, documents: Int)
    /// Nothing: the hashes hold out none of the `documents`, and none is large enough to be cut.
    case nothing(documents: Int, byteCount: Int)
    /// All: the hashes hold out each of the `documents`, and none is large enough to be cut.
    case everything(documents: Int, byteCount: Int)
    /// What the hashes hold out, be it nothing: an input is standard input or a pipe, which can
    /// only be read once.
    case unknown
}

extension CorpusConfiguration {
    /// The most documents of a corpus of which one is cut where the hashes hold out none. With 5 %
    /// held out, the hashes of as many hold out none once in 10²² corpora.
    public static let smallCorpusDocumentCount = 1_000

    /// The split of the documents.
    public var validationSplit: ValidationSplit {
        ValidationSplit(fraction: validationFraction, cut: validationCut)
    }

    /// Looks at documents until one is held out by its hash and one is not, or at all of a small
    /// corpus.
    ///
    /// Where none is, or all are, the largest document is cut (the first of several): its end, as
    /// many bytes as `validationFraction` is of all text and at most half of it, is held out. The
    /// cut is at a paragraph, or else a line, a sentence, a word, a character. It depends on the
    /// texts and their order alone, so that all processes that look at a corpus cut it alike.
    ///
    /// O(1 / `validationFraction`) documents, or those of a small corpus; in memory for two.
    ///
    /// - Throws: what reading the documents does, ``CorpusError/file(_:)`` with `stopped` on
    ///   request.
    public func validationOutlook(
        threadCount: Int? = nil, stop: StopSignal? = nil
    ) throws(CorpusError) -> ValidationOutlook {
        guard validationFraction > 0 else { return .byHash }
        var configuration = self
        configuration.quarantinePath = nil
        configuration.validationCut = nil
        var reader = try CorpusReader(configuration, threadCount: threadCount, stop: stop)
        guard reader.progress.totalBytes != nil else { return .unknown }
        guard validationFraction < 1 else { return .byHash }
        let split = ValidationSplit(fraction: validationFraction)
        var largest: Document?
        var (isHeldOut, isLeft) = (false, false)
        while let document = try reader.next() {
            if stop?.isRequested == true { throw .file(.stopped(path: document.origin.path)) }
            if split.isValidation(document.contentHash) { isHeldOut = true } else { isLeft = true }
            if isHeldOut && isLeft || reader.progress.documents > Self.smallCorpusDocumentCount {
                return .byHash
            }
            if document.text.count > largest?.text.count ?? 0 { largest = document }
        }
        let (documents, byteCount) = (reader.progress.documents, reader.progress.textBytes)
        let wanted = Int((validationFraction * Double(byteCount)).rounded())
        guard let largest, let cut = ValidationCut(of: largest, holdingOut: wanted) else {
            return isHeldOut
                ? .everything(documents: documents, byteCount: byteCount)
                : .nothing(documents: documents, byteCount: byteCount)
        }
        return .cut(cut, documents: documents)
    }
}
