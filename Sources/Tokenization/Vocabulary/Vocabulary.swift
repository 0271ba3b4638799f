import Bytes
// A guest that imports this module names ids by their type.
@_exported public import Tokens

/// The tokens of a byte-level BPE, immutable and shared by any number of threads.
///
/// ```swift
/// let vocabulary = try Vocabulary(directory: "vocab/kjv")
/// var ids: [TokenID] = []
/// BytePairEncoder(vocabulary).encode(Array("In the beginning".utf8).span, into: &ids)
/// ```
///
/// Where every one of the 256 bytes is a token, as in most vocabularies, every text can be encoded
/// and comes back unchanged. ``lackedBytes`` are the exceptions, and ``changesTexts`` says whether
/// there are texts that come back changed.
public struct Vocabulary: Sendable {
    /// Pattern that cuts a text into the pieces that merges never cross.
    public let pattern: SplitPattern

    /// Rule by which merges turn a piece into tokens.
    public let mergeSemantics: MergeSemantics

    /// The special tokens, by increasing id.
    public let specialTokens: [SpecialToken]

    /// XXH64 over everything that decides ids: pattern, semantics, tokens, merges, special tokens.
    ///
    /// Data made with a vocabulary names it by this number.
    public let fingerprint: UInt64

    package let tokens: TokenTable
    package let merges: MergeTable
    let decoding: DecodingTable

    /// Where texts are cut instead of by the pattern, with the same ids and shorter pieces.
    let seams: Seams?

    /// The merges in two parts, where they may join words.
    let superwords: Superwords?

    /// What happens to texts before they are cut, and to tokens before they are text again.
    package let rules: TextRules

    /// Post-processor of a `tokenizer.json`: the tokens around the ids of a text.
    var postProcessor: PostProcessor

    /// Occurrences of each token in the corpus it was learned from; nil unless it was learned here.
    let counts: [UInt64]?

    package init(
        pattern: SplitPattern, mergeSemantics: MergeSemantics, specialTokens: [SpecialToken],
        tokens: TokenTable, merges: MergeTable, rules: TextRules = TextRules(),
        postProcessor: PostProcessor = .byteLevel, counts: [UInt64]? = nil
    ) {
        self.pattern = pattern
        self.mergeSemantics = mergeSemantics
        self.specialTokens = specialTokens.sorted { $0.id < $1.id }
        self.tokens = tokens
        self.merges = merges
        self.rules = rules
        decoding = DecodingTable(tokens)
        // An unknown token for a run of characters needs the run in one piece.
        let canBeCut =
            rules.isOfCharacters && pattern != .metaspace && mergeSemantics == .listedMerges
            && (rules.unknown == nil || !tokens.byteFallback.isEmpty)
        seams = canBeCut ? Seams(tokens, merges) : nil
        superwords =
            pattern == .superbpe && rules.isPlain && mergeSemantics == .listedMerges
            ? Superwords(tokens, merges, specials: specialTokens) : nil
        self.postProcessor = postProcessor
        self.counts = counts
        fingerprint = Self.fingerprint(
            pattern: pattern, mergeSemantics: mergeSemantics, specialTokens: self.specialTokens,
            tokens: tokens, merges: merges, rules: rules)
    }

    /// One more than the largest id, special tokens included.
    ///
    /// All smaller numbers are tokens, unless the vocabulary leaves some unused: see
    /// ``unusedIDs``.
    public var count: Int { tokens.count }

    /// The numbers below ``count`` that stand for nothing. O(``count``).
    public var unusedIDs: [TokenID] {
        (0..<count).filter { !tokens.isUsed($0) }.map { TokenID($0) }
    }

    /// The bytes that no token stands for, in increasing order; mostly none.
    ///
    /// A text that has one of them outside of special tokens cannot be encoded: see
    /// ``BytePairEncoder/check(behind:)``.
    public var lackedBytes: [UInt8] { rules.unknown == nil ? tokens.lackedBytes : [] }

    /// Whether there are texts that decoding does not give back as they were: those that the
    /// vocabulary brings into a normal form, puts a space before, or has no tokens for.
    public var changesTexts: Bool {
        !rules.keepsTexts || rules.leadingSpace != .kept
            || rules.unknown != nil && tokens.hasParts
            || specialTokens.contains { $0.stripsLeft || $0.stripsRight }
    }

    /// Number of merges.
    public var mergeCount: Int { merges.pairs.count }

