import Bytes
import Files
import Foundation
import Models
import Tokenization

/// `generation_config.json`: settings by which transformers draws text, and the tokens that end
/// one.
enum GenerationFile {
    static let name = "generation_config.json"

    /// Copies the file of a model, if there is one, over what stands in `directory`.
    ///
    /// It stays as it is where it names all of `endTokens`. Where others stand in `config.json`
    /// alone, they join the list, for a `config.json` that is written names one. O(bytes).
    static func copy(
        from source: String, to directory: String, endTokens: Set<TokenID>
    ) throws {
        let path = source + "/" + name
        guard !FileSystem.isMissing(path) else { return }
        let bytes = Array(try Data(contentsOf: URL(fileURLWithPath: path)))
        var file: JSONValue
        do throws(WrittenJSONError) { file = try WrittenJSON(bytes).value } catch {
            throw PipelineError.badModelFile(path: path, reason: "\(error)")
        }
        let listed = file["eos_token_id"].map { $0.array ?? [$0] } ?? []
        let named = Set(listed.map(\.spelling))
        let missing = endTokens.sorted().filter { !named.contains($0.description) }
        guard !missing.isEmpty else {
            _ = try NewDirectory.copy([name], from: source, to: directory)
            return
        }
        let all = listed.filter { !$0.isNull } + missing.map { .number($0.description) }
        file["eos_token_id"] = all.count == 1 ? all[0] : .array(all)
        var text = JSONText()
        text.value(nil, file)
        try FileReplacement.write(
            String(decoding: text.bytes, as: UTF8.self) + "\n", to: directory + "/" + name)
    }
}

extension JSONValue {
    /// A number as it is spelled.
    fileprivate var spelling: String? {
        guard case .number(let spelling) = self else { return nil }
        return spelling
    }
}
