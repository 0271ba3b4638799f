/// Bars of text, to an eighth of a character.
enum Bars {
    private static let eighths = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"]

    /// A bar of `share` of `width` characters.
    static func text(_ share: Double, width: Int) -> String {
        let count = Int((min(max(share, 0), 1) * Double(width * 8)).rounded())
        return String(repeating: "█", count: count / 8) + eighths[count % 8]
    }
}
