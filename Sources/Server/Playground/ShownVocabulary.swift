import Bytes
import Tokenization

/// A vocabulary as the playground looks at it.
struct ShownVocabulary: Sendable {
    let name: String
    let vocabulary: Vocabulary
    let mergeTrees: MergeTreeMaker

    /// O(merges).
    init(_ name: String, _ vocabulary: Vocabulary) {
        self.name = name
        self.vocabulary = vocabulary
        mergeTrees = MergeTreeMaker(vocabulary)
    }

    /// The ids of a text, in which only those special tokens are recognised that are looked for in
    /// every text.
    ///
    /// - Parameter parameter: the member of the request that has the text.
    func ids(of text: String, parameter: String) throws(PlaygroundError) -> [TokenID] {
        let encoder = BytePairEncoder(vocabulary)
        let ids = encoder.encode(text)
        do throws(TokenizationError) {
            try encoder.check()
        } catch {
            throw PlaygroundError("\(name) cannot encode it: \(error)", parameter: parameter)
        }
        return ids
    }

    /// Appends tokens: the id of each, its bytes, and its text unless it is a part of a character.
    func append(_ ids: [TokenID], to json: inout JSONText) {
        json.array("tokens") { json in
            for id in ids {
                let bytes = vocabulary.bytes(of: id)
                json.object { json in
                    json.value("id", "\(id)")
                    json.value("bytes", "[\(bytes.map(String.init).joined(separator: ","))]")
                    if let text = String(validating: bytes, as: UTF8.self) {
                        json.string("text", text)
                    } else {
                        json.value("text", "null")
                    }
                    if vocabulary.isSpecial(id) { json.value("special", "true") }
                }
            }
        }
    }
}
