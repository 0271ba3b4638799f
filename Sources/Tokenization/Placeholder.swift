// Stand-in until the module arrives.
public struct TokenID: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt32; public init(rawValue: UInt32) { self.rawValue = rawValue }
}
public struct Vocabulary: Sendable {
    public var count: Int { 300 }
    public var fingerprint: UInt64 { 1 }
    public var endOfText: TokenID? { nil }
    public func decode(_ ids: [UInt32], into: inout [UInt8]) {}
}
