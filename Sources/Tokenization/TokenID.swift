/// The number of a token in its vocabulary.
///
/// A type of its own, so that an id is never mistaken for a count or a position. Bulk interfaces,
/// such as ``BytePairEncoder/encode(_:specials:into:)-(_,_,[UInt32])``, deal in raw values.
public struct TokenID: RawRepresentable, Hashable, Comparable, Sendable {
    /// The number itself, from 0 up.
    public let rawValue: UInt32

    /// The id with the number `rawValue`.
    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The id with the number `rawValue`.
    public init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// Whether `lhs` comes before `rhs` in the vocabulary.
    public static func < (lhs: TokenID, rhs: TokenID) -> Bool {
        lhs.rawValue < rhs.rawValue
    }
}

extension TokenID: CustomStringConvertible {
    /// The number in decimal.
    public var description: String { String(rawValue) }
}
