import Bytes

/// Finds where one segment of an input ends and the next begins: a line, a document, a record of a
/// table, an element of an array.
protocol SegmentCutter: Sendable {
    /// Looks through `bytes`, which follow those that were found to belong to the segment.
    /// O(count).
    mutating func look(through bytes: Span<UInt8>) -> SegmentFinding

    /// The most bytes that are looked at together; by default 1.
    var reach: Int { get }

    /// The fault of an input that ends here; nil, the default, if it may.
    var faultAtEnd: String? { get }
}

extension SegmentCutter {
    var reach: Int { 1 }
    var faultAtEnd: String? { nil }
}

/// The place that a ``SegmentCutter`` found among bytes.
enum SegmentFinding {
    /// The segment ends before `end`, and the next begins at `next`.
    case end(Int, next: Int)
    /// All bytes but the last `kept` belong to the segment, which does not end among them.
    case inside(kept: Int)
    /// So many bytes stand before the segment.
    case before(Int)
    /// The byte at `offset` cannot stand there.
    case fault(offset: Int, reason: String)
}

/// Cuts at each of the same few bytes, or nowhere.
struct DelimiterCutter: SegmentCutter {
    /// The bytes that end a segment; if there are none, all of the input is one.
    let delimiter: [UInt8]

    init(_ delimiter: [UInt8]) { self.delimiter = delimiter }

    var reach: Int { max(1, delimiter.count) }

    func look(through bytes: Span<UInt8>) -> SegmentFinding {
        guard !delimiter.isEmpty else { return .inside(kept: 0) }
        guard let end = firstOffset(of: delimiter, in: bytes) else {
            // The last bytes may be the front of a delimiter.
            return .inside(kept: min(bytes.count, delimiter.count - 1))
        }
        return .end(end, next: end + delimiter.count)
    }
}

extension SegmentCutter where Self == DelimiterCutter {
    /// Cuts lines.
    static var lineEnd: DelimiterCutter { DelimiterCutter([UInt8(ascii: "\n")]) }
}
