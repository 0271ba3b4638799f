import Work

/// The split of documents into those for training and those that are held out.
///
/// A document's own text decides, through its hash: not its place, not the order of reading, not
/// chance. So equal texts are never on both sides, and a corpus that grows moves nothing. Of a
/// corpus so small that no hash holds anything out, the end of one document is (``ValidationCut``).
public struct ValidationSplit: Sendable, Equatable {
    /// The share of documents that is held out, from 0 to 1.
    public let fraction: Double
    /// The cut by which a text is held out instead; nil where the hashes hold out some.
    public let cut: ValidationCut?

    /// A split that holds out about `fraction` of all documents: none at 0, all at 1; with a cut,
    /// what that holds out and nothing else.
    public init(fraction: Double, cut: ValidationCut? = nil) {
        precondition((0...1).contains(fraction), "a fraction is from 0 to 1")
        self.fraction = fraction
        self.cut = cut
    }

    /// The document with this ``Document/contentHash`` is held out.
    public func isValidation(_ contentHash: UInt64) -> Bool {
        if let cut { return contentHash == cut.heldOutHash }
        // Mixed once more, so that what else is chosen by the hash is independent of the split.
        var mixed = SplitMix64(seed: contentHash)
        // The upper 53 bits are a Double in 0..<1 exactly.
        return Double(mixed.next() >> 11) * 0x1p-53 < fraction
    }
}
