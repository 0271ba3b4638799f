import Foundation

/// `index.json` of a data set of litdata's (`litdata/streaming/writer.py`), whose items are the
/// tokens of documents.
struct LitDataIndex: Encodable {
    /// A file.
    struct Chunk: Encodable {
        var filename: String
        /// Bytes of the whole file.
        var byteCount: Int
        var documentCount: Int
        var tokenCount: Int

        enum CodingKeys: String, CodingKey {
            case filename
            case byteCount = "chunk_bytes"
            case documentCount = "chunk_size"
            case tokenCount = "dim"
        }
    }

    /// What the files are, as its writer states it.
    struct Settings: Encodable {
        /// The number of `torch.int16` or `torch.int32` in its table of types: of those it reads at
        /// every version the narrowest that holds the ids.
        var typeNumber: Int

        enum CodingKeys: String, CodingKey {
            case chunkByteCount = "chunk_bytes"
            case chunkSize = "chunk_size"
            case dataFormat = "data_format"
            case dataSpec = "data_spec"
            case itemLoader = "item_loader"
            case compression, encryption
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(LitDataIndex.chunkByteCount, forKey: .chunkByteCount)
            try values.encodeNil(forKey: .chunkSize)
            try values.encodeNil(forKey: .compression)
            try values.encode(["no_header_tensor:\(typeNumber)"], forKey: .dataFormat)
            // PyTorch's text for a structure that is one tensor.
            try values.encode(
                #"[1, {"type": null, "context": null, "children_spec": []}]"#, forKey: .dataSpec)
            try values.encodeNil(forKey: .encryption)
            try values.encode("TokensLoader", forKey: .itemLoader)
        }
    }

    /// The size at which a file ends, behind a document.
    static let chunkByteCount = 1 << 26

    private(set) var chunks: [Chunk] = []
    private let settings: Settings

    /// Bytes of an id.
    var width: Int { settings.typeNumber == Self.int16 ? 2 : 4 }

    private static let int16 = 13
    private static let int32 = 15

    /// The index of ids below `vocabularySize`.
    init(vocabularySize: Int) {
        settings = Settings(typeNumber: vocabularySize <= 1 << 15 ? Self.int16 : Self.int32)
    }

    mutating func append(_ chunk: Chunk) { chunks.append(chunk) }

    enum CodingKeys: String, CodingKey {
        case chunks
        case settings = "config"
    }
}
