import Foundation
import Pipeline
import TokenShards
import Training

/// The head of the page: what came out, in figures.
extension ReportPage {
    func writeOverview(to page: inout Markup) {
        page.element("h1") { page in
            for (index, run) in runs.enumerated() {
                if index > 0 { page.text(" · ") }
                page.data(run.place.name)
            }
        }
        if isRunning {
            page.element("p", ["class": "soft"]) { page in
                page.text(
                    """
                    This run goes on: the page is written anew after each evaluation, and reads \
                    itself again. What needs the model is measured at the end.
                    """)
            }
        }
        if runs.count == 1, let run = runs.first {
            if let facts = run.measurements?.model?.facts, !facts.isEmpty {
                page.element("p", ["class": "soft"]) { page in
                    page.text(
                        facts.map { "\($0.first ?? "") \($0.last ?? "")" }
                            .joined(separator: " · "))
                }
            }
            page.element("dl", ["class": "figures"]) { page in
                for figure in run.headline {
                    page.element("div") { page in
                        page.element("dt", text: figure.title)
                        page.element("dd") { page in
                            page.text(figure.value)
                            if !figure.note.isEmpty { page.element("small", text: figure.note) }
                        }
                    }
                }
            }
        } else {
            writeComparison(to: &page)
        }
        for run in runs {
            for note in run.notes {
                page.element("p", ["class": "warn"]) { page in
                    page.data(run.place.name)
                    page.text(": ")
                    page.data(note)
                }
            }
        }
    }

    private func writeComparison(to page: inout Markup) {
        let headlines = runs.map(\.headline)
        var titles: [String] = []
        for figure in headlines.flatMap(\.self) where !titles.contains(figure.title) {
            titles.append(figure.title)
        }
        Self.writeTable(
            [""] + runs.map(\.place.name),
            titles.map { title in
                [title]
                    + headlines.map { figures in
                        figures.first { $0.title == title }.map {
                            $0.value + ($0.note.isEmpty ? "" : " (\($0.note))")
                        } ?? "–"
                    }
            }, numbers: Set(1...runs.count), to: &page)
        let differences = runs.compactMap(\.recorded).settingDifferences
        page.element("h3", text: "Settings that differ")
        guard !differences.isEmpty else {
            page.element("p", ["class": "soft"], text: "None that the runs have recorded.")
            return
        }
        Self.writeTable(
            ["setting"] + runs.filter { $0.recorded != nil }.map(\.place.name),
            differences.map { [$0.key] + $0.values.map { $0 ?? "–" } }, to: &page)
    }
}

extension RunReport {
    /// A figure with its title, and a note below it.
    struct Headline {
        var title: String
        var value: String
        var note = ""
    }

    /// The figures that come first.
    var headline: [Headline] {
        if let events {
            return [
                Headline(title: "curves", value: Figure.count(events.curves.count)),
                Headline(title: "events", value: Figure.count(events.eventCount)),
                Headline(title: "time", value: Figure.time(events.duration)),
            ]
        }
        var list: [Headline] = []
        if let last = lastLoss {
            let lowest = metrics.evaluations.min { $0.loss < $1.loss }
            let isLast = lowest.map { $0.loss >= last.loss } ?? true
            list.append(
                Headline(
                    title: "validation loss", value: Figure.number(last.loss, 4),
                    note: isLast
                        ? "nats a token"
                        : "lowest \(Figure.number(lowest?.loss ?? 0, 4)) at step "
                            + Figure.count(lowest?.step ?? 0)))
            if let bits = last.bitsPerByte {
                list.append(
                    Headline(
                        title: "bits per byte", value: Figure.number(bits, 4),
                        note: "perplexity \(Figure.short(exp(last.loss)))"))
            }
        }
        let figures = recorded?.figures
        if let count = figures?.parameterCount ?? provenance?.parameterCount, count > 0 {
            list.append(
                Headline(
                    title: "parameters", value: Figure.amount(Double(count)),
                    note: Figure.count(count)))
        }
        let steps = max(metrics.step, figures?.steps ?? 0)
        let planned = figures?.plannedSteps ?? provenance?.sessions.last?.stepCount
        list.append(
            Headline(
                title: "steps", value: Figure.count(steps),
                note: planned.map { $0 == steps ? "all done" : "of " + Figure.count($0) } ?? ""))
        let tokens = max(metrics.tokenCount, figures?.tokenCount ?? 0)
        let epochs = corpus.map { Double(tokens) / Double(max($0.train.tokens, 1)) }
        list.append(
            Headline(
                title: "tokens learned from", value: Figure.amount(Double(tokens)),
                note: epochs.map { "\(Figure.short($0)) epochs" } ?? ""))
        let seconds = metrics.trainingSeconds
        if seconds > 0 {
            let operations = operationsPerToken.map {
                Figure.amount($0 * Double(tokens)) + "FLOP"
            }
            list.append(
                Headline(
                    title: "training time", value: Figure.time(seconds),
                    note: operations ?? ""))
            list.append(
                Headline(
                    title: "speed", value: Figure.amount(Double(tokens) / seconds),
                    note: "tokens a second"
                        + (metrics.peakShare.mean.map { ", \(Figure.percent($0)) of peak" } ?? "")))
        }
        if metrics.skippedCount > 0 {
            list.append(Headline(title: "skipped steps", value: Figure.count(metrics.skippedCount)))
        }
        if let accuracy = measurements?.model?.accuracy {
            list.append(
                Headline(
                    title: "next token right", value: Figure.percent(accuracy),
                    note: "of held-out tokens"))
        }
        return list
    }
}
