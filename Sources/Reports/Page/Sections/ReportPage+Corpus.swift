import Foundation
import TokenShards

/// The text: what was read, what is left, from where, and how long its documents are.
extension ReportPage {
    var corpus: Section? {
        guard runs.contains(where: { $0.corpus != nil }) else { return nil }
        return Section(id: "corpus", title: "Corpus") { page in
            forEachRun(
                with: { $0.corpus != nil },
                once: {
                    $0.corpus == $1.corpus && $0.measurements?.data == $1.measurements?.data
                        && ($0.corpus?.shares.isEmpty != false
                            || $0.metrics.tokenCount == $1.metrics.tokenCount)
                }, to: &page
            ) { run, page in
                guard let corpus = run.corpus else { return }
                Self.writeCorpus(
                    corpus, run.measurements?.data, learnedTokenCount: run.metrics.tokenCount,
                    to: &page)
            }
        }
    }

    private static func writeCorpus(
        _ corpus: CorpusFigures, _ measured: DataMeasurement?, learnedTokenCount: Int,
        to page: inout Markup
    ) {
        page.element("p") { page in
            page.text(
                """
                \(Figure.count(corpus.train.documents)) documents with \
                \(Figure.amount(Double(corpus.train.tokens))) tokens for training, \
                \(Figure.count(corpus.validation.documents)) with \
                \(Figure.amount(Double(corpus.validation.tokens))) held out.
                """)
            for note in corpus.notes { page.text(" \(note).") }
        }
        page.element("div", ["class": "tables"]) { page in
            page.element("div") { page in
                writeSteps(corpus.steps, to: &page)
                if !corpus.shares.isEmpty {
                    writeShares(corpus.shares, measured, learnedTokenCount, to: &page)
                }
                writeSources(corpus, to: &page)
            }
            guard let measured, !measured.lengths.isEmpty else { return }
            page.element("div") { writeLengths(measured, to: &$0) }
        }
    }

    private static func writeSteps(_ steps: [CorpusFigures.Step], to page: inout Markup) {
        page.element("h3", text: "What is left of it")
        let most = steps.map(\.documents).max() ?? 1
        writeBars(
            "step", ["documents", "bytes", "removed"],
            steps.map { step in
                BarRow(
                    title: step.name,
                    values: [
                        Figure.count(step.documents), Figure.bytes(step.bytes),
                        step.removed > 0 ? Figure.count(step.removed) : "",
                    ], share: Double(step.documents) / Double(max(most, 1)),
                    notes: step.examples)
            }, to: &page)
    }

    private static func writeShares(
        _ shares: [CorpusFigures.Share], _ measured: DataMeasurement?, _ learnedTokenCount: Int,
        to page: inout Markup
    ) {
        page.element("h3", text: "Mixture: what was asked for, what was got, and what there is")
        writeBars(
            "data set", ["asked", "got", "of the text", "tokens", "epochs"],
            shares.map { share in
                let got = measured?.sources.first { $0.name == share.name }?.share
                let learned = (got ?? share.asked) * Double(learnedTokenCount)
                return BarRow(
                    title: share.name,
                    values: [
                        Figure.percent(share.asked), got.map(Figure.percent) ?? "–",
                        Figure.percent(share.size), Figure.amount(Double(share.tokens)),
                        share.tokens > 0 && learnedTokenCount > 0
                            ? Figure.short(learned / Double(share.tokens)) : "–",
                    ], share: share.asked)
            }, to: &page)
    }

    private static func writeSources(_ corpus: CorpusFigures, to page: inout Markup) {
        page.element("h3", text: "Sources")
        let most = corpus.sources.map(\.bytes).max() ?? 1
        let hasRead = corpus.sources.contains { $0.read != nil }
        writeBars(
            "file", (hasRead ? ["read"] : []) + ["documents", "bytes"],
            corpus.sources.map { source in
                BarRow(
                    title: source.name,
                    values: (hasRead ? [source.read.map(Figure.count) ?? ""] : [])
                        + [Figure.count(source.kept), Figure.bytes(source.bytes)],
                    share: Double(source.bytes) / Double(max(most, 1)))
            }, to: &page)
        if corpus.sourceCount > corpus.sources.count {
            page.element(
                "p", ["class": "soft"],
                text: "The largest \(corpus.sources.count) of \(Figure.count(corpus.sourceCount)).")
        }
    }

    private static func writeLengths(_ measured: DataMeasurement, to page: inout Markup) {
        page.element("h3", text: "Documents by their length")
        let most = measured.lengths.map(\.documents).max() ?? 1
        writeBars(
            "bytes of text", ["documents"],
            measured.lengths.map { bin in
                BarRow(
                    title: "\(Figure.amount(Double(bin.bytes))) – "
                        + Figure.amount(Double(2 * bin.bytes - 1)),
                    values: [Figure.count(bin.documents)],
                    share: Double(bin.documents) / Double(max(most, 1)))
            }, to: &page)
        if measured.documents < measured.documentsInAll {
            page.element(
                "p", ["class": "soft"],
                text: """
                    Counted on \(Figure.count(measured.documents)) of \
                    \(Figure.count(measured.documentsInAll)) documents, evenly over all.
                    """)
        }
    }
}
