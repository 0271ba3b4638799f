import Files
import Foundation

extension ModelDirectory {
    /// The tokens that end a text, ``endToken`` among them.
    package var allEndTokens: Set<TokenID> { endTokens.union([endToken].compactMap(\.self)) }

    private struct Fields: Decodable {
        let eos_token_id: ConfigurationData.EndTokens?
    }

    /// The ids that end a text, by both of a directory's configurations; that of generation, whose
    /// come first, need not be there.
    static func listedEndTokens(inDirectory path: String) throws(ModelError) -> [Int] {
        var all: [Int] = []
        for file in ["generation_config.json", "config.json"].map({ path + "/" + $0 })
        where !FileSystem.isMissing(file) {
            let bytes = try SmallFile.bytes(file)
            let fields: Fields
            do { fields = try JSONDecoder().decode(Fields.self, from: Data(bytes)) } catch {
                throw .malformed(
                    path: file, reason: "it is not JSON, or its eos_token_id is no list of ids")
            }
            for id in fields.eos_token_id?.all ?? [] where !all.contains(id) { all.append(id) }
        }
        return all
    }
}
