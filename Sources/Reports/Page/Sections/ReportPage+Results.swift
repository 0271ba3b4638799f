import Foundation
import Pipeline

/// What comes of the training: scalars of other programs, texts over time, and tuning.
extension ReportPage {
    // MARK: Scalars of other programs

    private static let plotLimit = 60

    var events: Section? {
        let tags = Set(runs.flatMap { $0.events?.tags ?? [] }).sorted()
        guard !tags.isEmpty else { return nil }
        return Section(id: "scalars", title: "Scalars") { page in
            page.element(
                "p", ["class": "soft"],
                text: """
                    From event files of TensorBoard. They say nothing of the corpus, the \
                    vocabulary, the samples or the model, so that those parts are missing here.
                    """)
            let plots = tags.prefix(Self.plotLimit).map { tag in
                var plot = Plot(
                    title: tag, xTitle: "step", yTitle: "as written", curves: [])
                for (number, run) in runs.enumerated() {
                    guard let curve = run.events?.curves[tag] else { continue }
                    plot.curves.append(
                        .init(
                            name: curveName(run), points: curve.points(), number: number,
                            run: number))
                }
                let heights = plot.curves.flatMap { Plot.core($0.points.map(\.y)) }
                plot.yCovers = heights.isEmpty ? nil : heights
                return plot
            }
            Self.write(Array(plots), to: &page)
            if tags.count > Self.plotLimit {
                page.element("p", ["class": "soft"]) { page in
                    page.text("\(tags.count - Self.plotLimit) more are not drawn: ")
                    for (number, tag) in tags.dropFirst(Self.plotLimit).enumerated() {
                        if number > 0 { page.text(", ") }
                        page.data(tag)
                    }
                }
            }
        }
    }

    // MARK: Samples

    var samples: Section? {
        guard runs.contains(where: { !$0.samples.isEmpty || !$0.metrics.samples.isEmpty }) else {
            return nil
        }
        return Section(id: "samples", title: "Samples") { page in
            forEachRun(
                with: { !$0.samples.isEmpty || !$0.metrics.samples.isEmpty }, to: &page
            ) { run, page in
                Self.writeSamples(run, to: &page)
            }
        }
    }

    private static let (sampleStepLimit, textLimit) = (8, 1_200)

    private static func writeSamples(_ run: RunReport, to page: inout Markup) {
        if !run.samples.isEmpty {
            page.element(
                "p", ["class": "soft"], text: "Drawn by the best checkpoint, each with its prompt.")
            page.element("div", ["class": "cards"]) { page in
                for text in run.samples { write(sample: text, to: &page) }
            }
        }
        let all = run.metrics.samples
        guard !all.isEmpty else { return }
        page.element("h3", text: "Over time")
        let shown = ModelMeter.evenly(all.count, sampleStepLimit).map { all[$0] }
        for samples in shown {
            page.element("p", ["class": "soft"], text: "step \(Figure.count(samples.step))")
            page.element("div", ["class": "cards"]) { page in
                for text in samples.texts { write(sample: text, to: &page) }
            }
        }
    }

    private static func write(sample text: String, to page: inout Markup) {
        page.element("blockquote") { page in
            page.data(text.count > textLimit ? text.prefix(textLimit) + "…" : text)
        }
    }

    // MARK: Tuning

    var tuning: Section? {
        guard runs.contains(where: { $0.tuning != nil }) else { return nil }
        return Section(id: "tuning", title: "Tuning") { page in
            forEachRun(with: { $0.tuning != nil }, to: &page) { run, page in
                guard let tuning = run.tuning else { return }
                Self.writeTuning(tuning, to: &page)
            }
        }
    }

    private static func writeTuning(_ tuning: RunReport.Tuning, to page: inout Markup) {
        let metrics = tuning.metrics
        if let last = metrics.evaluations.last {
            page.element(
                "p",
                text: """
                    \(Figure.count(metrics.step)) steps on conversations, of which the answers \
                    alone are learned; validation loss \(Figure.number(last.loss, 4)) nats a \
                    token of answers.
                    """)
        }
        write(
            [
                Plot(
                    title: "Loss of answers", xTitle: "step of tuning", yTitle: "nats a token",
                    yCovers: Plot.core(metrics.loss.points().map(\.y))
                        + metrics.evaluations.map(\.loss),
                    curves: [
                        .init(name: "a step", points: metrics.loss.points(), style: .faint),
                        .init(name: "smoothed", points: metrics.smoothLoss.means()),
                        .init(
                            name: "validation",
                            points: thinned(
                                metrics.evaluations.map { .init(x: Double($0.step), y: $0.loss) }),
                            style: .marked, number: 1),
                    ])
            ], to: &page)
        guard !tuning.answers.isEmpty else { return }
        page.element("h3", text: "Questions and answers")
        for (question, before, after) in tuning.answers {
            page.element("p") { $0.element("b") { $0.data(question) } }
            page.element("div", ["class": "cards"]) { page in
                for (title, answer) in [("in the beginning", before), ("after tuning", after)] {
                    guard let answer else { continue }
                    page.element("div") { page in
                        page.element("small", ["class": "soft"], text: title)
                        write(sample: answer, to: &page)
                    }
                }
            }
        }
    }
}
