import Bytes
public import Files

extension Vocabulary {
    /// Writes `tokenizer.json`, `tokenizer_config.json`, `special_tokens_map.json` and `tokens.tsv`
    /// into the directory at `path`, which is made if it is missing. O(size of the files).
    ///
    /// The same vocabulary gives the same bytes. `tokenizers` and `transformers` load the first
    /// three; the last is for people.
    ///
    /// - Parameters:
    ///   - path: the directory.
    ///   - chatTemplate: the Jinja template of a model that was tuned on conversations, for
    ///     `tokenizer_config.json`.
    public func write(
        toDirectory path: String, chatTemplate: String? = nil
    ) throws(FileError) {
        try FileSystem.makeDirectory(path)
        try Self.write(tokensTSV(), to: path + "/tokens.tsv")
        try Self.write(specialTokensMapJSON(), to: path + "/special_tokens_map.json")
        try Self.write(
            tokenizerConfigJSON(chatTemplate: chatTemplate), to: path + "/tokenizer_config.json")
        // Last, because it is the one that makes the directory a vocabulary.
        try Self.write(tokenizerJSON(), to: path + "/tokenizer.json")
    }

    private static func write(_ bytes: [UInt8], to path: String) throws(FileError) {
        try unsafe FileReplacement.write(bytes.span.bytes, to: path)
    }

    /// The bytes of `tokenizer.json`, as `tokenizers` itself would save them. O(size).
    public func tokenizerJSON() -> [UInt8] {
        var json = JSONText()
        json.object { json in
            json.string("version", "1.0")
            json.value("truncation", "null")
            json.value("padding", "null")
            json.array("added_tokens") { json in
                for special in specialTokens { json.addedToken(special) }
            }
            json.normalizer(rules)
            if rules.isOfCharacters {
                json.characterPreTokenizer(rules, pattern)
            } else if rules.prefix == .always {
                json.byteLevel("pre_tokenizer", addPrefixSpace: true, trimOffsets: true)
            } else {
                json.preTokenizer(pattern)
            }
            json.value("post_processor", postProcessor.value)
            if rules.isOfCharacters {
                json.characterDecoder(rules, fallsBack: !tokens.byteFallback.isEmpty)
            } else {
                json.byteLevel("decoder", addPrefixSpace: true, trimOffsets: true)
            }
            json.object("model") { json in
                json.string("type", "BPE")
                json.value("dropout", "null")
                let names = tokenNames()
                if let unknown = rules.unknown {
                    json.string("unk_token", names[Int(unknown.id)])
                } else {
                    json.value("unk_token", "null")
                }
                json.value("continuing_subword_prefix", "null")
                json.value("end_of_word_suffix", "null")
                json.value("fuse_unk", rules.unknown?.fuses == true ? "true" : "false")
                json.value("byte_fallback", tokens.byteFallback.isEmpty ? "false" : "true")
                json.value("ignore_merges", mergeSemantics == .wholePieceFirst ? "true" : "false")
                json.object("vocab") { json in
                    for (id, name) in names.enumerated() where !name.isEmpty {
                        json.value(name, String(id))
                    }
                }
                json.array("merges") { json in
                    for pair in merges.pairs {
                        json.array { json in
                            json.string(nil, names[Int(pair.left)])
                            json.string(nil, names[Int(pair.right)])
                        }
                    }
                }
            }
        }
        return json.bytes
    }

    /// The bytes of `tokenizer_config.json`, for `transformers.AutoTokenizer`.
    func tokenizerConfigJSON(chatTemplate: String? = nil) -> [UInt8] {
        var json = JSONText()
        json.object { json in
            json.string("tokenizer_class", "PreTrainedTokenizerFast")
            json.textEnds(self)
            if let chatTemplate { json.string("chat_template", chatTemplate) }
            json.value("clean_up_tokenization_spaces", "false")
            // The number that transformers writes for "no limit".
            json.value("model_max_length", "1000000000000000019884624838656")
        }
        return json.bytes + [UInt8(ascii: "\n")]
    }

    /// The bytes of `special_tokens_map.json`.
    func specialTokensMapJSON() -> [UInt8] {
        var json = JSONText()
        json.object { json in
            json.textEnds(self)
            let ends = [beginningOfText, endOfText]
            let others = specialTokens.filter {
                $0.recognition == .whereAllowed && !ends.contains($0.id)
            }
            if !others.isEmpty {
                json.array("additional_special_tokens") { json in
                    for special in others { json.string(nil, special.content) }
                }
            }
        }
        return json.bytes + [UInt8(ascii: "\n")]
    }

