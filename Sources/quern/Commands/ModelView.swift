import Files
import Models
import Pipeline
import Tokenization
import Work

/// View of a model at a prompt, for people: the next tokens that it expects, and what its heads
/// attend to.
struct ModelView {
    let model: any LanguageModel
    let vocabulary: Vocabulary
    /// The prompt.
    let ids: [TokenID]

    private var context: Int { model.configuration.contextLimit ?? .max }

    /// Tokens as a person can tell them apart.
    private func labels(_ ids: [TokenID]) -> [String] {
        ids.map { Pieces.quoted((try? vocabulary.decode([$0])) ?? []) }
    }

    /// Report of the `count` most probable next tokens, with bars.
    func nextTokens(_ count: Int, _ formats: FormatOptions, team: ThreadTeam) throws -> Report {
        let weights = formats.weights
        if weights != .float32 { try model.checkRange(of: weights) }
        let pass = model.makeInferencePass(
            weights: weights, cache: formats.cacheType, textCount: 1, team: team, kernels: .best)
        let window = Array(ids.suffix(context))
        pass.read(window.span, into: pass.makeState(capacity: window.count))
        let tokens = pass.likeliest(count)
        guard !tokens.isEmpty else { throw ModelError.notFinite }
        let widest = tokens.first?.probability ?? 1
        var rows: [[ReportText]] = []
        var sum = 0.0
        for (rank, (id, probability)) in tokens.enumerated() {
            // A model may have more embeddings than its vocabulary has tokens.
            let bytes = try? vocabulary.decode([id])
            let text = bytes.map { String(decoding: $0, as: UTF8.self) }
            rows.append([
                "\(String(rank + 1), as: rank + 1, "rank")",
                "\(bytes.map(Pieces.quoted) ?? "(no token)", as: text, "text")",
                "\(id.description, as: id.index, "id")", "\(share: probability, "probability")",
                "\(Bars.text(probability / widest, width: 30))",
            ])
            sum += probability
        }
        var report = Report()
        report.table("tokens", ["", "token", "id", "probability", ""], rows)
        let others = max(0, 1 - sum)
        report.row(["", "all others", "", Figures.percent(others), ""])
        report.member("other_probability", others)
        return report
    }

    /// Writes the best texts of a beam search, each behind its score where there are several.
    func writeBeams(
        _ search: BeamSearch, count: Int, prompt: String, _ formats: FormatOptions,
        team: ThreadTeam
    ) throws {
        let texts = try BeamText.find(
            search, model, vocabulary, prompt: ids, weights: formats.weights,
            cache: formats.cacheType, team: team)
        for text in texts.prefix(count) {
            let score = count > 1 ? Figures.fixed(text.score, 4) + "  " : ""
            Terminal.write(score + (model.readsPairs ? "" : prompt) + text.text + "\n")
        }
    }

    /// The tokens whose attention is shown: the prompt and, where it is a source, the target that
    /// the model writes for it, which looks at the source.
    private func attendingIDs(_ team: ThreadTeam) throws -> [TokenID] {
        guard model.readsPairs else { return ids }
        let search = BeamSearch(beamCount: 1, maximumTokenCount: 64)
        let written = try BeamText.find(search, model, vocabulary, prompt: ids, team: team)
        let ends = written[0].hasEnded ? [vocabulary.endOfText].compactMap(\.self) : []
        return ids + written[0].ids + ends
    }

    /// Writes each head's attention over the prompt, as SVG to a file or as text to the terminal.
    func writeAttention(to path: String, team: ThreadTeam) throws {
        let ids = try attendingIDs(team)
        let limit = path == "-" ? 64 : 128
        guard ids.count <= min(limit, context) else {
            throw PipelineError.badValue(
                key: "prompt",
                reason: "it is \(ids.count) tokens, and attention is shown for at most "
                    + "\(min(limit, context))")
        }
        guard let maps = model.attentionMaps(for: ids) else {
            throw PipelineError.badValue(
                key: "attention",
                reason: "a model of the kind \(model.configuration.architectureName) has none")
        }
        guard maps.weights.allSatisfy(\.isFinite) else { throw ModelError.notFinite }
        if path == "-" {
            Terminal.write(AttentionText(maps: maps, labels: labels(ids)).text)
            return
        }
        try FileReplacement.write(AttentionDrawing(maps: maps, labels: labels(ids)).svg, to: path)
        Terminal.write(
            "\(path)  \(maps.layerCount) layers of \(maps.headCount) heads, "
                + "\(maps.tokenCount) tokens\n")
    }
}
