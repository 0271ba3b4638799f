/// The numbers in which processes send floats that are to be summed.
public enum WireNumbers: String, Codable, CaseIterable, Sendable {
    /// As they are.
    case float32
    /// Rounded to the upper half of their bits, the nearest such number and of two the even one:
    /// half as many bytes, 8 bits of precision and the range of float32. Sums stay float32.
    case bfloat16

    /// Bytes of a number.
    public var byteCount: Int { self == .float32 ? 4 : 2 }
}