    /// The bytes of `tokens.tsv`: one line a token with its id, its count when it was learned, the
    /// two tokens it was made of, and its bytes as printable text. O(size).
    ///
    /// A hyphen stands for what is not known or does not apply.
    func tokensTSV() -> [UInt8] {
        var parents = [MergePair?](repeating: nil, count: count)
        for (pair, result) in zip(merges.pairs, merges.results) where parents[Int(result)] == nil {
            parents[Int(result)] = pair
        }
        var text = Array("id\tcount\tleft\tright\ttoken\n".utf8)
        for id in 0..<count where tokens.isUsed(id) {
            let occurrences = isSpecial(TokenID(id)) ? nil : counts?[id]
            let fields = [
                String(id),
                occurrences.map { String($0) } ?? "-",
                parents[id].map { String($0.left) } ?? "-",
                parents[id].map { String($0.right) } ?? "-",
                Self.printable(tokens.bytes(of: id)),
            ]
            text.append(contentsOf: fields.joined(separator: "\t").utf8)
            text.append(UInt8(ascii: "\n"))
        }
        return text
    }

    /// `bytes` as text on one line: `\xNN` for what is not UTF-8 or does not print, `\\` for a
    /// backslash. O(count).
    ///
    /// White space other than a plain space counts as not printing, so that nothing is invisible
    /// but the space.
    public static func printable(_ bytes: [UInt8]) -> String {
        var result = ""
        ByteView.with(bytes.span) { view in
            var index = 0
            while index < view.count {
                let (value, length) = decodeCodePoint(view, index)
                if let value, let scalar = Unicode.Scalar(value), isPrintable(scalar) {
                    if scalar == "\\" { result.append("\\") }
                    result.unicodeScalars.append(scalar)
                } else {
                    for offset in 0..<length {
                        let byte = view[index + offset]
                        result += (byte < 0x10 ? "\\x0" : "\\x") + String(byte, radix: 16)
                    }
                }
                index += length
            }
        }
        return result
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == " " { return true }
        // Letters, numbers, marks, punctuation and symbols print; the rest controls, separates or
        // is not assigned in the pinned table.
        return UnicodeClasses.shared.tables.codePoint(scalar.value)
            .isAny([.letter, .number, .mark, .punctuation])
    }

    /// Every token as `tokenizer.json` writes it: special tokens as they are, others with a
    /// character for each byte or in the spelling of SentencePiece, nothing for numbers that are
    /// not used. O(size).
    package func tokenNames() -> [String] {
        var names = (0..<count).map { id in
            let bytes = tokens.bytes(of: id)
            return rules.isOfCharacters
                ? TextRules.spelled(bytes) : ByteCharacters.string(for: bytes)
        }
        for (byte, id) in tokens.byteFallback.enumerated() {
            let digits = String(byte, radix: 16, uppercase: true)
            names[Int(id)] = "<0x" + (digits.count < 2 ? "0" : "") + digits + ">"
        }
        for special in specialTokens { names[special.id.index] = special.content }
        return names
    }
}

extension JSONText {
    /// The tokens that begin and end a text.
    fileprivate mutating func textEnds(_ vocabulary: Vocabulary) {
        let ends = [("bos_token", vocabulary.beginningOfText), ("eos_token", vocabulary.endOfText)]
        for case (let key, let id?) in ends {
            string(key, String(decoding: vocabulary.bytes(of: id), as: UTF8.self))
        }
    }

    fileprivate mutating func addedToken(_ special: SpecialToken) {
        object { json in
            json.value("id", String(special.id.rawValue))
            json.string("content", special.content)
            json.value("single_word", special.isSingleWord ? "true" : "false")
            json.value("lstrip", special.stripsLeft ? "true" : "false")
            json.value("rstrip", special.stripsRight ? "true" : "false")
            json.value("normalized", special.isSearchedLast ? "true" : "false")
            json.value("special", special.recognition == .whereAllowed ? "true" : "false")
        }
    }

