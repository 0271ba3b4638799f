/// The number of a token in a vocabulary, from 0 up.
///
/// One type for encoders, shards, batches and models. It lies in memory as a `UInt32`, and is
/// written as a number where the compiler knows what is meant: `let ids: [TokenID] = [15, 8, 3]`.
@frozen public struct TokenID: RawRepresentable, Hashable, BitwiseCopyable, Sendable {
    /// The number itself.
    public let rawValue: UInt32

    /// The id with the number `rawValue`.
    @inlinable public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The id with the number `rawValue`.
    @inlinable public init(_ rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The id with the number `number`, such as the place in a table that has a row for each token.
    ///
    /// - Precondition: it is a number of 32 bits, and not negative.
    @inlinable public init(_ number: some BinaryInteger) {
        rawValue = UInt32(number)
    }

    /// The place of the token in a table that has a row for each.
    @inlinable public var index: Int { Int(rawValue) }

    /// A target that is not scored, the `ignore_index` of other programs: the bits of the 32-bit
    /// number -1. No vocabulary has a token with this id.
    public static let ignored = TokenID(rawValue: .max)
}

extension TokenID: Comparable {
    /// Whether `lhs` comes before `rhs` in the vocabulary.
    @inlinable public static func < (lhs: TokenID, rhs: TokenID) -> Bool {
        lhs.rawValue < rhs.rawValue
    }
}

extension TokenID: ExpressibleByIntegerLiteral {
    /// The id with the number that is written.
    @inlinable public init(integerLiteral value: UInt32) {
        rawValue = value
    }
}

extension TokenID: Codable {
    /// Reads the number.
    public init(from decoder: any Decoder) throws {
        rawValue = try decoder.singleValueContainer().decode(UInt32.self)
    }

    /// Writes the number.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(rawValue)
    }
}

extension TokenID: CustomStringConvertible {
    /// The number in decimal.
    public var description: String { String(rawValue) }
}
