package import Bytes

/// Cuts texts at given strings, the leftmost first and the longest of those that begin at one
/// place, as special tokens are found, and hands on what lies between them.
package struct TextCutter: Sendable {
    private let tree: SpecialTokenTree

    /// A cutter at `contents`; nil if there are none. O(their bytes).
    package init?(at contents: [String]) {
        let contents = contents.filter { !$0.isEmpty }
        guard !contents.isEmpty else { return nil }
        tree = SpecialTokenTree(
            contents.enumerated().map { SpecialToken(content: $1, id: TokenID($0)) })
    }

    /// Calls `body` with each part of `text` that none of the strings is in, none of them empty.
    /// O(count).
    package func forEachPart<Failure: Error>(
        of text: ByteView, _ body: (ByteView) throws(Failure) -> Void
    ) throws(Failure) {
        try tree.cut(text) { (range, id) throws(Failure) in
            if id == nil { try body(text.slice(from: range.lowerBound, to: range.upperBound)) }
        }
    }
}
