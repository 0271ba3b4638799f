package import Bytes
import Tokenization

typealias GGUFTokenizerReader = GGUFReader<TokenizationError>

extension TokenizationError: GGUFFailure {
    package init(_ error: GGUFError, path: String) {
        self =
            switch error.reason {
            case .unsupportedVersion: .unsupported(path: path, reason: "\(error.reason)")
            case .malformed(let reason):
                .malformed(path: path, offset: error.offset, reason: reason)
            }
    }
}

/// The tokenizer in a GGUF file, the form of llama.cpp.
///
/// The file names a pre-tokenizer instead of holding its expressions, and what the name means is
/// llama.cpp's: names whose vocabularies cut as a known pattern does are read, others refused. Of
/// the tokenizers without one SentencePiece's BPE is read, which llama.cpp calls "llama".
///
/// Source: `llama_vocab::impl::load` and `llm_tokenizer_spm_session` in `src/llama-vocab.cpp`.
struct GGUFFile {
    private let path: String
    private var strings: [String: String] = [:]
    private var arrays: [String: GGUFTokenizerReader] = [:]
    private var scalars: [String: GGUFScalar] = [:]

    /// The tokenizer of a whole file, and remarks for a person. About O(n log n) in the size of the
    /// head.
    static func read(
        _ text: ByteView, path: String
    ) throws(TokenizationError) -> (vocabulary: Vocabulary, remarks: [String]) {
        var file = GGUFFile(path: path)
        var reader = GGUFTokenizerReader(text, path: path)
        try reader.readMembers { (reader, key, kind) throws(TokenizationError) in
            guard key.hasPrefix("tokenizer.ggml.") else { return }
            let name = String(key.dropFirst("tokenizer.ggml.".count))
            switch kind {
            case .string:
                file.strings[name] = String(decoding: try reader.readString(), as: UTF8.self)
            case .array: file.arrays[name] = reader
            default: file.scalars[name] = try reader.readScalar(kind)
            }
        }
        if file.strings["model"] == "llama" { return try file.pieces().vocabulary() }
        return (try file.vocabulary(), [])
    }

    /// What llama.cpp reads for "llama".
    private func pieces() throws(TokenizationError) -> ScoredPieces {
        var (names, count) = try array("tokens", of: .string)
        var (kinds, kindCount) = try array("token_type", of: .int32)
        var (scores, scoreCount) = try array("scores", of: .float32)
        guard count == kindCount, count == scoreCount, count <= Int(ListedTokens.maximumID) else {
            throw names.failure(
                "there are \(count) tokens, \(kindCount) types and \(scoreCount) scores of tokens")
        }
        guard scalars["remove_extra_whitespaces"] != .flag(true) else {
            throw .unsupported(
                path: path,
                reason: "it leaves out spaces that follow others (remove_extra_whitespaces)")
        }
        var pieces = ScoredPieces(path: path)
        for id in 0..<count {
            let kind = try kinds.readUInt32()
            guard let known = ScoredPieces.Kind(rawValue: UInt64(kind)) else {
                throw kinds.failure("the token \(id) has the type \(kind)")
            }
            let piece = ScoredPieces.Piece(
                name: try names.readString(), score: Float(bitPattern: try scores.readUInt32()),
                kind: known)
            guard piece.isValid || known == .unused else {
                throw names.failure("the token \(id) is empty, no UTF-8 or has no score")
            }
            pieces.list.append(piece)
        }
        pieces.hasByteFallback = pieces.list.contains { $0.kind == .byte }
        pieces.addsPrefix = scalars["add_space_prefix"] != .flag(false)
        if case .integer(let id)? = scalars["bos_token_id"] {
            pieces.beginningID = UInt64(exactly: id)
        }
        if scalars["add_bos_token"] == .flag(false) { pieces.beginningID = nil }
        return pieces
    }

