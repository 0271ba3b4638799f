import Foundation
import Pipeline

/// Where a run comes from: its settings, its fingerprints, the machine, and how to have it again.
extension ReportPage {
    var provenance: Section? {
        let known = runs.filter { $0.recorded != nil || $0.provenance != nil }
        guard !known.isEmpty else { return nil }
        return Section(id: "provenance", title: "Provenance") { page in
            forEachRun(with: { $0.recorded != nil || $0.provenance != nil }, to: &page) {
                run, page in
                Self.writeProvenance(run, to: &page)
            }
        }
    }

    private static func writeProvenance(_ run: RunReport, to page: inout Markup) {
        if let line = run.reproducingLine {
            page.element("h3", text: "To reproduce")
            page.element("pre") { $0.data(line) }
            if let text = run.provenance?.description {
                writeFolded("The description that it names", to: &page) { page in
                    page.element("pre") { $0.data(String(text.prefix(65_536))) }
                }
            }
        }
        writeTable(["", ""], run.facts, to: &page)
        let settings = run.settings
        let changed = settings.filter { $0.standard != nil }
        if !changed.isEmpty {
            page.element("h3", text: "Settings that are not the default")
            writeTable(
                ["setting", "value", "default"],
                changed.map { [$0.key, $0.value, $0.standard ?? ""] }, to: &page)
        }
        let others = settings.filter { $0.standard == nil }
        guard !others.isEmpty else { return }
        writeFolded("All other settings (\(others.count))", to: &page) { page in
            writeTable(["setting", "value"], others.map { [$0.key, $0.value] }, to: &page)
        }
    }
}

extension RunReport {
    /// A command line that makes the run again; nil where it was not recorded.
    var reproducingLine: String? {
        guard let command = provenance?.command, !command.isEmpty else { return nil }
        return command.map(Self.quoted).joined(separator: " ")
    }

    /// A word as a shell takes it.
    static func quoted(_ word: String) -> String {
        let plain = word.unicodeScalars.allSatisfy {
            ("a"..."z").contains($0) || ("A"..."Z").contains($0) || ("0"..."9").contains($0)
                || "-_./=:,+@%".unicodeScalars.contains($0)
        }
        guard !plain || word.isEmpty else { return word }
        return "'" + word.replacing("'", with: "'\\''") + "'"
    }

    /// Fingerprints and the machine, as titles and values.
    var facts: [[String]] {
        var facts: [[String]] = []
        func add(_ title: String, _ value: String?) {
            if let value, !value.isEmpty { facts.append([title, value]) }
        }
        add("directory", place.directory)
        add("program", provenance?.program)
        for (name, value) in corpus?.fingerprints ?? [] {
            add(
                (corpus?.fingerprints.count ?? 0) > 1 ? "shards " + name : "shards",
                value)
        }
        add("vocabulary", recorded?.settings["vocabulary"])
        add("data of the run", recorded?.settings["data"])
        add("weights of the best checkpoint", weightChecksum.map { "XXH64 " + $0 })
        for (number, session) in (provenance?.sessions ?? []).enumerated() {
            let isOne = provenance?.sessions.count == 1
            let from = session.completedSteps > 0 ? ", from step \(session.completedSteps)" : ""
            add(
                isOne ? "machine" : "machine, part \(number + 1)" + from,
                [
                    session.processor, "\(session.threadCount) threads",
                    "kernels " + session.level, session.precision,
                    session.matrixPeak > 0
                        ? Figure.amount(session.matrixPeak, "FLOP/s") + " measured" : "",
                ].filter { !$0.isEmpty }.joined(separator: ", "))
        }
        if let sessions = provenance?.sessions, sessions.contains(where: { !$0.seconds.isEmpty }) {
            let seconds = sessions.reduce(0) { $0 + $1.wallSeconds }
            add("wall time of training", Figure.time(seconds))
        }
        return facts
    }
}
