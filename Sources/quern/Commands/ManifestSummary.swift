import TokenShards

extension Report {
    /// Adds what a data set holds.
    mutating func add(_ manifest: ShardManifest, directory: String) {
        let (train, validation) = (manifest.train, manifest.validation)
        row("directory", "\(word: directory, "directory")")
        let fingerprint = manifest.vocabulary.fingerprint
        row(
            "vocabulary",
            """
            \(count: manifest.vocabulary.size, "vocabulary_tokens") tokens, fingerprint \
            \(word: fingerprint, "vocabulary_fingerprint")
            """)
        row(
            "ids",
            """
            \(word: manifest.dtype.rawValue, "dtype"), end of text: \
            \(word: manifest.endOfText.rawValue, "end_of_text")
            """)
        if let token = manifest.beginTokenID {
            row(
                "before documents",
                "token \(String(token.index), as: token.index, "begin_token_id")")
        }
        if let token = manifest.endTokenID {
            row(
                "behind documents",
                "token \(String(token.index), as: token.index, "end_token_id")")
        }
        row("train", Self.cell(train, "train"))
        row("validation", Self.cell(validation, "validation"))
        addBytesPerToken(train, validation)
        let hasSkipped = add(manifest.skipped)
        guard hasSkipped else { return }
        for example in manifest.skipped.examples { row(["", example]) }
        member("skipped_examples", manifest.skipped.examples)
    }

    /// Adds the mean bytes of text a token.
    mutating func addBytesPerToken(
        _ train: ShardManifest.Totals, _ validation: ShardManifest.Totals, indent: Int = 0
    ) {
        let tokens = train.tokens + validation.tokens
        let bytes = Double(train.bytes + validation.bytes)
        row(
            "bytes per token", "\(bytes / Double(max(tokens, 1)), digits: 3, "bytes_per_token")",
            indent: indent)
    }

    /// Adds what was left out, if anything was.
    ///
    /// - Returns: whether anything was.
    @discardableResult
    mutating func add(_ skipped: ShardManifest.Skipped, indent: Int = 0) -> Bool {
        if let count = skipped.invalidUTF8Documents {
            row(
                "not all UTF-8",
                """
                \(count: count, "invalid_utf8_documents") documents, kept or repaired \
                (--invalid-utf8)
                """, indent: indent)
        }
        if let count = skipped.brokenFiles {
            row(
                "broken files",
                "\(count: count, "broken_files"), each left out from a place on", indent: indent)
        }
        if let count = skipped.damagedMembers {
            row(
                "damaged members",
                """
                \(count: count, "damaged_members"), whose checksum fails and whose documents are \
                kept
                """, indent: indent)
        }
        let hasLines = skipped.lines > 0 || skipped.emptyDocuments > 0
        if hasLines {
            let quarantined =
                skipped.quarantinedLines.map { " (\(Figures.count($0)) in quarantine)" } ?? ""
            row(
                "skipped",
                """
                \(count: skipped.lines, "skipped_lines") lines\
                \(quarantined, as: skipped.quarantinedLines ?? 0, "quarantined_lines"), \
                \(count: skipped.emptyDocuments, "empty_documents") empty documents
                """, indent: indent)
        }
        return hasLines || skipped.invalidUTF8Documents != nil || skipped.brokenFiles != nil
            || skipped.damagedMembers != nil
    }

    private static func cell(_ totals: ShardManifest.Totals, _ split: String) -> ReportText {
        """
        \(count: totals.tokens, "\(split)_tokens") tokens, \
        \(count: totals.documents, "\(split)_documents") documents, \
        \(bytes: totals.bytes, "\(split)_bytes")
        """
    }
}