    /// The token that ends a document, by the names in common use; `nil` if there is none.
    public var endOfText: TokenID? {
        let names = ["<|endoftext|>", "<|end_of_text|>", "</s>", "<｜end▁of▁sentence｜>"]
        return names.lazy.compactMap(specialToken).first
    }

    /// The bytes of a token, the UTF-8 of its content if it is special, none if the number is not
    /// used. O(length).
    ///
    /// - Precondition: `id` belongs to this vocabulary.
    public func bytes(of id: TokenID) -> [UInt8] {
        precondition(id.rawValue < count, "the token is not in the vocabulary")
        return tokens.bytes(of: id.index)
    }

    /// The number of bytes of text that a token stands for: those that it decodes to, and none if
    /// it is a control token or not used.
    ///
    /// Together the tokens of a text stand for just its bytes: what has no token of its own becomes
    /// single bytes. Only the special tokens that a caller had recognised in a text lack theirs;
    /// and where the vocabulary ``changesTexts``, the bytes are those of the text as it was cut.
    /// O(log of the special tokens).
    ///
    /// - Precondition: `id` belongs to this vocabulary.
    public func textByteCount(of id: TokenID) -> Int {
        precondition(id.rawValue < count, "the token is not in the vocabulary")
        guard tokens.isSpecial(id.rawValue),
            specialTokens.first(where: { $0.id == id })?.recognition != .everywhere
        else { return tokens.byteCount(of: id.index) }
        return 0
    }

    /// The ordinary token that is exactly `bytes`; `nil` if there is none. O(length).
    public func id(of bytes: Span<UInt8>) -> TokenID? {
        ByteView.with(bytes) { view in
            tokens.id(of: view, from: 0, to: view.count).map { TokenID($0) }
        }
    }

    /// Number of ordinary tokens that are also ordinary tokens of `other`. O(size).
    public func sharedTokenCount(with other: Vocabulary) -> Int {
        let special = Set(specialTokens.map(\.id))
        return (0..<UInt32(count)).count { id in
            !special.contains(TokenID(id)) && other.id(of: bytes(of: TokenID(id)).span) != nil
        }
    }

    /// The special token written `content`; `nil` if there is none. O(number of special tokens).
    public func specialToken(_ content: String) -> TokenID? {
        specialTokens.first { ExactName($0.content) == ExactName(content) }?.id
    }

    /// Whether `id` is a special token. O(log of the number of special tokens).
    public func isSpecial(_ id: TokenID) -> Bool {
        tokens.isSpecial(id.rawValue)
    }

    /// The two tokens of the first merge that makes `id`; `nil` for bytes and special tokens.
    /// O(number of merges).
    public func parents(of id: TokenID) -> (left: TokenID, right: TokenID)? {
        guard let rank = merges.results.firstIndex(of: id.rawValue) else { return nil }
        let pair = merges.pairs[rank]
        return (TokenID(pair.left), TokenID(pair.right))
    }

    private static func fingerprint(
        pattern: SplitPattern, mergeSemantics: MergeSemantics, specialTokens: [SpecialToken],
        tokens: TokenTable, merges: MergeTable, rules: TextRules
    ) -> UInt64 {
        // Every part is preceded by its length, so that no two vocabularies share a canonical form.
        var form = FingerprintForm()
        form.append("quern vocabulary 1")
        form.append(pattern.rawValue)
        form.append(mergeSemantics.rawValue)
        form.append(specialTokens.count)
        for special in specialTokens {
            form.append(special.id.index)
            form.append(special.content)
        }
        form.append(tokens.count)
        let bytes = ByteView(tokens.bytes, count: tokens.bytes.count)
        for id in 0..<tokens.count {
            form.append(tokens.byteCount(of: id))
            form.append(bytes, from: Int(tokens.offsets[id]), to: Int(tokens.offsets[id + 1]))
        }
        form.append(merges.pairs.count)
        for pair in merges.pairs {
            form.append(Int(pair.left))
            form.append(Int(pair.right))
        }
        // Rare properties are appended only where a token has them, so that other fingerprints
        // stay.
        for special in specialTokens {
            if special.recognition == .everywhere {
                form.append("everywhere")
                form.append(special.id.index)
            }
            if special.isSearchedLast {
                form.append("last")
                form.append(special.id.index)
            }
            if special.minds {
                form.append(special.surroundings)
                form.append(special.id.index)
            }
        }
        if !rules.isPlain { form.append(rules.description) }
        return form.hash()
    }
}

