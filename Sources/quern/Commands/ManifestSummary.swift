import TokenShards

/// A data set as a table.
enum ManifestSummary {
    static func text(_ manifest: ShardManifest, directory: String) -> String {
        let (train, validation) = (manifest.train, manifest.validation)
        let tokens = train.tokens + validation.tokens
        let bytes = train.bytes + validation.bytes
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
            ["bytes per token", Figures.fixed(Double(bytes) / Double(max(tokens, 1)), 3)],
        ]
        if manifest.skipped.lines > 0 || manifest.skipped.emptyDocuments > 0 {
            rows.append([
                "skipped",
                "\(Figures.count(manifest.skipped.lines)) lines, "
                    + "\(Figures.count(manifest.skipped.emptyDocuments)) empty documents",
            ])
            for example in manifest.skipped.examples { rows.append(["", example]) }
        }
        return Table.text(rows)
    }

    private static func totals(_ totals: ShardManifest.Totals) -> String {
        "\(Figures.count(totals.tokens)) tokens, \(Figures.count(totals.documents)) documents, "
            + "\(Figures.bytes(Double(totals.bytes)))"
    }
}