    private func vocabulary() throws(TokenizationError) -> Vocabulary {
        guard strings["model"] == "gpt2" else {
            throw .unsupported(
                path: path,
                reason: "its tokenizer is \(strings["model"] ?? "missing"); known are the "
                    + "byte-level \"gpt2\" and SentencePiece's BPE, \"llama\"")
        }
        let name = strings["pre"] ?? "missing"
        guard let known = GGUFPreTokenizer.named(name) else {
            throw .unsupported(
                path: path,
                reason: "its pre-tokenizer is \"\(name)\"; known are "
                    + GGUFPreTokenizer.all.map(\.name).sorted().joined(separator: ", "))
        }
        var listed = ListedTokens()
        let specials = try readTokens(into: &listed)
        let tokens = try listed.table(specials: specials) { _, _ in false }
        try tokens.checkNames(of: specials)
        let pairs = try readMerges(tokens)
        return Vocabulary(
            pattern: known.pattern, mergeSemantics: known.semantics, specialTokens: specials,
            tokens: tokens,
            merges: try MergeTable(pairs, tokens: tokens))
    }

    private func array(
        _ name: String, of kind: GGUFKind
    ) throws(TokenizationError) -> (reader: GGUFTokenizerReader, count: Int) {
        guard var reader = arrays[name] else {
            throw .unsupported(path: path, reason: "it has no tokenizer.ggml.\(name)")
        }
        let head = try reader.readArrayHead()
        guard head.kind == kind else {
            throw reader.failure("tokenizer.ggml.\(name) is an array of another kind")
        }
        return (reader, head.count)
    }

    /// Reads the ordinary tokens into `listed`, and returns the others.
    private func readTokens(
        into listed: inout ListedTokens
    ) throws(TokenizationError) -> [SpecialToken] {
        var (names, count) = try array("tokens", of: .string)
        var (kinds, kindCount) = try array("token_type", of: .int32)
        guard count == kindCount, count <= Int(ListedTokens.maximumID) else {
            throw names.failure("there are \(count) tokens and \(kindCount) types of tokens")
        }
        var specials: [SpecialToken] = []
        for id in 0..<UInt32(count) {
            let bytes = try names.readString()
            guard let name = String(validating: bytes, as: UTF8.self) else {
                throw names.failure("the token \(id) is not UTF-8")
            }
            switch try kinds.readUInt32() {
            case 1:
                guard ByteCharacters.appendBytes(for: bytes, to: &listed.bytes) else {
                    throw .unsupported(
                        path: path,
                        reason: "the token \(id) \"\(name)\" is not spelled in byte characters")
                }
                listed.endToken(id)
            case 3 where name.isEmpty, 4 where name.isEmpty:
                throw names.failure("the token \(id) is empty")
            case 3: specials.append(SpecialToken(content: name, id: TokenID(id)))
            case 4:
                specials.append(
                    SpecialToken(content: name, id: TokenID(id), recognition: .everywhere))
            // A number that is not used, often up to a multiple of the model's own.
            case 5: break
            case let kind:
                throw kinds.failure("the token \(id) \"\(name)\" has the type \(kind)")
            }
        }
        return specials
    }

    private func readMerges(_ tokens: TokenTable) throws(TokenizationError) -> [MergePair] {
        var (merges, count) = try array("merges", of: .string)
        var pairs: [MergePair] = []
        var names = ByteArena()
        for rank in 0..<count {
            let bytes = try merges.readString()
            let parts = bytes.split(separator: 0x20, omittingEmptySubsequences: false)
            names.truncate(to: 0)
            guard parts.count == 2, String(validating: bytes, as: UTF8.self) != nil,
                ByteCharacters.appendBytes(for: Array(parts[0]), to: &names)
            else { throw merges.failure("merge \(rank) does not name two tokens") }
            let middle = names.count
            guard ByteCharacters.appendBytes(for: Array(parts[1]), to: &names),
                let left = tokens.id(of: names.bytes, from: 0, to: middle),
                let right = tokens.id(of: names.bytes, from: middle, to: names.count)
            else { throw merges.failure("merge \(rank) does not name two tokens") }
            pairs.append(MergePair(left: left, right: right))
        }
        return pairs
    }

    private init(path: String) {
        self.path = path
    }
}
