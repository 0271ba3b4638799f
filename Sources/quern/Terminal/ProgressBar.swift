/// A line that shows how far something has come.
enum ProgressBar {
    /// Cells of the bar itself.
    private static let cellCount = 20

    /// "counting ███████·········  45 %  details".
    ///
    /// - Parameter share: from 0 to 1; nil when the end is not known.
    static func text(_ title: String, share: Double?, details: String) -> String {
        guard let share else { return "\(title)  \(details)" }
        let bounded = min(max(share, 0), 1)
        let full = Int(bounded * Double(cellCount))
        let cells =
            String(repeating: "█", count: full) + String(repeating: "·", count: cellCount - full)
        let percent = String(Int(bounded * 100))
        let padding = String(repeating: " ", count: 3 - percent.count)
        return "\(title) \(cells) \(padding)\(percent) %  \(details)"
    }
}
