import Bytes

extension TokenizerFile {
    /// Throws unless the model is one that Quern knows, as soon as its kind is known.
    func checkModelType() throws(TokenizationError) {
        let known = [
            "Unigram": "SentencePiece's kind that is no BPE, such as T5's and XLM-R's",
            "WordPiece": "the kind of BERT's",
            "WordLevel": "whole words only",
        ]
        guard let type = model["type"]?.string, type != "BPE" else { return }
        throw .unsupported(
            path: path,
            reason: "its model is \(type)" + (known[type].map { ", \($0)" } ?? "")
                + "; only BPE is known")
    }

    /// Refuses every setting of the model that would give other ids than Quern does.
    func checkModel() throws(TokenizationError) {
        try checkModelType()
        if model["end_of_word_suffix"] == .string("</w>") {
            throw .unsupported(
                path: path,
                reason: "its tokens mark the ends of words by </w>, which is the kind of CLIP's; "
                    + "only byte-level BPE and SentencePiece's BPE are known")
        }
        let dropout = model["dropout"] ?? .null
        guard ["0", "0.0"].map(JSONValue.number).contains(dropout) || dropout == .null else {
            throw .unsupported(
                path: path, reason: "its model has \"dropout\", which makes ids random")
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard [.null, .string("")].contains(model[key] ?? .null) else {
                throw .unsupported(path: path, reason: "its model has \"\(key)\"")
            }
        }
        guard [.null, .bool(false)].contains(model["byte_fallback"] ?? .null) || isOfCharacters
        else {
            throw .unsupported(
                path: path, reason: "its model has \"byte_fallback\" set and ByteLevel, too")
        }
        for key in ["ignore_merges", "fuse_unk", "byte_fallback"] {
            guard [nil, .null, .bool(true), .bool(false)].contains(model[key]) else {
                throw .unsupported(path: path, reason: "\"\(key)\" is neither true nor false")
            }
        }
    }

    /// Whether tokens are spelled in characters: nothing turns bytes into characters.
    var isOfCharacters: Bool {
        !Self.parts(of: settings["pre_tokenizer"] ?? .null, "pretokenizers").contains {
            $0["type"] == .string("ByteLevel")
        }
    }

    /// Settings of the file that are left out, since they are about what is done with ids.
    package var ignoredSettings: [String] {
        ["truncation", "padding"].filter { settings[$0] ?? .null != .null }
    }

    /// What happens to texts and tokens besides cutting and merging, but for the unknown token.
    ///
    /// Refuses every setting that would give other ids than Quern does.
    func readRules(ignoresNormalizer: Bool) throws(TokenizationError) -> TextRules {
        var rules = TextRules()
        try readNormalizer(into: &rules, ignoresForms: ignoresNormalizer)
        guard isOfCharacters else {
            guard rules.spelling == .byteCharacters, !rules.prependsSpace else {
                throw unsupportedNormalizer("Replace")
            }
            guard settings["decoder"]?["type"] == .string("ByteLevel") else {
                throw .unsupported(path: path, reason: "its decoder is not ByteLevel")
            }
            let parts = Self.parts(of: settings["pre_tokenizer"] ?? .null, "pretokenizers")
            if parts.count == 1, parts[0]["add_prefix_space"] == .bool(true) {
                rules.prefix = .always
            }
            return rules
        }
        try readPreTokenizer(into: &rules)
        try readDecoder(into: &rules)
        return rules
    }

    /// The rules with the unknown token.
    func finishedRules(_ tokens: TokenTable) throws(TokenizationError) -> TextRules {
        var rules = try readRules(ignoresNormalizer: ignoresNormalizer)
        guard let name = model["unk_token"]?.string else {
            guard !rules.isOfCharacters || !tokens.byteFallback.isEmpty else {
                throw .unsupported(
                    path: path,
                    reason: "its model has neither \"byte_fallback\" nor \"unk_token\", so that "
                        + "characters without a token would be lost")
            }
            return rules
        }
        guard let id = id(named: name) else {
            throw .unsupported(
                path: path, reason: "its \"unk_token\" \"\(name)\" is none of its tokens")
        }
        rules.unknown = TextRules.Unknown(id: id, fuses: model["fuse_unk"] == .bool(true))
        return rules
    }

