import TokenShards
import Tokenization

/// The rows of a step as text: what a model reads, what it is to predict, and where documents meet.
struct WindowDrawing {
    /// Names of tokens; nil where only their ids are known.
    let names: TokenNames?
    /// Columns of the screen.
    let columns: Int

    /// Parts of a row that are shown where all rows are.
    private static let partLimit = 12
    /// Columns of a token in a table.
    private static let tokenColumns = 24

    /// A row's parts: a line for each stretch of a document that is scored, or not.
    func overview(_ row: BatchRow, partLimit limit: Int? = nil) -> String {
        var rows = [["  place", "document", "scored", names == nil ? "ids" : "text"]]
        let shown = row.parts.prefix(limit ?? Self.partLimit)
        let documentWidth = row.documents.map { "\($0.document)".count }.max() ?? 0
        // The other columns, with the spaces between, take so much of a line.
        let room = columns - 19 - max(8, documentWidth)
        for part in shown {
            rows.append([
                "  \(part.firstPlace)", "\(row.documents[part.document].document)",
                part.isScored ? "yes" : "no", text(part.tokens, columns: max(room, 16)),
            ])
        }
        if row.parts.count > shown.count {
            rows.append(["  …", "", "", "\(Figures.count(row.parts.count - shown.count)) more"])
        } else if row.readCount < row.inputs.count {
            let padding = Figures.count(row.inputs.count - row.readCount)
            rows.append(["  \(row.readCount)", "–", "no", "\(padding) places of padding"])
        }
        return title(row) + "\n" + Table.text(rows)
    }

    private func title(_ row: BatchRow) -> String {
        let window = row.documents.first.map { "window \($0.window), epoch \($0.epoch + 1)" }
        var text = "row \(row.number): " + (window.map { "\($0), " } ?? "")
        text += "\(Figures.count(row.inputs.count)) places, "
        text += "\(Figures.count(row.scoredCount)) scored"
        var remarks: [String] = []
        if row.documents.count > 1 {
            remarks.append("documents read \(row.documentStarts == nil ? "as one text" : "apart")")
        }
        if let continues = row.continues {
            remarks.append(continues ? "goes on from the step before" : "begins anew")
        }
        return text + (remarks.isEmpty ? "" : "\n  " + remarks.joined(separator: ", "))
    }

    /// Text, or ids, of tokens: the beginning and the end of what does not fit.
    private func text(_ tokens: [TokenID], columns: Int) -> String {
        guard let names else {
            return Self.middleCut(ids: tokens.map { "\($0)" }, columns)
        }
        // Of more tokens than columns the middle is not even decoded.
        guard tokens.count > 2 * columns else { return Self.middleCut(names.name(tokens), columns) }
        let (head, tail) = (names.name(Array(tokens.prefix(columns))), tokens.suffix(columns))
        return Self.middleCut(head.dropLast() + "…" + names.name(Array(tail)).dropFirst(), columns)
    }

    /// Ids with spaces between: of more than fit, whole ones of the beginning and the end.
    private static func middleCut(ids: [String], _ columns: Int) -> String {
        let text = ids.joined(separator: " ")
        guard text.count > columns else { return text }
        func fitting(_ ids: some Sequence<String>, _ room: Int) -> [String] {
            var left = room
            return ids.prefix {
                left -= $0.count + 1
                return left >= 0
            }
        }
        let head = fitting(ids, (columns - 1) * 2 / 3)
        let room = columns - 1 - head.reduce(0) { $0 + $1.count + 1 }
        let tail = fitting(ids.reversed(), room).reversed()
        return (head + ["…"] + tail).joined(separator: " ")
    }

    private static func middleCut(_ text: String, _ columns: Int) -> String {
        guard text.columnCount > columns else { return text }
        let head = text.prefix(columns: (columns - 1) * 2 / 3)
        return head + "…" + text.suffix(columns: columns - 1 - head.columnCount)
    }

    // MARK: Place by place

    /// Inputs beside targets, of at most `limit` places: the first and last, those where a document
    /// begins or scoring changes, and as many from the beginning as there is room for.
    func places(_ row: BatchRow, limit: Int) -> String {
        let width = min(Self.tokenColumns, max(8, (columns - 42) / 2))
        var rows = [["  place", "input", "id", "target", "id", ""]]
        var last = -1
        for place in shownPlaces(row, limit: limit) {
            if place > last + 1 { rows.append(["  …"]) }
            last = place
            let (input, target) = (row.inputs[place], row.targets[place])
            let isScored = target != .ignored
            guard place < row.readCount else {
                rows.append(["  \(place)", "–", "", "–", "", "padding"])
                continue
            }
            rows.append([
                "  \(place)", name(input, width), "\(input)", isScored ? name(target, width) : "–",
                isScored ? "\(target)" : "", note(row, place),
            ])
        }
        if last + 1 < row.inputs.count { rows.append(["  …"]) }
        return Table.text(rows.map { $0.last == "" ? $0.dropLast() : $0 })
    }

    private func name(_ token: TokenID, _ width: Int) -> String {
        names.map { Self.middleCut($0.name(token), width) } ?? "\(token)"
    }

    /// The document that begins at a place.
    private func note(_ row: BatchRow, _ place: Int) -> String {
        guard let number = row.parts.firstIndex(where: { $0.firstPlace == place }),
            number == 0 || row.parts[number - 1].document != row.parts[number].document
        else { return "" }
        return "document \(row.documents[row.parts[number].document].document)"
    }

    /// Numbers of the places that are shown, ascending.
    private func shownPlaces(_ row: BatchRow, limit: Int) -> [Int] {
        let count = row.inputs.count
        guard limit > 0, limit < count else { return Array(0..<count) }
        var shown: Set<Int> = []
        let changes = (1..<count).filter { place in
            (row.targets[place] == .ignored) != (row.targets[place - 1] == .ignored)
        }
        let edges = row.parts.map(\.firstPlace) + changes + [row.readCount]
        let wanted =
            [0, 1, row.readCount - 1] + edges.sorted().flatMap { [$0 - 1, $0] } + Array(0..<count)
        for place in wanted where (0..<count).contains(place) && shown.count < limit {
            shown.insert(place)
        }
        return shown.sorted()
    }
}
