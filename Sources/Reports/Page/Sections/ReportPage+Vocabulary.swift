import Foundation
import Pipeline

/// The vocabulary: how much text a token stands for, how often each occurs, and how text looks in
/// tokens.
extension ReportPage {
    var vocabulary: Section? {
        guard runs.contains(where: { $0.measurements?.data != nil }) else { return nil }
        return Section(id: "vocabulary", title: "Vocabulary") { page in
            writeCurves(to: &page)
            forEachRun(
                with: { $0.measurements?.data != nil },
                once: { $0.measurements?.data == $1.measurements?.data }, to: &page
            ) { run, page in
                guard let data = run.measurements?.data else { return }
                Self.writeVocabulary(data, to: &page)
            }
        }
    }

    private func writeCurves(to page: inout Markup) {
        var ranks: [Plot.Curve] = []
        var lengths: [Plot.Curve] = []
        for (number, run) in runs.enumerated() {
            guard let data = run.measurements?.data else { continue }
            ranks.append(
                Plot.Curve(
                    name: curveName(run),
                    points: data.ranks.map { .init(x: Double($0.rank), y: Double($0.count)) },
                    number: number, run: number))
            lengths.append(
                Plot.Curve(
                    name: curveName(run),
                    points: data.tokenLengths.enumerated().map {
                        .init(x: Double($0.offset + 1), y: Double($0.element))
                    }, style: .marked, number: number, run: number))
        }
        Self.write(
            [
                Plot(
                    title: "Rank and frequency", note: "both logarithmic",
                    xTitle: "rank of the token", yTitle: "occurrences in the training text",
                    xScale: .decades, yScale: .decades, curves: ranks),
                Plot(
                    title: "Length of tokens", xTitle: "bytes of a token",
                    yTitle: "tokens of the vocabulary", curves: lengths),
            ], to: &page)
    }

    private static func writeVocabulary(_ data: DataMeasurement, to page: inout Markup) {
        page.element("p") { page in
            page.text("\(Figure.count(data.vocabularySize)) tokens. ")
            let unusedShare = Double(data.unusedCount) / Double(max(data.vocabularySize, 1))
            page.text(
                """
                \(Figure.count(data.unusedCount)) never occur in the training text \
                (\(Figure.percent(unusedShare))), and \(Figure.count(data.rareCount)) less than a \
                hundred times
                """)
            page.text(
                data.counted < data.tokensInAll
                    ? """
                    , counted on \(Figure.amount(Double(data.counted))) of \
                    \(Figure.amount(Double(data.tokensInAll))) tokens, evenly over all.
                    """ : ".")
        }
        writeBytesPerToken(data, to: &page)
        writeText(data.text, to: &page)
        page.element("div", ["class": "cards"]) { page in
            let lists = [
                ("Longest tokens", data.longest), ("Most frequent tokens", data.frequent),
                ("Merged last", data.newest), ("Never met", data.unused),
            ]
            for (title, tokens) in lists where !tokens.isEmpty {
                page.element("div") { page in
                    page.element("h3", text: title)
                    for token in tokens {
                        page.element("span", ["class": "token"]) { page in
                            page.data(token.text)
                            page.text(" ")
                            page.element("small", text: Figure.count(token.count))
                        }
                        page.text(" ")
                    }
                }
            }
        }
        page.element(
            "p", ["class": "soft"],
            text: "Beside each token how often it occurs in the training text.")
    }

    private static func writeBytesPerToken(_ data: DataMeasurement, to page: inout Markup) {
        let sources = data.sources.filter { $0.bytes > 0 }
        if !sources.isEmpty {
            let most = sources.map(\.bytesPerToken).max() ?? 1
            writeBars(
                "source", ["bytes a token", "tokens"],
                sources.map { source in
                    BarRow(
                        title: source.name,
                        values: [
                            Figure.number(source.bytesPerToken, 3),
                            Figure.amount(Double(source.tokens)),
                        ], share: source.bytesPerToken / most)
                }, to: &page)
        }
        guard !data.encodings.isEmpty else { return }
        let most = data.encodings.map(\.bytesPerToken).max() ?? 1
        let bytes = data.encodings.first?.bytes ?? 0
        writeBars(
            "vocabulary, on \(Figure.bytes(bytes)) of held-out text",
            ["bytes a token", "tokens of the text", "tokens of the vocabulary"],
            data.encodings.map { encoding in
                BarRow(
                    title: encoding.name,
                    values: [
                        Figure.number(encoding.bytesPerToken, 3), Figure.count(encoding.tokens),
                        Figure.count(encoding.size),
                    ], share: encoding.bytesPerToken / most)
            }, to: &page)
    }

    private static func writeText(_ pieces: [String], to page: inout Markup) {
        guard !pieces.isEmpty else { return }
        page.element("h3", text: "A text in its tokens")
        page.element("blockquote", ["class": "pieces"]) { page in
            for (number, piece) in pieces.enumerated() {
                page.element("span", ["class": "k\(number % 6)"], text: piece)
            }
        }
    }
}
