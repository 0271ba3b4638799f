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
        guard ignoresNormalizer || !hasNormalizer else {
            throw .unsupported(
                path: path,
                reason: "it has the normalizer \(settings["normalizer"]?["type"]?.string ?? "of no type"), which "
                    + "changes texts before they are cut; import it without the normalizer "
                    + "(--ignore-normalizer) if all texts are normalized already: those keep their ids"
            )
        }
        guard settings["decoder"]?["type"] == .string("ByteLevel") else {
            throw .unsupported(path: path, reason: "its decoder is not ByteLevel")
        }
    }

    /// Whether texts are changed before they are cut.
    var hasNormalizer: Bool { !Self.changesNothing(settings["normalizer"] ?? .null) }

    /// Whether a normalizer is none, or a sequence of none.
    private static func changesNothing(_ normalizer: JSONValue) -> Bool {
        normalizer.isNull
            || normalizer["type"] == .string("Sequence")
                && normalizer["normalizers"]?.array?.allSatisfy(changesNothing) == true
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
