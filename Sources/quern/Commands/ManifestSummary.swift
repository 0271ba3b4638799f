import TokenShards

/// A data set as a table.
enum ManifestSummary {
    static func text(
        _ manifest: ShardManifest, directory: String, adding last: [[String]] = []
    ) -> String {
        let (train, validation) = (manifest.train, manifest.validation)
        var rows = [
            ["directory", directory],
            [
                "vocabulary",
                "\(Figures.count(manifest.vocabulary.size)) tokens, "
                    + "fingerprint \(manifest.vocabulary.fingerprint)",
            ],
            ["ids", "\(manifest.dtype.rawValue), end of text: \(manifest.endOfText.rawValue)"],
            ["train", totals(train)],
            ["validation", totals(validation)],
            ["bytes per token", bytesPerToken(train, validation)],
        ]
        let skipped = skippedRows(manifest.skipped)
        rows += skipped
        if !skipped.isEmpty { rows += manifest.skipped.examples.map { ["", $0] } }
        return Table.text(rows + last)
    }

    /// Mean bytes of text a token.
    static func bytesPerToken(
        _ train: ShardManifest.Totals, _ validation: ShardManifest.Totals
    ) -> String {
        let tokens = train.tokens + validation.tokens
        let bytes = train.bytes + validation.bytes
        return Figures.fixed(Double(bytes) / Double(max(tokens, 1)), 3)
    }

    /// A row for what was left out, if anything was.
    static func skippedRows(_ skipped: ShardManifest.Skipped) -> [[String]] {
        var rows: [[String]] = []
        if let count = skipped.invalidUTF8Documents {
            rows.append([
                "not all UTF-8",
                "\(Figures.count(count)) documents, kept or repaired (--invalid-utf8)",
            ])
        }
        if let count = skipped.brokenFiles {
            rows.append([
                "broken files", "\(Figures.count(count)), each left out from a place on",
            ])
        }
        if let count = skipped.damagedMembers {
            rows.append([
                "damaged members",
                "\(Figures.count(count)), whose checksum fails and whose documents are kept",
            ])
        }
        guard skipped.lines > 0 || skipped.emptyDocuments > 0 else { return rows }
        let quarantined =
            skipped.quarantinedLines.map { " (\(Figures.count($0)) in quarantine)" } ?? ""
        rows.append([
            "skipped",
            "\(Figures.count(skipped.lines)) lines\(quarantined), "
                + "\(Figures.count(skipped.emptyDocuments)) empty documents",
        ])
        return rows
    }

    private static func totals(_ totals: ShardManifest.Totals) -> String {
        "\(Figures.count(totals.tokens)) tokens, \(Figures.count(totals.documents)) documents, "
            + "\(Figures.bytes(Double(totals.bytes)))"
    }
}
