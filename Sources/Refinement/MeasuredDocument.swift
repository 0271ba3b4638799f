import Bytes
import Corpora

/// A document and what was found out about it.
struct MeasuredDocument: Sendable {
    /// The document.
    var document: Document
    /// Its place among all documents that were read, counted from 0.
    var ordinal = 0
    /// Whether it is of another corpus, with which documents are compared: it is nowhere counted.
    var isOther = false
    /// The second half of its 128-bit hash: the XXH64 of the text with another seed than the
    /// content hash, which is the first half.
    var secondHash: UInt64
    /// Its MinHash signature; empty where none is needed or the text has no words.
    var signature: [UInt32]

    /// Hashes `document`, and computes its signature if `signer` is there. O(bytes).
    init(_ document: Document, signer: MinHash? = nil) {
        self.document = document
        secondHash = XXH64.hash(of: document.text.span, seed: 0x5175_6572_6E21)
        signature = signer?.signature(of: document.text.span) ?? []
    }

    /// A document without its hash and signature, which are not needed any more.
    init(_ document: Document, ordinal: Int, signature: [UInt32]) {
        self.document = document
        self.ordinal = ordinal
        secondHash = 0
        self.signature = signature
    }
}
