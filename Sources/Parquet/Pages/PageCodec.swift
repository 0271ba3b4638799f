/// A codec of pages.
enum PageCodec: Int, Sendable {
    case none = 0
    case snappy = 1
    case gzip = 2
    case zstandard = 6
    case lz4 = 7

    /// The codec of a number in the footer.
    init(number: Int, at offset: Int) throws(ParquetFault) {
        guard let codec = Self(rawValue: number) else {
            let name: String? =
                switch number {
                case 3: "LZO"
                case 4: "brotli"
                case 5: "LZ4 in the old framing, for which LZ4_RAW came"
                default: nil
                }
            if let name {
                throw .unsupported(
                    "the pages are compressed by \(name), which is not read; write the file again "
                        + "with zstd or snappy", at: offset)
            }
            throw ParquetFault("there is no codec \(number)", at: offset)
        }
        self = codec
    }

    /// The name for a person.
    var name: String {
        switch self {
        case .none: "no"
        case .snappy: "snappy"
        case .gzip: "gzip"
        case .zstandard: "zstd"
        case .lz4: "LZ4"
        }
    }
}
