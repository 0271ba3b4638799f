import Foundation
import Models
import Pipeline
import Tokenization

/// Shows samples that are drawn together: the first as it comes, each other one when it is its
/// turn.
struct SamplePrinter {
    private struct Sample {
        var text = ""
        var tokens: [TokenID] = []
        var logProbabilities: [Double] = []
        var ending: TextGenerator.Ending?
    }

    private let vocabulary: Vocabulary
    private let prompt: String
    private let continuesPrompt: Bool
    private let firstNumber: Int
    private let isOnlyOne: Bool
    private let showsTokens: Bool
    private let asJSON: Bool
    private var samples: [Sample]
    /// The sample whose turn it is; nil before the first.
    private var current: Int?

    /// A printer for the samples of these numbers.
    ///
    /// - Parameters:
    ///   - continuesPrompt: whether the prompt is the beginning of each text.
    ///   - isOnlyOne: whether there are no others, so that it needs no heading.
    ///   - showsTokens: whether a table of tokens follows each text.
    ///   - asJSON: whether each text is a line of JSON instead.
    init(
        vocabulary: Vocabulary, prompt: String, continuesPrompt: Bool, samples: Range<Int>,
        isOnlyOne: Bool, showsTokens: Bool, asJSON: Bool
    ) {
        self.vocabulary = vocabulary
        self.prompt = prompt
        self.continuesPrompt = continuesPrompt
        firstNumber = samples.lowerBound + 1
        self.isOnlyOne = isOnlyOne
        self.showsTokens = showsTokens
        self.asJSON = asJSON
        self.samples = Array(repeating: Sample(), count: samples.count)
        if !asJSON { begin(0) }
    }

    /// Takes what a step has added.
    mutating func take(_ pieces: [TextSampler.Piece]) {
        for piece in pieces {
            samples[piece.sample].text += piece.text
            if let token = piece.token { samples[piece.sample].tokens.append(token) }
            if let logProbability = piece.logProbability {
                samples[piece.sample].logProbabilities.append(logProbability)
            }
            samples[piece.sample].ending = piece.ending
            if piece.sample == current, !piece.text.isEmpty { Terminal.write(piece.text) }
        }
        guard !asJSON else { return }
        while let index = current, samples[index].ending != nil, index + 1 < samples.count {
            finish(index)
            begin(index + 1)
            Terminal.write(samples[index + 1].text)
        }
    }

    /// Shows what has not had its turn, finished or not.
    mutating func end() {
        if asJSON {
            for sample in samples { Terminal.write(line(sample)) }
            return
        }
        if let index = current { finish(index) }
    }

    private mutating func begin(_ index: Int) {
        if !isOnlyOne { Terminal.write("--- sample \(firstNumber + index)\n") }
        if continuesPrompt { Terminal.write(prompt) }
        current = index
    }

    private func finish(_ index: Int) {
        Terminal.write("\n")
        if showsTokens { Terminal.write(table(samples[index])) }
    }

    private func table(_ sample: Sample) -> String {
        var rows = [["token", "id", "log-probability", "probability"]]
        for (token, logProbability) in zip(sample.tokens, sample.logProbabilities) {
            rows.append([
                Pieces.quoted((try? vocabulary.decode([token])) ?? []), "\(token)",
                Figures.fixed(logProbability, 4), Figures.percent(exp(logProbability)),
            ])
        }
        let sum = sample.logProbabilities.reduce(0, +)
        rows.append(["all", "", Figures.fixed(sum, 4), ""])
        return Table.text(rows, alignRight: true)
    }

    private struct Line: Encodable {
        let prompt: String
        let text: String
        let ending: String
        let tokens: [TokenID]
        let logprobs: [Double]
    }

    private func line(_ sample: Sample) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let line = Line(
            prompt: prompt, text: sample.text, ending: sample.ending?.rawValue ?? "interrupted",
            tokens: sample.tokens, logprobs: sample.logProbabilities)
        guard let data = try? encoder.encode(line) else { return "" }
        return String(decoding: data, as: UTF8.self) + "\n"
    }
}
