import Tokenization

/// Runs of spaces that all merge at the same time, the leftmost first, as merges one after another.
///
/// The leftmost first lets a run grow until nothing longer is a token, and then the next. So do
/// merges in the order of what stands on the left, the longest first: a run that has grown stands
/// before all that have not.
struct SpaceRuns {
    /// The most spaces in a run.
    static let longest = 256

    /// The token of each length.
    let tokens: [Int: UInt32]
    /// The token of one space.
    let space: UInt32

    /// The merges. O(square of the number of lengths).
    var merges: [MergePair] {
        let lengths = [1] + tokens.keys
        let pairs = lengths.flatMap { left in lengths.map { (left, $0) } }
            .filter { tokens[$0.0 + $0.1] != nil }
        return pairs.sorted { $0 > $1 }.map { left, right in
            MergePair(left: tokens[left] ?? space, right: tokens[right] ?? space)
        }
    }
}
