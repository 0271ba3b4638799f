import Bytes
import Compression
import Corpora
import Parquet
public import Work

/// The form in which the parts of a refined corpus are written.
public enum PartFormat: String, Codable, Sendable, CaseIterable, SettingChoice {
    /// JSON lines in seekable zstd.
    case jsonl
    /// Parquet, with zstd.
    case parquet

    /// The ending of the parts' names.
    var ending: String {
        switch self {
        case .jsonl: ".jsonl.zst"
        case .parquet: ".parquet"
        }
    }
}

/// Rows of a refined corpus in Parquet: the text of a document, and where it was found.
///
/// The same as in a JSON line: `text`, and in the group `source` the `path` and one of `line`,
/// `part`, `item` and `row`, which count from 1; the others are null.
enum DocumentRows {
    private static let positions = ["line", "part", "item", "row"]

    /// The columns.
    static let table = ParquetTable(
        [.init("text"), .init("source", "path")]
            + positions.map { .init("source", $0, kind: .integer, isOptional: true) })

    /// The rows of `documents`, whose texts must be UTF-8. O(bytes).
    static func group(of documents: [Document], level: Int) throws -> ParquetRowGroup {
        for document in documents where !document.isValidUTF8 {
            throw RefinementError.invalidText(origin: document.origin)
        }
        let places = documents.map { place(of: $0.origin.position) }
        var encoder = try ZstandardEncoder(level: level)
        return try ParquetRowGroup(
            [
                .strings(documents.map(\.text)),
                .strings(documents.map { Array($0.origin.path.utf8) }),
            ]
                + positions.indices.map { column in
                    .integers(places.map { $0.column == column ? $0.number : nil })
                }, of: table, encoder: &encoder)
    }

    private static func place(
        of position: DocumentOrigin.Position
    ) -> (column: Int, number: Int) {
        switch position {
        case .line(let number): (0, number)
        case .part(let number): (1, number)
        case .item(let number): (2, number)
        case .row(let number): (3, number)
        }
    }
}
