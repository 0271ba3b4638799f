import Bytes
import Files
import Foundation

/// Hugging Face's `config.json` of a model, whose keys the model's family reads.
///
/// A file is refused where it describes something that Quern does not compute.
struct ModelConfigurationFile {
    let configuration: any ModelShape
    let endToken: Int?
    /// Where the model lies in its checkpoint; nil where it is alone.
    let part: CheckpointPart?

    init(path: String) throws(ModelError) {
        let bytes = try SmallFile.bytes(path)
        // The decoder below takes one of two equal keys and does not say so.
        do throws(JSONError) {
            try JSONPullReader<JSONError>.with(bytes.span) { (reader) throws(JSONError) in
                try reader.skipValue()
            }
        } catch {
            throw .malformed(path: path, reason: "\(error.reason) (byte \(error.offset))")
        }
        let contents: (shape: any ModelShape, endToken: Int?, part: CheckpointPart?)
        do {
            contents = try Self.read(ConfigurationData(Data(bytes)))
        } catch let error as Unsupported {
            throw .unsupportedModel(path: path, reason: error.reason)
        } catch let error as DecodingError where !error.place.key.isEmpty {
            throw .malformed(path: path, reason: decodingReason(error))
        } catch {
            throw .malformed(path: path, reason: "it is not a model's configuration in JSON")
        }
        (configuration, endToken, part) = contents
        try configuration.validate()
    }

    private static func read(
        _ file: ConfigurationData
    ) throws -> (shape: any ModelShape, endToken: Int?, part: CheckpointPart?) {
        guard let kind = file.modelType,
            let family = ModelFamilies.all.first(where: { $0.modelTypes.contains(kind) })
        else {
            let known = ModelFamilies.all.flatMap { $0.modelTypes }.joined(separator: ", ")
            throw Unsupported("model_type is \(file.modelType ?? "missing"), none of \(known)")
        }
        let (shape, endToken) = try family.read(file)
        return (shape, endToken, family.part(ofModelType: kind))
    }

    /// The text of `generation_config.json`.
    ///
    /// - Parameters:
    ///   - endToken: the id that ends a text.
    ///   - answerEnd: the id that ends an answer, at which generation stops as well.
    ///   - others: more ids at which generation stops.
    ///   - startToken: the id that an encoder–decoder's target begins with, which also pads; nil
    ///     for any other model.
    static func generationText(
        endToken: TokenID?, answerEnd: TokenID? = nil, others: [TokenID] = [],
        startToken: Int? = nil
    ) -> String {
        let start = startToken.map {
            """
            \n  "decoder_start_token_id": \($0),
              "pad_token_id": \($0),
            """
        }
        let end = endToken.map(\.description) ?? "null"
        let ends = ([answerEnd, endToken].compactMap { $0 } + others).map(\.description)
        let stops = ends.count < 2 ? end : "[\(ends.joined(separator: ", "))]"
        return """
            {
              "_from_model_config": true,
              "bos_token_id": \(end),\(start ?? "")
              "eos_token_id": \(stops)
            }

            """
    }
}

/// A file of JSON that describes a model, read whole.
enum SmallFile {
    /// No configuration or index of a model comes near this; what is larger is not one.
    static let maximumByteCount = 64 << 20

    /// The bytes of the file at `path`. O(size).
    static func bytes(_ path: String) throws(ModelError) -> [UInt8] {
        let file: MappedFile
        do { file = try MappedFile(path: path) } catch {
            throw .storage(reason: error.description)
        }
        guard file.byteCount <= maximumByteCount else {
            throw .malformed(
                path: path, reason: "it has \(file.byteCount) bytes, too many for its kind")
        }
        return file.withBytes { bytes in
            unsafe bytes.withUnsafeBytes { unsafe Array($0) }
        }
    }
}
