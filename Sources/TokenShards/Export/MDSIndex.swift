import Foundation

/// `index.json` of a MosaicML Streaming data set.
struct MDSIndex: Encodable {
    /// Columns of a file, as it states them.
    struct Settings: Encodable {
        let columnEncodings: [String]
        let columnNames = ["tokens"]
        let columnSizes: [Int]
        let format = "mds"
        let hashes: [String] = []
        let sizeLimit = 1 << 26
        let version = 2

        init(length: Int, dtype: TokenWidth) {
            columnEncodings = ["ndarray:\(dtype.rawValue):\(length)"]
            columnSizes = [length * dtype.byteCount]
        }

        enum CodingKeys: String, CodingKey {
            case compression, format, hashes, version
            case columnEncodings = "column_encodings"
            case columnNames = "column_names"
            case columnSizes = "column_sizes"
            case sizeLimit = "size_limit"
        }

        func encode(to encoder: any Encoder) throws {
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(columnEncodings, forKey: .columnEncodings)
            try values.encode(columnNames, forKey: .columnNames)
            try values.encode(columnSizes, forKey: .columnSizes)
            try values.encodeNil(forKey: .compression)
            try values.encode(format, forKey: .format)
            try values.encode(hashes, forKey: .hashes)
            try values.encode(sizeLimit, forKey: .sizeLimit)
            try values.encode(version, forKey: .version)
        }

        /// The settings as they stand in each file.
        func json() throws -> Data {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return try encoder.encode(self)
        }
    }

    /// A file.
    struct Shard: Encodable {
        struct File: Encodable {
            var basename: String
            var bytes: Int
            var hashes: [String: String] = [:]
        }

        var rawData: File
        var samples: Int
        var settings: Settings

        enum CodingKeys: String, CodingKey {
            case samples
            case rawData = "raw_data"
            case zipData = "zip_data"
        }

        func encode(to encoder: any Encoder) throws {
            try settings.encode(to: encoder)
            var values = encoder.container(keyedBy: CodingKeys.self)
            try values.encode(rawData, forKey: .rawData)
            try values.encode(samples, forKey: .samples)
            try values.encodeNil(forKey: .zipData)
        }
    }

    private(set) var shards: [Shard] = []
    private let version = 2

    mutating func append(name: String, byteCount: Int, samples: Int, settings: Settings) {
        shards.append(
            Shard(
                rawData: .init(basename: name, bytes: byteCount), samples: samples,
                settings: settings))
    }
}
