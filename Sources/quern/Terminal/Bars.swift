/// Bars of text, to an eighth of a character.
enum Bars {
    private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

    /// A bar of `share` of `width` characters.
    static func text(_ share: Double, width: Int) -> String {
        let count = Int((min(max(share, 0), 1) * Double(width * 8)).rounded())
        return String(repeating: "█", count: count / 8) + eighths[count % 8]
    }
}

/// Meter of the speed at which a prompt is read and texts are drawn.
struct SpeedMeter {
    private let promptCount: Int
    private let start = ContinuousClock.now
    /// Time of the first tokens, which is when the prompt had been read.
    private var first: ContinuousClock.Instant?
    private var last: ContinuousClock.Instant?
    /// Tokens after the first of each text.
    private var tokenCount = 0

    /// A meter that starts now.
    init(promptCount: Int) { self.promptCount = promptCount }

    /// Takes notice that a step has drawn so many tokens.
    mutating func note(_ count: Int) {
        last = .now
        if first == nil { first = last } else { tokenCount += count }
    }

    /// Two sentences.
    var report: String {
        guard let first, let last else { return "" }
        func rate(_ count: Int, _ duration: Duration) -> String {
            let seconds = duration / .seconds(1)
            return "\(Figures.count(count)) tokens, "
                + (seconds > 0 ? Figures.count(Int(Double(count) / seconds)) : "?") + " a second"
        }
        return "prompt: \(rate(promptCount, first - start)); "
            + "text: \(rate(tokenCount, last - first))"
    }
}
