import Tokenization

/// The ids of all documents, one after another, in 16 bits each.
func encodeAll(_ documents: [[UInt8]], with encoder: BytePairEncoder) -> [UInt16] {
    var ids: [UInt16] = []
    for document in documents {
        encoder.encode(document.span, specials: .none, into: &ids)
    }
    return ids
}
