import Bytes

extension TokenizerFile {
    /// Throws unless the model is one that Quern knows, as soon as its kind is known.
    func checkModelType() throws(TokenizationError) {
        guard let type = model["type"]?.string, type != "BPE" else { return }
        throw .unsupported(path: path, reason: "its model is \(type); only BPE is known")
    }

    /// Refuses every setting of the model that would give other ids than Quern does.
    func checkModel() throws(TokenizationError) {
        try checkModelType()
        for key in ["dropout", "unk_token"] {
            guard model[key] ?? .null == .null else {
                throw .unsupported(path: path, reason: "its model has \"\(key)\"")
            }
        }
        for key in ["continuing_subword_prefix", "end_of_word_suffix"] {
            guard [.null, .string("")].contains(model[key] ?? .null) else {
                throw .unsupported(path: path, reason: "its model has \"\(key)\"")
            }
        }
        guard [.null, .bool(false)].contains(model["byte_fallback"] ?? .null) else {
            throw .unsupported(path: path, reason: "its model has \"byte_fallback\" set")
        }
        guard [nil, .bool(true), .bool(false)].contains(model["ignore_merges"]) else {
            throw .unsupported(path: path, reason: "\"ignore_merges\" is neither true nor false")
        }
    }

    /// Refuses every other setting that would give other ids than Quern does.
    func checkSettings(ignoresNormalizer: Bool) throws(TokenizationError) {
        for key in ["truncation", "padding"] {
            guard settings[key] ?? .null == .null else {
                throw .unsupported(path: path, reason: "it has \"\(key)\", which changes the ids")
            }
        }
        try checkNormalizer(ignored: ignoresNormalizer)
        guard settings["decoder"]?["type"] == .string("ByteLevel") else {
            throw .unsupported(path: path, reason: "its decoder is not ByteLevel")
        }
    }

    /// Refuses a normalizer, unless it is a Unicode normal form and is to be left out.
    private func checkNormalizer(ignored: Bool) throws(TokenizationError) {
        guard let name = normalizers.first else { return }
        let forms = ["NFC", "NFD", "NFKC", "NFKD"]
        guard normalizers.allSatisfy(forms.contains) else {
            throw .unsupported(
                path: path,
                reason: "it has the normalizer \(name), which changes texts before they are cut")
        }
        guard ignored else {
            throw .normalizer(path: path, name: name)
        }
        // In an added token's content, a normal form changes nothing that is ASCII.
        for token in addedTokens ?? [] where token.isNormalized {
            guard token.content.utf8.allSatisfy({ $0 < 0x80 }) else {
                throw .unsupported(
                    path: path,
                    reason:
                        "the normalizer \(name) cannot be left out, since it would also change the "
                        + "added token \"\(token.content)\"")
            }
        }
    }

    /// The kinds of normalizers, those in a sequence one by one.
    package var normalizers: [String] { Self.kinds(of: settings["normalizer"] ?? .null) }

    private static func kinds(of normalizer: JSONValue) -> [String] {
        if normalizer.isNull { return [] }
        guard normalizer["type"] == .string("Sequence"),
            let parts = normalizer["normalizers"]?.array
        else { return [normalizer["type"]?.string ?? "of no type"] }
        return parts.flatMap(kinds)
    }

    /// The pattern that the pre-tokenizer is.
    func splitPattern() throws(TokenizationError) -> SplitPattern {
        let preTokenizer = settings["pre_tokenizer"] ?? .null
        let parts =
            preTokenizer["type"] == .string("Sequence")
            ? preTokenizer["pretokenizers"]?.array ?? [] : [preTokenizer]
        var steps: [PreTokenizerStep] = []
        for part in parts { steps.append(try step(part)) }
        guard let pattern = SplitPattern(preTokenizers: steps) else {
            throw .unsupported(
                path: path,
                reason: "its pre-tokenizer cuts texts in a way that is not known: "
                    + steps.map { "\($0)" }.joined(separator: ", "))
        }
        return pattern
    }

    /// One part of the pre-tokenizer.
    private func step(_ part: JSONValue) throws(TokenizationError) -> PreTokenizerStep {
        switch part["type"]?.string {
        case "ByteLevel":
            guard [.null, .bool(false)].contains(part["add_prefix_space"] ?? .null) else {
                throw .unsupported(
                    path: path, reason: "its pre-tokenizer puts a space before every text")
            }
            // Files older than the setting mean true by leaving it out.
            return .byteLevel(usesExpression: part["use_regex"] ?? .bool(true) == .bool(true))
        case "Digits":
            guard part["individual_digits"] == .bool(true) else {
                throw .unsupported(
                    path: path, reason: "its pre-tokenizer has Digits that are not individual")
            }
            return .digits
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
                    + "only Split, Digits and ByteLevel are known")
        }
    }
}