    /// The normal forms, and what SentencePiece does with spaces.
    fileprivate mutating func normalizer(_ rules: TextRules) {
        let count =
            rules.forms.count + (rules.prependsSpace ? 1 : 0)
            + (rules.spelling == .characters ? 1 : 0)
        guard count > 0 else { return value("normalizer", "null") }
        func part(_ body: @escaping (inout JSONText) -> Void) -> (inout JSONText, String?) -> Void {
            { json, key in json.object(key) { body(&$0) } }
        }
        var parts = rules.forms.map { form in part { $0.string("type", form.rawValue) } }
        if rules.prependsSpace {
            parts.append(
                part {
                    $0.string("type", "Prepend")
                    $0.string("prepend", "▁")
                })
        }
        if rules.spelling == .characters { parts.append(part { $0.replacement(" ", with: "▁") }) }
        guard count > 1 else { return parts[0](&self, "normalizer") }
        object("normalizer") { json in
            json.string("type", "Sequence")
            json.array("normalizers") { json in for part in parts { part(&json, nil) } }
        }
    }

    /// The members of a Replace.
    private mutating func replacement(_ old: String, with new: String) {
        string("type", "Replace")
        object("pattern") { $0.string("String", old) }
        string("content", new)
    }

    /// What cuts a text whose tokens are spelled in characters.
    fileprivate mutating func characterPreTokenizer(_ rules: TextRules, _ pattern: SplitPattern) {
        guard rules.spelling == .metaspace else { return value("pre_tokenizer", "null") }
        object("pre_tokenizer") { json in
            json.string("type", "Metaspace")
            json.string("replacement", "▁")
            json.string("prepend_scheme", rules.prefix == .none ? "never" : rules.prefix.rawValue)
            json.value("split", pattern == .metaspace ? "true" : "false")
        }
    }

    /// What makes text of tokens that are spelled in characters.
    fileprivate mutating func characterDecoder(_ rules: TextRules, fallsBack: Bool) {
        guard rules.leadingSpace != .ofFirstToken else {
            return object("decoder") { json in
                json.string("type", "Metaspace")
                json.string("replacement", "▁")
                json.string("prepend_scheme", "always")
                json.value("split", "true")
            }
        }
        object("decoder") { json in
            json.string("type", "Sequence")
            json.array("decoders") { json in
                json.object { $0.replacement("▁", with: " ") }
                if fallsBack { json.object { $0.string("type", "ByteFallback") } }
                json.object { $0.string("type", "Fuse") }
                guard rules.leadingSpace == .one else { return }
                json.object { json in
                    json.string("type", "Strip")
                    json.string("content", " ")
                    json.value("start", "1")
                    json.value("stop", "0")
                }
            }
        }
    }

    fileprivate mutating func preTokenizer(_ pattern: SplitPattern) {
        object("pre_tokenizer") { json in
            json.string("type", "Sequence")
            json.array("pretokenizers") { json in
                for step in pattern.preTokenizers { json.preTokenizer(step) }
            }
        }
    }

    private mutating func preTokenizer(_ step: PreTokenizerStep) {
        switch step {
        case .split(let expression): split(expression, "Isolated", inverted: false)
        case .keepMatches(let expression): split(expression, "Removed", inverted: true)
        case .digits: digits(areIndividual: true)
        case .digitRuns: digits(areIndividual: false)
        case .punctuationRuns:
            object { json in
                json.string("type", "Punctuation")
                json.string("behavior", "Contiguous")
            }
        case .byteLevel(let usesExpression):
            byteLevel(nil, addPrefixSpace: false, trimOffsets: true, useRegex: usesExpression)
        }
    }

    private mutating func digits(areIndividual: Bool) {
        object { json in
            json.string("type", "Digits")
            json.value("individual_digits", areIndividual ? "true" : "false")
        }
    }

    private mutating func split(_ expression: String, _ behavior: String, inverted: Bool) {
        object { json in
            json.string("type", "Split")
            json.object("pattern") { json in json.string("Regex", expression) }
            json.string("behavior", behavior)
            json.value("invert", inverted ? "true" : "false")
        }
    }

    fileprivate mutating func byteLevel(
        _ key: String?, addPrefixSpace: Bool, trimOffsets: Bool, useRegex: Bool = true
    ) {
        object(key) { json in
            json.string("type", "ByteLevel")
            json.value("add_prefix_space", addPrefixSpace ? "true" : "false")
            json.value("trim_offsets", trimOffsets ? "true" : "false")
            json.value("use_regex", useRegex ? "true" : "false")
        }
    }
}