    private func unsupportedNormalizer(_ name: String) -> TokenizationError {
        .unsupported(
            path: path,
            reason: "it has the normalizer \(name), which changes texts before they are cut")
    }

    /// Reads the normalizer: normal forms, and behind them what SentencePiece does with spaces.
    private func readNormalizer(
        into rules: inout TextRules, ignoresForms: Bool
    ) throws(TokenizationError) {
        let mark = JSONValue.string("▁")
        for part in Self.parts(of: settings["normalizer"] ?? .null, "normalizers") {
            let type = part["type"]?.string ?? "of no type"
            let changesSpaces = rules.prependsSpace || rules.spelling != .byteCharacters
            if let form = UnicodeForm(rawValue: type), !changesSpaces {
                if !ignoresForms { rules.forms.append(form) }
            } else if type == "Prepend", part["prepend"] == mark, !rules.prependsSpace {
                rules.prependsSpace = true
            } else if type == "Replace", part["pattern"]?["String"] == .string(" "),
                part["content"] == mark
            {
                rules.spelling = .characters
            } else if type == "Precompiled" {
                throw .unsupported(
                    path: path,
                    reason: "it has the normalizer Precompiled, SentencePiece's own table, which "
                        + "is not known")
            } else {
                throw unsupportedNormalizer(type)
            }
        }
    }

    /// Reads a pre-tokenizer without ByteLevel.
    private func readPreTokenizer(into rules: inout TextRules) throws(TokenizationError) {
        for part in Self.parts(of: settings["pre_tokenizer"] ?? .null, "pretokenizers") {
            switch part["type"]?.string {
            case "Metaspace"
            where rules.spelling == .byteCharacters
                && [nil, .string("▁")].contains(part["replacement"]):
                rules.spelling = .metaspace
                switch part["prepend_scheme"]?.string {
                case "always": rules.prefix = .always
                case "first": rules.prefix = .first
                case "never": break
                case nil where part["add_prefix_space"] != .bool(false): rules.prefix = .always
                case nil: break
                case let scheme?:
                    throw .unsupported(
                        path: path, reason: "its Metaspace has the prepend_scheme \(scheme)")
                }
            // Gemma's, behind a normalizer that leaves no space.
            case "Split"
            where rules.spelling == .characters
                && part["pattern"]?["String"] == .string(" "):
                break
            case let type:
                throw .unsupported(
                    path: path,
                    reason: "its pre-tokenizer has a part \(type ?? "of no type"); without "
                        + "ByteLevel only SentencePiece's Metaspace is known")
            }
        }
        guard rules.isOfCharacters else {
            throw .unsupported(
                path: path,
                reason: "it has neither ByteLevel nor what SentencePiece does with spaces, so it "
                    + "is neither byte-level BPE nor SentencePiece's")
        }
    }

    /// Reads a decoder without ByteLevel.
    private func readDecoder(into rules: inout TextRules) throws(TokenizationError) {
        let parts = Self.parts(of: settings["decoder"] ?? .null, "decoders")
        let kinds = parts.map { $0["type"]?.string ?? "of no type" }
        let mark = JSONValue.string("▁")
        let refusal = TokenizationError.unsupported(
            path: path,
            reason: "its decoder is \(kinds.joined(separator: ", ")); for SentencePiece's BPE "
                + "only Replace, ByteFallback, Fuse and Strip are known, or Metaspace")
        if kinds == ["Metaspace"], model["byte_fallback"] != .bool(true) {
            guard [nil, mark].contains(parts[0]["replacement"]) else { throw refusal }
            let keeps =
                parts[0]["prepend_scheme"] == .string("never")
                || parts[0]["prepend_scheme"] == nil
                    && parts[0]["add_prefix_space"] == .bool(false)
            rules.leadingSpace = keeps ? .kept : .ofFirstToken
            return
        }
        guard kinds.first == "Replace", parts[0]["pattern"]?["String"] == mark,
            parts[0]["content"] == .string(" ")
        else { throw refusal }
        var rest = Array(kinds.dropFirst())
        if model["byte_fallback"] == .bool(true) {
            guard rest.first == "ByteFallback" else { throw refusal }
        }
        if rest.first == "ByteFallback" { rest.removeFirst() }
        if rest == ["Fuse"] || rest.isEmpty { return }
        guard rest == ["Fuse", "Strip"], parts.last?["content"] == .string(" "),
            parts.last?["start"] == .number("1"), parts.last?["stop"] == .number("0")
        else { throw refusal }
        rules.leadingSpace = .one
    }