extension Vocabulary {
    /// This vocabulary with the special tokens that it lacks of `contents` at its end; itself if it
    /// has them all. O(size).
    ///
    /// The ids of every text stay what they were, and so does the meaning of every id.
    public func adding(specialTokens contents: [String]) throws(TokenizationError) -> Vocabulary {
        let missing = contents.filter { specialToken($0) == nil }
        guard !missing.isEmpty else { return self }
        var arena: [UInt8] = []
        var offsets = [0]
        for id in 0..<count {
            arena += tokens.bytes(of: id)
            offsets.append(arena.count)
        }
        var specials = specialTokens
        for content in missing {
            specials.append(SpecialToken(content: content, id: TokenID(offsets.count - 1)))
            arena += Array(content.utf8)
            offsets.append(arena.count)
        }
        let table = try TokenTable(
            arena: arena, offsets: offsets,
            specialIDs: tokens.specialIDs
                + specials.dropFirst(specialTokens.count).map(\.id.rawValue),
            byteFallback: tokens.byteFallback, parts: tokens.parts)
        return Vocabulary(
            pattern: pattern, mergeSemantics: mergeSemantics, specialTokens: specials,
            tokens: table, merges: try merges.moved(to: table, from: tokens), rules: rules,
            postProcessor: postProcessor,
            counts: counts.map { $0 + Array(repeating: 0, count: missing.count) })
    }

    /// This vocabulary with more ordinary tokens at its end and more merges behind its own.
    /// O(size).
    ///
    /// - Throws: ``TokenizationError/invalidVocabulary(reason:)``.
    package func extended(
        tokens added: [[UInt8]], merges more: [MergePair]
    ) throws(TokenizationError) -> Vocabulary {
        var arena: [UInt8] = []
        var offsets = [0]
        for bytes in (0..<count).lazy.map({ tokens.bytes(of: $0) }) {
            arena += bytes
            offsets.append(arena.count)
        }
        for bytes in added {
            arena += bytes
            offsets.append(arena.count)
        }
        let table = try TokenTable(
            arena: arena, offsets: offsets, specialIDs: tokens.specialIDs,
            byteFallback: tokens.byteFallback, parts: tokens.parts)
        try table.checkNames(of: specialTokens)
        let old = try merges.moved(to: table, from: tokens)
        return Vocabulary(
            pattern: pattern, mergeSemantics: mergeSemantics, specialTokens: specialTokens,
            tokens: table,
            merges: try MergeTable(old.pairs + more, joins: old.joins, tokens: table),
            rules: rules, postProcessor: postProcessor,
            counts: counts.map { $0 + Array(repeating: 0, count: added.count) })
    }

    /// Whether every token of `other` is the same token here, and its merges come first, so that a
    /// model of `other` needs no more than rows for the tokens behind its last. O(size).
    public func isExtension(of other: Vocabulary) -> Bool {
        guard pattern == other.pattern, mergeSemantics == other.mergeSemantics,
            count >= other.count, merges.pairs.starts(with: other.merges.pairs),
            rules == other.rules,
            specialTokens.filter({ $0.id.rawValue < other.count }) == other.specialTokens
        else { return false }
        return (0..<other.count).allSatisfy { tokens.bytes(of: $0) == other.tokens.bytes(of: $0) }
    }
}

extension Vocabulary {
    /// Special tokens before each text that a model of this vocabulary reads: those that the
    /// post-processor of its `tokenizer.json` puts there, as `transformers` does. Most often none
    /// or one.
    ///
    /// It is no part of a text's own ids: an encoder does not add it.
    public var textPrefix: [TokenID] { postProcessor.beginning.compactMap(specialToken) }

    /// The token that begins a text: the first of ``textPrefix``; without one, the first that has a
    /// name in common use for it; without such a one, what ends the text before.
    public var beginningOfText: TokenID? {
        let names = ["<|begin_of_text|>", "<|startoftext|>", "<s>", "<｜begin▁of▁sentence｜>"]
        return textPrefix.first ?? names.lazy.compactMap(specialToken).first ?? endOfText
    }

    /// This vocabulary with the special token `token` before each text, or with nothing there.
    ///
    /// Files that are written of it say so to their readers; the ids of texts and the fingerprint
    /// are the same.
    ///
    /// - Precondition: `token` is special.
    public func beginningTexts(with token: TokenID?) -> Vocabulary {
        var copy = self
        copy.postProcessor = rules.isOfCharacters ? .none : .byteLevel
        if let token {
            guard let special = specialTokens.first(where: { $0.id == token }) else {
                preconditionFailure("what begins a text is a special token")
            }
            copy.postProcessor = .beginning(with: special, isOfCharacters: rules.isOfCharacters)
        }
        return copy
    }
}
