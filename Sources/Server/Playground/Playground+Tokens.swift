import Bytes
public import Foundation
import Tokenization

extension Playground {
    /// The vocabularies of the folder, 64 at most: a list of objects with a name. One that is the
    /// same as that of the served model of its name is left out. O(directories), and O(bytes) of
    /// the vocabularies that have the name of a model.
    public func vocabularies() -> Data {
        var json = JSONText(isCompact: true)
        json.array { json in
            for name in vocabularyFolder.names() where !isServed(name) {
                json.object { json in json.string("name", name) }
            }
        }
        return Data(json.bytes)
    }

    /// Whether a served model has the name of a vocabulary of the folder, and its tokens.
    private func isServed(_ name: String) -> Bool {
        guard let model = models.first(where: { ExactName($0.name) == ExactName(name) }),
            let own = try? vocabularyFolder.vocabulary(name)
        else { return false }
        return own.vocabulary.fingerprint == model.vocabulary.fingerprint
    }

    /// A text in the tokens of several vocabularies: `{"text", "models": [names], "vocabularies":
    /// [names]}`, those of served models and those of the folder, of which either may be missing.
    ///
    /// The answer has the same two lists, with the tokens of each, and the words that the
    /// vocabulary's pattern cuts the text into: the first token of each, and for every token of a
    /// word a tree. A tree is an id, or for a token that was merged a list of the id and the two
    /// trees that it was merged from; null for all trees of a word that is too long to look at.
    /// O(bytes) of each vocabulary.
    ///
    /// - Parameter body: the request.
    /// - Throws: ``PlaygroundError`` for a request that is no such object, an unknown model or
    ///   vocabulary, one that cannot be used, more than 8, or a text of more than 16 KiB.
    public func tokens(_ body: Data) throws(PlaygroundError) -> Data {
        let request = try PlaygroundRequest(body, keys: ["text", "models", "vocabularies"])
        let text = try request.text("text", byteLimit: Limit.textByteCount)
        let limit = Limit.vocabularyCount
        let modelNames = try request.texts("models", limit: limit)
        let vocabularyNames = try request.texts("vocabularies", limit: limit)
        guard (1...limit).contains(modelNames.count + vocabularyNames.count) else {
            throw PlaygroundError(
                "models and vocabularies must be lists of 1 to \(limit) names together",
                parameter: vocabularyNames.isEmpty ? "models" : "vocabularies")
        }
        var (served, others): ([ShownVocabulary], [ShownVocabulary]) = ([], [])
        for name in modelNames {
            served.append(try model(name, parameter: "models").tokenizer)
        }
        for name in vocabularyNames { others.append(try vocabularyFolder.vocabulary(name)) }
        var ids: [[TokenID]] = []
        for vocabulary in served + others {
            ids.append(try vocabulary.ids(of: text, parameter: "text"))
        }
        return .answer { json in
            json.value("bytes", "\(text.utf8.count)")
            for (list, key, vocabularies) in [
                ("models", "model", Array(zip(served, ids))),
                ("vocabularies", "vocabulary", Array(zip(others, ids.dropFirst(served.count)))),
            ] {
                json.array(list) { json in
                    for (vocabulary, ids) in vocabularies {
                        json.object { json in
                            json.string(key, vocabulary.name)
                            vocabulary.append(wordsOf: ids, to: &json)
                        }
                    }
                }
            }
        }
    }
}

extension ShownVocabulary {
    fileprivate func append(wordsOf ids: [TokenID], to json: inout JSONText) {
        json.value("vocabulary_size", "\(vocabulary.count)")
        append(ids, to: &json)
        json.array("words") { json in
            var first = 0
            // The same word has the same tree.
            var known: [[UInt8]: Word] = [:]
            // What stands between special tokens is cut into words on its own.
            for part in parts(of: ids) {
                if part.count == 1, let special = part.first, vocabulary.isSpecial(special) {
                    json.value(nil, #"{"first":\#(first),"trees":[\#(special)]}"#)
                    first += 1
                    continue
                }
                for word in words(of: part, &known) {
                    json.value(nil, #"{"first":\#(first),"trees":\#(word.trees)}"#)
                    first += word.count
                }
            }
        }
    }

    /// The special tokens one by one, and the runs of others between them.
    private func parts(of ids: [TokenID]) -> [ArraySlice<TokenID>] {
        var parts: [ArraySlice<TokenID>] = []
        var rest = ids[...]
        while let id = rest.first {
            let count = rest.firstIndex(where: vocabulary.isSpecial).map { $0 - rest.startIndex }
            let part = rest.prefix(vocabulary.isSpecial(id) ? 1 : count ?? rest.count)
            parts.append(part)
            rest = rest.dropFirst(part.count)
        }
        return parts
    }

    /// A word: how many tokens it has, which ones where they are known by their trees, and these.
    private struct Word {
        let count: Int
        let tokens: [TokenID]?
        let trees: String

        init(count: Int, tokens: [TokenID]?, trees: String) {
            (self.count, self.tokens, self.trees) = (count, tokens, trees)
        }

        /// A token as a word.
        init(of id: TokenID) { self.init(count: 1, tokens: [id], trees: "[\(id)]") }

        /// Whether `ids` begin with its tokens.
        func stands(at ids: ArraySlice<TokenID>) -> Bool {
            guard count <= ids.count else { return false }
            guard let tokens else { return true }
            return Array(ids.prefix(count)) == tokens
        }
    }

    /// The words of some tokens. Where the pattern cuts their text otherwise than it was cut when
    /// they were made of it, before a normal form or a space in front, each token is a word.
    private func words(
        of ids: ArraySlice<TokenID>, _ known: inout [[UInt8]: Word]
    ) -> [Word] {
        var words: [Word] = []
        var rest = ids
        let bytes = ids.flatMap(vocabulary.bytes)
        for piece in vocabulary.pattern.pieces(of: bytes.span) {
            let word = known[piece] ?? word(piece, startingWith: rest)
            known[piece] = word
            guard word.stands(at: rest) else { return ids.map(Word.init(of:)) }
            words.append(word)
            rest = rest.dropFirst(word.count)
        }
        return rest.isEmpty ? words : ids.map(Word.init(of:))
    }

    private func word(_ piece: [UInt8], startingWith ids: ArraySlice<TokenID>) -> Word {
        guard piece.count > Playground.Limit.wordByteCount else {
            let trees = mergeTrees.trees(ofPiece: piece)
            return Word(
                count: trees.count, tokens: trees.map(\.token),
                trees: "[\(trees.map(Self.json).joined(separator: ","))]")
        }
        var (count, byteCount) = (0, 0)
        for id in ids where byteCount < piece.count {
            byteCount += vocabulary.bytes(of: id).count
            count += 1
        }
        return Word(count: count, tokens: nil, trees: "null")
    }

    private static func json(_ tree: MergeTree) -> String {
        let parts = tree.parts.map(json)
        return parts.isEmpty ? "\(tree.token)" : "[\(tree.token),\(parts.joined(separator: ","))]"
    }
}
