/// A line that shows how far something has come: `counting ███████·············  35 %  1.2 GB`.
///
/// Where the screen is too narrow, words go first, then the bar, and the rate and the time left
/// last: they are what a person looks for.
struct ProgressBar {
    /// A figure behind the bar.
    struct Detail {
        /// How soon a figure goes where there is no room: the last ones stay as long as any.
        enum Rank: Int {
            /// The rate, or the time left.
            case rate
            /// The figure that the work is about, such as a loss.
            case result
            /// Others.
            case more
        }

        let text: String
        let rank: Rank
        /// A form of fewer words, if there is one.
        var short: String?

        init(_ text: String, _ rank: Rank, short: String? = nil) {
            self.text = text
            self.rank = rank
            self.short = short
        }
    }

    /// What is done, in words.
    var title: String
    /// How much of it is done, as a count: `12/600`.
    var count: String?
    /// The share that is done, from 0 to 1; nil when the end is not known.
    var share: Double?
    var details: [Detail] = []

    private static let (cellCount, fewCells) = (20, 10)
    /// Columns that a title is cut to before figures go.
    private static let shortTitle = 12

    init(_ title: String, count: String? = nil, share: Double?, details: [Detail] = []) {
        self.title = title
        self.count = count
        self.share = share
        self.details = details
    }

    /// The line with everything that it can say.
    var text: String { text(cells: Self.cellCount, showsPercent: true) }

    /// The line in at most `columns`.
    func text(columns: Int) -> String {
        var line = self
        var (cells, showsPercent) = (Self.cellCount, true)
        /// Tries another form, and keeps it where there is still too much.
        func isFitting(_ change: () -> Void) -> Bool {
            change()
            return line.text(cells: cells, showsPercent: showsPercent).columnCount <= columns
        }
        let isDone =
            isFitting {}
            || isFitting { cells = Self.fewCells }
            || line.details.reversed().contains { detail in
                detail.rank == .more
                    && isFitting { line.details.removeLast(where: { $0.rank == .more }) }
            }
            || isFitting { line.details = line.details.map(\.shortened) }
            || isFitting { line.title = line.title.shortened(columns: Self.shortTitle) }
            || isFitting { cells = 0 }
            || line.count != nil && isFitting { showsPercent = false }
            || line.count != nil && isFitting { line.title = "" }
            || isFitting { line.details.removeAll { $0.rank == .result } }
            || isFitting { line.title = "" }
        let text = line.text(cells: cells, showsPercent: showsPercent)
        return isDone ? text : text.shortened(columns: columns)
    }

    private func text(cells: Int, showsPercent: Bool) -> String {
        var parts = [title, count ?? ""]
        if let share {
            let bounded = min(max(share, 0), 1)
            let full = Int(bounded * Double(cells))
            parts.append(
                String(repeating: "█", count: full) + String(repeating: "·", count: cells - full))
            if showsPercent {
                parts.append(String(Int(bounded * 100)).padded(columns: 3, atEnd: false) + " %")
            }
        }
        let head = parts.filter { !$0.isEmpty }.joined(separator: " ")
        return ([head] + details.map(\.text)).filter { !$0.isEmpty }.joined(separator: "  ")
    }
}

extension ProgressBar.Detail {
    fileprivate var shortened: Self { Self(short ?? text, rank) }
}

extension [ProgressBar.Detail] {
    fileprivate mutating func removeLast(where isSuch: (Element) -> Bool) {
        if let index = lastIndex(where: isSuch) { remove(at: index) }
    }
}
