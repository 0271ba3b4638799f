import Foundation
import Pipeline

/// Training: losses, rates, gradients, speed, time and memory.
extension ReportPage {
    var training: Section? {
        guard runs.contains(where: { !$0.metrics.isEmpty }) else { return nil }
        return Section(id: "training", title: "Training") { page in
            writeAxisChoice(to: &page)
            Self.write([lossPlot] + otherPlots, to: &page)
            forEachRun(with: { !$0.metrics.skipped.isEmpty }, to: &page) { run, page in
                Self.writeSkipped(run.metrics, to: &page)
            }
            writeSources(to: &page)
            writeTimeAndMemory(to: &page)
        }
    }

    private func writeAxisChoice(to page: inout Markup) {
        page.element("fieldset", ["hidden": "hidden"]) { page in
            page.element("span", text: "Along ")
            let choices =
                ["steps", "tokens", "minutes"] + (hasOperations ? ["operations"] : [])
            for choice in choices {
                page.element("label") { page in
                    if choice == "steps" {
                        page.void(
                            "input",
                            [
                                "type": "radio", "name": "axis", "value": choice,
                                "checked": "checked",
                            ])
                    } else {
                        page.void("input", ["type": "radio", "name": "axis", "value": choice])
                    }
                    page.text(" " + choice)
                }
            }
        }
    }

    // MARK: Curves

    private var lossPlot: Plot {
        var plot = Plot(
            title: "Loss", xTitle: "step", yTitle: "nats a token", curves: [], isAlongSteps: true)
        var heights: [Double] = []
        let isOne = runs.count == 1
        for (number, run) in runs.enumerated() {
            let metrics = run.metrics
            let raw = metrics.loss.points()
            let smooth = metrics.smoothLoss.means()
            let held = metrics.evaluations.map {
                BoundedSeries.Point(x: Double($0.step), y: $0.loss)
            }
            if isOne {
                plot.curves.append(
                    .init(name: "a step", points: raw, style: .faint, number: 0, run: number))
            }
            plot.curves.append(
                .init(
                    name: curveName(run, isOne ? "smoothed" : ""), points: smooth,
                    style: isOne ? .line : .faint, number: number, run: number))
            plot.curves.append(
                .init(
                    name: curveName(run, "validation"), points: Self.thinned(held), style: .marked,
                    number: isOne ? 1 : number, run: number))
            heights += Plot.core(isOne ? raw.map(\.y) : smooth.map(\.y)) + held.map(\.y)
            if metrics.skippedCount > 0, isOne {
                plot.marks = metrics.skipped.map { Double($0.step) }
            }
        }
        plot.yCovers = heights
        plot.note = isOne ? "smoothed by an average of factor \(Smoothing.factor)" : "smoothed"
        return plot
    }

    /// At most two hundred evaluations, the last among them.
    static func thinned(_ points: [BoundedSeries.Point]) -> [BoundedSeries.Point] {
        let size = (points.count + 199) / 200
        guard size > 1 else { return points }
        return points.enumerated().filter {
            $0.offset % size == 0 || $0.offset == points.count - 1
        }.map(\.element)
    }

    private var otherPlots: [Plot] {
        func plot(
            _ title: String, _ unit: String, core: Bool = true, skipping: Double = 0.1,
            _ points: (RunMetrics) -> [BoundedSeries.Point], style: Plot.Curve.Style = .line
        ) -> Plot {
            var plot = Plot(
                title: title, xTitle: "step", yTitle: unit, curves: [], isAlongSteps: true)
            for (number, run) in runs.enumerated() {
                plot.curves.append(
                    .init(
                        name: curveName(run), points: points(run.metrics), style: style,
                        number: number, run: number))
            }
            if core {
                plot.yCovers =
                    [0]
                    + plot.curves.flatMap { Plot.core($0.points.map(\.y), skipping: skipping) }
            }
            return plot
        }
        var norms = plot("Gradient norm", "before it is clipped") { $0.gradientNorm.points() }
        if runs.count == 1 {
            norms.marks = runs[0].metrics.skipped.map { Double($0.step) }
            if !norms.marks.isEmpty { norms.note = "skipped steps are marked" }
        }
        var speed = plot("Speed", "tokens a second", skipping: 0) { $0.speed.points() }
        if let share = runs.first?.metrics.peakShare.mean, runs.count == 1 {
            speed.note = "\(Figure.percent(share)) of the matrix peak on average"
        }
        return [
            plot(
                "Bits per byte", "of the validation text", core: false,
                { metrics in
                    Self.thinned(
                        metrics.evaluations.compactMap { evaluation in
                            evaluation.bitsPerByte.map {
                                .init(x: Double(evaluation.step), y: $0)
                            }
                        })
                }, style: .marked),
            plot("Learning rate", "of this step", core: false) { $0.learningRate.points() },
            norms, speed,
        ]
    }

    private static func writeSkipped(_ metrics: RunMetrics, to page: inout Markup) {
        writeFolded("Skipped steps (\(Figure.count(metrics.skippedCount)))", to: &page) { page in
            writeTable(
                ["step", "why"],
                metrics.skipped.prefix(50).map { [Figure.count($0.step), $0.reason] }, to: &page)
        }
    }

    /// Losses of several sources, each a curve.
    private func writeSources(to page: inout Markup) {
        guard runs.count == 1, let run = runs.first else { return }
        let names = Set(run.metrics.evaluations.flatMap(\.sources.keys)).sorted().prefix(7)
        guard !names.isEmpty else { return }
        let curves = names.enumerated().map { number, name in
            Plot.Curve(
                name: name,
                points: Self.thinned(
                    run.metrics.evaluations.compactMap { evaluation in
                        evaluation.sources[name].map { .init(x: Double(evaluation.step), y: $0) }
                    }), style: .marked, number: number)
        }
        Self.write(
            [
                Plot(
                    title: "Validation loss by source", xTitle: "step", yTitle: "nats a token",
                    curves: curves, isAlongSteps: true)
            ], to: &page)
    }

    // MARK: Time and memory

    private func writeTimeAndMemory(to page: inout Markup) {
        forEachRun(with: { $0.provenance?.sessions.isEmpty == false }, to: &page) { run, page in
            guard let sessions = run.provenance?.sessions, let last = sessions.last else { return }
            page.element("div", ["class": "cards"]) { page in
                var seconds: [String: Double] = [:]
                for session in sessions { seconds.merge(session.seconds) { $0 + $1 } }
                Self.writeShares(
                    "Time by activity", seconds.sorted { ($1.value, $0.key) < ($0.value, $1.key) },
                    Figure.time, to: &page)
                if let parts = sessions.last(where: { $0.parts != nil })?.parts {
                    Self.writeShares(
                        "Time of a step by part", parts.map { ($0.part, $0.seconds) }, Figure.time,
                        to: &page)
                }
                Self.writeShares(
                    "Memory by part",
                    last.memory.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
                        .map { ($0.key, Double($0.value)) }, { Figure.bytes(Int($0)) }, to: &page)
            }
        }
    }

    private static func writeShares(
        _ title: String, _ values: [(key: String, value: Double)], _ shown: (Double) -> String,
        to page: inout Markup
    ) {
        let values = values.filter { $0.value > 0 }
        let sum = values.reduce(0) { $0 + $1.value }
        guard sum > 0 else { return }
        page.element("div") { page in
            page.element("h3", text: title)
            writeBars(
                "", [shown(sum), "share"],
                values.map { key, value in
                    BarRow(
                        title: key, values: [shown(value), Figure.percent(value / sum)],
                        share: value / sum)
                }, to: &page)
        }
    }
}
