/// Finds where one segment of an input ends and the next begins: a line, a document, a record of a
/// table, an element of an array.
enum SegmentCutter: Sendable {
    /// The whole input is one segment.
    case whole
    /// These bytes, at least one, end a segment.
    case delimiter([UInt8])
    /// Records of comma-separated values.
    case table(TableCutter)
    /// Values of a JSON file.
    case json(JSONCutter)

    /// What was found among bytes.
    enum Finding {
        /// The segment ends before `end`, and the next begins at `next`.
        case end(Int, next: Int)
        /// All bytes but the last `kept` belong to the segment, which does not end among them.
        case inside(kept: Int)
        /// So many bytes stand before the segment.
        case before(Int)
        /// What stands at a place cannot stand there.
        case fault(offset: Int, reason: String)
    }

    /// Looks through `bytes`, which follow those that were found to belong to the segment. O(count).
    mutating func look(through bytes: Span<UInt8>) -> Finding {
        switch self {
        case .whole:
            return .inside(kept: 0)
        case .delimiter(let delimiter):
            guard let end = firstOffset(of: delimiter, in: bytes) else {
                // The last bytes may be the front of a delimiter.
                return .inside(kept: min(bytes.count, delimiter.count - 1))
            }
            return .end(end, next: end + delimiter.count)
        case .table(var cutter):
            let finding = cutter.look(through: bytes)
            self = .table(cutter)
            return finding
        case .json(var cutter):
            let finding = cutter.look(through: bytes)
            self = .json(cutter)
            return finding
        }
    }

    /// What is wrong with an input that ends here; nil if it may.
    var faultAtEnd: String? {
        if case .json(let cutter) = self { cutter.faultAtEnd } else { nil }
    }
}
