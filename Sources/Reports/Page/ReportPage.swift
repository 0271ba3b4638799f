import Files
import Foundation
import Pipeline

/// A run, or several beside each other, as one page of HTML that needs nothing but itself: no
/// network, no server, and to be read no script.
///
/// The same files beside the runs give the same bytes.
struct ReportPage {
    /// The runs.
    let runs: [RunReport]
    /// Whether the page is written while the first of them is trained, and shall renew itself.
    var isRunning = false

    /// Seconds after which a page of a run that goes on is read again.
    private static let refreshSeconds = 20

    /// Content that the page may load: nothing, but for what stands in it.
    private static let policy =
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; script-src 'unsafe-inline'"

    /// A part of the page.
    struct Section {
        /// Its anchor.
        var id: String
        /// Its title.
        var title: String
        /// Writes what it has.
        var write: (inout Markup) -> Void
    }

    /// Its parts, those left out of which no run has anything.
    private var sections: [Section] {
        [
            corpus, vocabulary, training, events, samples, tasks, model, attention, positions,
            calibration, tuning, provenance,
        ].compactMap(\.self)
    }

    /// The page. O(points of the curves).
    var html: [UInt8] {
        let sections = sections
        var page = Markup()
        page.documentType()
        page.element("html", ["lang": "en"]) { page in
            page.newLine()
            page.element("head") { writeHead(to: &$0) }
            page.newLine()
            page.element("body") { page in
                page.element("header") { writeOverview(to: &$0) }
                page.element("nav") { page in
                    page.element("ul") { page in
                        for section in sections {
                            page.element("li") {
                                $0.element("a", ["href": "#" + section.id], text: section.title)
                            }
                        }
                    }
                }
                page.element("main") { page in
                    for section in sections {
                        page.newLine()
                        page.element("section", ["id": section.id]) { page in
                            page.element("h2", text: section.title)
                            section.write(&page)
                        }
                    }
                }
                page.newLine()
                page.element("footer") { writeFooter(to: &$0) }
                page.json(id: "axes", axes)
                page.script(PageScript.text)
            }
        }
        page.newLine()
        return page.bytes
    }

    private func writeHead(to page: inout Markup) {
        page.newLine()
        page.void("meta", ["charset": "utf-8"])
        // By this a page is known again, and replaced only by another one.
        page.void("meta", ["name": "generator", "content": ReportFiles.generator])
        page.void("meta", ["http-equiv": "Content-Security-Policy", "content": Self.policy])
        page.void("meta", ["name": "viewport", "content": "width=device-width, initial-scale=1"])
        page.void("meta", ["name": "referrer", "content": "no-referrer"])
        if isRunning {
            page.void("meta", ["http-equiv": "refresh", "content": "\(Self.refreshSeconds)"])
        }
        page.element("title", text: title)
        page.style(PageStyle.sheet)
    }

    /// What the page is called.
    var title: String {
        runs.map(\.place.name).joined(separator: ", ")
            + (runs.count > 1 ? " – comparison of runs" : " – report of a run")
    }

    private func writeFooter(to page: inout Markup) {
        page.element("p") { page in
            page.text("Written by ")
            let programs = runs.compactMap { $0.provenance?.program }.filter { !$0.isEmpty }
            page.text(programs.first ?? "Quern")
            page.text(
                """
                . This page is one file: it loads nothing, and can be read without script. Point \
                at a curve to read it.
                """)
        }
    }

    // MARK: Axes

    /// For each run tokens and seconds along its steps, for exchanging the axis.
    private var axes: String {
        let runs = runs.map { run -> String in
            let tokens = run.metrics.tokens.means(limit: 160)
            let seconds = run.metrics.seconds.means(limit: 160)
            let last = run.metrics.tokens.last.map { [$0] } ?? []
            let lastSeconds = run.metrics.seconds.last.map { [$0] } ?? []
            // Of a place the last step counts, and of the whole the last of all.
            let places = tokens.dropLast() + last
            let times = seconds.dropLast() + lastSeconds
            func list(_ numbers: [Double], _ digits: Int) -> String {
                "[" + numbers.map { String(format: "%.\(digits)f", $0) }.joined(separator: ",")
                    + "]"
            }
            let operations = run.operationsPerToken ?? 0
            return "{\"s\":\(list(places.map(\.x), 0)),\"k\":\(list(places.map(\.y), 0)),"
                + "\"t\":\(list(times.map(\.y), 1)),\"f\":\(String(format: "%.0f", operations))}"
        }
        return "{\"runs\":[" + runs.joined(separator: ",") + "]}"
    }

    /// Whether every run knows its operations.
    var hasOperations: Bool { runs.allSatisfy { $0.operationsPerToken != nil } }
}
