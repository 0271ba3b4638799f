import Bytes
import Files
import Foundation

/// Hugging Face's `config.json` of a model.
///
/// Keys of an architecture are read in `ModelConfigurationFile+….swift`; a file is refused where it
/// describes something that Quern does not compute.
struct ModelConfigurationFile {
    let configuration: GPTConfiguration
    let endToken: Int?

    /// Configuration and end token that a file's fields give.
    struct Contents {
        let configuration: GPTConfiguration
        let endToken: EndTokens?
    }

    /// One end token, or several, of which the first counts.
    struct EndTokens: Decodable {
        let first: Int?

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let one = try? value.decode(Int.self) {
                first = one
            } else {
                first = try value.decode([Int].self).first
            }
        }
    }

    /// Error in a field's value, found where the path of the file is not known.
    struct Unsupported: Error {
        let reason: String
        init(_ reason: String) { self.reason = reason }
    }

    private struct Kind: Decodable {
        let model_type: String?
    }

    /// The objects that say how positions turn, whose keys count like the others.
    private struct Rotations: Decodable {
        var rope_scaling: PresentKeys?
        var rope_parameters: PresentKeys?
    }

    init(path: String) throws(TransformerError) {
        let bytes = try SmallFile.bytes(path)
        // The decoder below takes one of two equal keys and does not say so.
        do throws(JSONError) {
            try JSONPullReader<JSONError>.with(bytes.span) { (reader) throws(JSONError) in
                try reader.skipValue()
            }
        } catch {
            throw .malformed(path: path, reason: "\(error.reason) (byte \(error.offset))")
        }
        let data = Data(bytes)
        let decoder = JSONDecoder()
        let contents: Contents
        do {
            let kind = try decoder.decode(Kind.self, from: data).model_type
            switch kind.flatMap(Architecture.init) {
            case .gpt2:
                contents = try decoder.decode(GPT2Fields.self, from: data).contents()
                try decoder.decode(PresentKeys.self, from: data).check(known: GPT2Fields.keys)
            case .llama?, .qwen3?:
                let architecture: Architecture = kind == "llama" ? .llama : .qwen3
                contents = try decoder.decode(LlamaFields.self, from: data)
                    .contents(architecture)
                try decoder.decode(PresentKeys.self, from: data)
                    .check(known: LlamaFields.keys(architecture))
                let rotations = try decoder.decode(Rotations.self, from: data)
                for keys in [rotations.rope_scaling, rotations.rope_parameters] {
                    try keys?.check(known: LlamaFields.Rotation.keys)
                }
            case nil:
                let known = Architecture.allCases.map(\.rawValue).joined(separator: ", ")
                throw Unsupported("model_type is \(kind ?? "missing"), none of \(known)")
            }
        } catch let error as Unsupported {
            throw .unsupportedModel(path: path, reason: error.reason)
        } catch let error as DecodingError where !error.place.key.isEmpty {
            throw .malformed(path: path, reason: decodingReason(error))
        } catch {
            throw .malformed(path: path, reason: "it is not a model's configuration in JSON")
        }
        configuration = contents.configuration
        endToken = contents.endToken?.first
        try configuration.validate()
    }

    /// The text of `config.json`.
    static func text(
        _ c: GPTConfiguration, endToken: TokenID?, type: NumberType = .float32
    ) -> String {
        let end = endToken.map(\.description) ?? "null"
        let type = type.configurationName
        return c.architecture == .gpt2
            ? GPT2Fields.text(c, end, type) : LlamaFields.text(c, end, type)
    }

    /// The text of `generation_config.json`.
    ///
    /// - Parameter answerEnd: the id that ends an answer, at which generation stops as well.
    static func generationText(endToken: TokenID?, answerEnd: TokenID? = nil) -> String {
        let end = endToken.map(\.description) ?? "null"
        let ends = [answerEnd, endToken].compactMap { $0 }.map(\.description)
        let stops = answerEnd == nil ? end : "[\(ends.joined(separator: ", "))]"
        return """
            {
              "_from_model_config": true,
              "bos_token_id": \(end),
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
    static func bytes(_ path: String) throws(TransformerError) -> [UInt8] {
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
