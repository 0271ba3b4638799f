import Foundation
import Pipeline
import Training

/// The model: its parts, where its heads look, how its loss falls in a document, and how much its
/// probabilities are worth.
extension ReportPage {
    var model: Section? {
        guard runs.contains(where: { $0.measurements?.model?.parts.isEmpty == false }) else {
            return nil
        }
        return Section(id: "model", title: "Model") { page in
            forEachRun(with: { $0.measurements?.model != nil }, to: &page) { run, page in
                guard let model = run.measurements?.model else { return }
                if runs.count > 1 {
                    page.element("p", ["class": "soft"]) { page in
                        page.text(
                            model.facts.map { "\($0.first ?? "") \($0.last ?? "")" }
                                .joined(separator: " · "))
                    }
                }
                let sum = max(model.parts.reduce(0) { $0 + $1.parameters }, 1)
                Self.writeBars(
                    "part", ["parameters", "share"],
                    model.parts.map { part in
                        let share = Double(part.parameters) / Double(sum)
                        return BarRow(
                            title: part.name,
                            values: [Figure.count(part.parameters), Figure.percent(share)],
                            share: share)
                    }, to: &page)
            }
        }
    }

    // MARK: Attention

    var attention: Section? {
        guard runs.contains(where: { $0.measurements?.model?.attention != nil }) else {
            return nil
        }
        return Section(id: "attention", title: "Attention") { page in
            page.element(
                "p", ["class": "soft"],
                text: """
                    Each square is a head reading one text: a row is the token that looks, a \
                    column the token that is looked at, in the same order; the darker, the more \
                    of its attention it gives.
                    """)
            forEachRun(with: { $0.measurements?.model?.attention != nil }, to: &page) {
                run, page in
                guard let attention = run.measurements?.model?.attention else { return }
                Self.write(attention, to: &page)
            }
        }
    }

    private static func write(
        _ attention: ModelMeasurement.Attention, to page: inout Markup
    ) {
        page.element("div", ["class": "attention"]) { page in
            page.element("p", ["class": "pieces"]) { page in
                for (number, token) in attention.tokens.enumerated() {
                    page.element("span", ["class": "word k\(number % 6)"], text: token)
                }
                page.text("  ")
                page.element("output", text: "")
            }
            for (layer, heads) in zip(attention.layers, attention.weights) {
                page.newLine()
                page.element("div", ["class": "heads"]) { page in
                    for (head, weights) in zip(attention.heads, heads) {
                        page.element("figure") { page in
                            page.element("figcaption", text: "layer \(layer), head \(head)")
                            write(weights, attention.tokens.count, layer, head, to: &page)
                        }
                    }
                }
            }
        }
    }

    /// Writes a head: a path for each depth of the colour, of all cells that have it.
    private static func write(
        _ weights: [Int], _ count: Int, _ layer: Int, _ head: Int, to page: inout Markup
    ) {
        var paths = [String](repeating: "", count: 10)
        var seen: [String] = []
        for row in 0..<count {
            for column in 0...row where row * count + column < weights.count {
                let weight = min(max(weights[row * count + column], 0), 100)
                seen.append("\(weight)")
                // Small weights are still to be told from none.
                let level = Int((9 * (Double(weight) / 100).squareRoot()).rounded())
                paths[level] += "M\(column) \(row)h1v1h-1z"
            }
        }
        page.element(
            "svg",
            [
                "xmlns": "http://www.w3.org/2000/svg", "class": "heat", "role": "img",
                "viewBox": "0 0 \(count) \(count)", "data-w": seen.joined(separator: " "),
            ]
        ) { page in
            page.element("title", text: "Attention of layer \(layer), head \(head)")
            page.shape("rect", ["width": "\(count)", "height": "\(count)"])
            for level in 1...9 where !paths[level].isEmpty {
                page.shape("path", ["class": "h\(level)", "d": paths[level]])
            }
        }
    }

    // MARK: Positions

    var positions: Section? {
        guard runs.contains(where: { $0.measurements?.model?.byPosition != nil }) else {
            return nil
        }
        return Section(id: "positions", title: "Loss by position") { page in
            page.element(
                "p", ["class": "soft"],
                text: """
                    Held-out documents are read from their first tokens: how much does the model \
                    gain from what it has seen? Bars are one standard error, with documents as \
                    the unit.
                    """)
            let curves = runs.enumerated().compactMap { number, run -> Plot.Curve? in
                guard let curve = run.measurements?.model?.byPosition else { return nil }
                return Plot.Curve(
                    name: curveName(run),
                    points: curve.points.map {
                        .init(
                            x: (Double($0.first) * Double($0.last)).squareRoot(), y: $0.loss)
                    }, style: .marked, number: number, run: number,
                    errors: curve.points.map { $0.standardError ?? 0 })
            }
            Self.write(
                [
                    Plot(
                        title: "Loss by position in the document",
                        xTitle: "tokens of the document before the predicted one",
                        yTitle: "nats a token", xScale: .logarithmic, curves: curves)
                ], to: &page)
        }
    }

    // MARK: Calibration

    var calibration: Section? {
        guard runs.contains(where: { ($0.measurements?.model?.predictionCount ?? 0) > 0 }) else {
            return nil
        }
        return Section(id: "calibration", title: "Calibration") { page in
            page.element(
                "p", ["class": "soft"],
                text: """
                    Of the predictions of which the model was so sure, how many were right? On the \
                    diagonal its probabilities can be taken at their word; below it, it is too \
                    sure.
                    """)
            let curves = runs.enumerated().compactMap { number, run -> Plot.Curve? in
                guard let bins = run.measurements?.model?.calibration else { return nil }
                let used = bins.filter { $0.count > 0 }
                return Plot.Curve(
                    name: curveName(run),
                    points: used.map { .init(x: $0.confidence, y: $0.accuracy) },
                    style: .marked, number: number, run: number,
                    errors: used.map {
                        ($0.accuracy * (1 - $0.accuracy) / Double($0.count)).squareRoot()
                    })
            }
            var plot = Plot(
                title: "Confidence and hit rate", xTitle: "probability of the likeliest token",
                yTitle: "share that was right", curves: curves, hasDiagonal: true)
            plot.yCovers = [0, 1]
            Self.write([plot], to: &page)
            Self.writeTable(
                [""] + runs.map(\.place.name),
                [
                    ["predictions"] + figures { Figure.count($0.predictionCount) },
                    ["right"] + figures { $0.accuracy.map(Figure.percent) ?? "–" },
                    ["calibration error"]
                        + figures { $0.calibrationError.map(Figure.percent) ?? "–" },
                ], numbers: Set(1...runs.count), to: &page)
        }
    }

    private func figures(_ figure: (ModelMeasurement) -> String) -> [String] {
        runs.map { $0.measurements?.model.map(figure) ?? "–" }
    }
}