    /// The kinds of normal forms that the file asks for.
    package var normalForms: [String] {
        Self.parts(of: settings["normalizer"] ?? .null, "normalizers")
            .compactMap { $0["type"]?.string }.filter { UnicodeForm(rawValue: $0) != nil }
    }

    /// `value`, or the parts of a sequence under `key`, those of sequences within it one by one.
    private static func parts(of value: JSONValue, _ key: String) -> [JSONValue] {
        if value.isNull { return [] }
        guard value["type"] == .string("Sequence"), let parts = value[key]?.array else {
            return [value]
        }
        return parts.flatMap { Self.parts(of: $0, key) }
    }

    /// Whether a Metaspace cuts a text before every space.
    var cutsAtSpaces: Bool {
        Self.parts(of: settings["pre_tokenizer"] ?? .null, "pretokenizers").contains {
            $0["type"] == .string("Metaspace") && $0["split"] ?? .bool(true) == .bool(true)
        }
    }

    /// The pattern that the pre-tokenizer is.
    func splitPattern() throws(TokenizationError) -> SplitPattern {
        let preTokenizer = settings["pre_tokenizer"] ?? .null
        let parts = Self.parts(of: preTokenizer, "pretokenizers")
        var steps: [PreTokenizerStep] = []
        for part in parts { steps.append(try step(part, isAlone: parts.count == 1)) }
        guard let pattern = SplitPattern(preTokenizers: steps) else {
            throw .unsupported(
                path: path,
                reason: "its pre-tokenizer cuts texts in a way that is not known: "
                    + steps.map { "\($0)" }.joined(separator: ", "))
        }
        return pattern
    }

    /// One part of the pre-tokenizer.
    private func step(
        _ part: JSONValue, isAlone: Bool
    ) throws(TokenizationError) -> PreTokenizerStep {
        switch part["type"]?.string {
        case "ByteLevel":
            guard isAlone || [.null, .bool(false)].contains(part["add_prefix_space"] ?? .null)
            else {
                throw .unsupported(
                    path: path,
                    reason: "its pre-tokenizer puts a space before every piece that another part "
                        + "has cut")
            }
            // Files older than the setting mean true by leaving it out.
            return .byteLevel(usesExpression: part["use_regex"] ?? .bool(true) == .bool(true))
        case "Digits":
            return part["individual_digits"] == .bool(true) ? .digits : .digitRuns
        case "Punctuation":
            guard part["behavior"] == .string("Contiguous") else {
                throw .unsupported(
                    path: path, reason: "its pre-tokenizer has Punctuation that is not Contiguous")
            }
            return .punctuationRuns
        case "Split":
            guard let expression = part["pattern"]?["Regex"]?.string else {
                throw .unsupported(path: path, reason: "a Split is not by a regular expression")
            }
            switch (part["behavior"]?.string, part["invert"]) {
            case ("Isolated", _): return .split(expression)
            case ("Removed", .bool(true)): return .keepMatches(expression)
            default:
                throw .unsupported(
                    path: path,
                    reason: "a Split has the behavior \(part["behavior"]?.string ?? "of no name"); "
                        + "only Isolated, and Removed with \"invert\", are known")
            }
        case let type:
            throw .unsupported(
                path: path,
                reason: "its pre-tokenizer has a part \(type ?? "of no type"); "
                    + "only Split, Digits, Punctuation and ByteLevel are known")
        }
    }
}
