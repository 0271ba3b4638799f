import Work

/// The split of documents into those for training and those that are held out.
///
/// A document's own text decides, through its hash: not its place, not the order of reading, not
/// chance. So equal texts are never on both sides, and a corpus that grows moves nothing.
public struct ValidationSplit: Sendable, Equatable {
    /// The share of documents that is held out, from 0 to 1.
    public let fraction: Double

    /// A split that holds out about `fraction` of all documents: none at 0, all at 1.
    public init(fraction: Double) {
        precondition((0...1).contains(fraction), "a fraction is from 0 to 1")
        self.fraction = fraction
    }

    /// The document with this ``Document/contentHash`` is held out.
    public func isValidation(_ contentHash: UInt64) -> Bool {
        // Mixed once more, so that what else is chosen by the hash is independent of the split.
        var mixed = SplitMix64(seed: contentHash)
        // The upper 53 bits are a Double in 0..<1 exactly.
        return Double(mixed.next() >> 11) * 0x1p-53 < fraction
    }
}
