import Corpora
import Pipeline

/// A proposed pipeline for a person: what was found, what was chosen and why, and what it costs.
enum ProposalText {
    static func text(_ proposal: PipelineProposal, output: String, next: String) -> String {
        let (survey, cost) = (proposal.survey, proposal.cost)
        let about = survey.isSample ? "about " : ""
        var found = [
            [
                "text",
                (survey.isTextEstimate ? "about " : "")
                    + "\(Figures.bytes(Double(survey.textByteCount))) in \(files(survey))",
            ],
            ["documents", about + Figures.count(survey.documentCount)],
        ]
        if let heldOut = survey.heldOut { found.append(["held out", heldOut]) }
        if survey.isSample {
            found.append(
                ["looked at", "\(Figures.bytes(Double(survey.sampledByteCount))), a sample"])
        }
        if !survey.scripts.isEmpty {
            found.append([
                "scripts",
                survey.scripts.prefix(5).map { "\($0.name) \(Figures.percent($0.share))" }
                    .joined(separator: ", "),
            ])
        }
        if !survey.leftOut.isEmpty { found.append(["left out", survey.leftOut]) }
        let estimated = [
            ["corpus", "\(Figures.short(Double(cost.corpusTokens))) tokens"],
            ["model", "\(Figures.short(Double(cost.parameters))) parameters"],
            [
                "training",
                "\(Figures.count(cost.steps)) steps, "
                    + "\(Figures.short(Double(cost.trainingTokens))) tokens, "
                    + Figures.time(cost.seconds),
            ],
            ["memory", Figures.bytes(Double(cost.memoryBytes))],
            ["disk", Figures.bytes(Double(cost.diskBytes))],
        ]
        var text = "Found\n" + Table.text(found, indent: 2)
        if !survey.warnings.isEmpty {
            text += "\nSuspicious\n" + survey.warnings.map { wrapped($0, indent: 2) }.joined()
        }
        text += "\nChosen\n"
        for choice in proposal.choices {
            text += "  \(choice.key) = \(choice.value.escaped)\n"
            text += wrapped(choice.reason, indent: 4)
        }
        text += "\nCost, estimated\n" + Table.text(estimated, indent: 2)
        text += "\n\(output)\n"
        text += proposal.text.split(separator: "\n").map { "  \($0)\n" }.joined()
        return text + "\nNext: \(next)\n"
    }

    private static func files(_ survey: CorpusSurvey) -> String {
        let count = survey.fileCount
        let endings = survey.endings.prefix(4).map {
            "\($0.fileCount) \($0.name.isEmpty ? "without an ending" : $0.name)"
        }
        let rest = survey.endings.count > 4 ? " and others" : ""
        return "\(Figures.count(count)) \(count == 1 ? "file" : "files"): "
            + endings.joined(separator: ", ") + rest
    }

    /// The text in lines of up to 78 columns, where its words allow that.
    static func wrapped(_ text: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var (lines, line) = ("", margin)
        for word in text.split(separator: " ") {
            if line.count > indent, line.count + 1 + word.count > 78 {
                lines += line + "\n"
                line = margin
            }
            line += (line.count > indent ? " " : "") + word
        }
        return lines + line + "\n"
    }
}

/// A proposed pipeline as JSON.
struct ProposalReport: Encodable {
    private struct Choice: Encodable {
        var key: String
        var value: String
        var reason: String
    }

    private struct Found: Encodable {
        var inputs: [String]
        var files: [String: Int]
        var storedBytes: Int
        var textBytes: Int
        var documents: Int
        var heldOut: String?
        var isSample: Bool
        var sampledBytes: Int
        var scripts: [String: Double]
        var leftOut: String
        var warnings: [String]

        enum CodingKeys: String, CodingKey {
            case inputs, files, documents, scripts, warnings
            case storedBytes = "stored_bytes"
            case textBytes = "text_bytes"
            case heldOut = "held_out"
            case isSample = "is_sample"
            case sampledBytes = "sampled_bytes"
            case leftOut = "left_out"
        }
    }

    private let name: String
    private let output: String
    private let next: String
    private let found: Found
    private let choices: [Choice]
    private let cost: PipelineProposal.Cost

    init(_ proposal: PipelineProposal, output: String, next: String) {
        let survey = proposal.survey
        name = proposal.name
        self.output = output
        self.next = next
        found = Found(
            inputs: survey.corpus.inputs,
            files: Dictionary(uniqueKeysWithValues: survey.endings.map { ($0.name, $0.fileCount) }),
            storedBytes: survey.storedByteCount, textBytes: survey.textByteCount,
            documents: survey.documentCount, heldOut: survey.heldOut, isSample: survey.isSample,
            sampledBytes: survey.sampledByteCount,
            scripts: Dictionary(uniqueKeysWithValues: survey.scripts.map { ($0.name, $0.share) }),
            leftOut: survey.leftOut, warnings: survey.warnings)
        choices = proposal.choices.map {
            Choice(key: $0.key, value: $0.value, reason: $0.reason)
        }
        cost = proposal.cost
    }
}

extension String {
    /// The string with the escapes of JSON for what would break a line.
    fileprivate var escaped: String {
        replacing("\r", with: "\\r").replacing("\n", with: "\\n").replacing("\u{0C}", with: "\\f")
    }
}
