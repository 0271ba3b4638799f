/// The columns of a file that is written.
public struct ParquetTable: Sendable, Equatable {
    /// The kind of a column's values.
    public enum Kind: Sendable, Equatable {
        /// UTF-8.
        case string
        /// Whole numbers of 64 bits.
        case integer
    }

    /// A column.
    public struct Column: Sendable, Equatable {
        /// The names from the outermost group to the column.
        public var path: [String]
        /// The kind of its values.
        public var kind: Kind
        /// Whether values may be missing.
        public var isOptional: Bool

        /// A column.
        public init(_ path: String..., kind: Kind = .string, isOptional: Bool = false) {
            self.path = path
            self.kind = kind
            self.isOptional = isOptional
        }
    }

    /// The columns; those of a group stand together.
    public var columns: [Column]

    /// A table of these columns.
    public init(_ columns: [Column]) { self.columns = columns }

    /// An element of the schema: a column, or a group with the number of its children.
    enum Element: Equatable {
        case column(Column)
        case group(name: String, childCount: Int)
    }

    /// The schema without its root, depth first. O(columns²).
    var elements: [Element] { Self.elements(columns[...], depth: 0) }

    /// The number of elements right below the root.
    var childCount: Int { Self.childCount(columns[...], depth: 0) }

    private static func elements(_ columns: ArraySlice<Column>, depth: Int) -> [Element] {
        groups(columns, depth: depth).flatMap { group -> [Element] in
            let first = group.first!
            if first.path.count == depth + 1 { return [.column(first)] }
            return [
                .group(
                    name: first.path[depth], childCount: childCount(group, depth: depth + 1))
            ] + elements(group, depth: depth + 1)
        }
    }

    private static func childCount(_ columns: ArraySlice<Column>, depth: Int) -> Int {
        groups(columns, depth: depth).count
    }

    /// Columns next to each other that share the name at `depth`.
    private static func groups(
        _ columns: ArraySlice<Column>, depth: Int
    ) -> [ArraySlice<Column>] {
        var groups: [ArraySlice<Column>] = []
        var start = columns.startIndex
        while start < columns.endIndex {
            let name = columns[start].path[depth]
            let end =
                columns[start...].firstIndex { $0.path[depth] != name } ?? columns.endIndex
            groups.append(columns[start..<end])
            start = end
        }
        return groups
    }
}
