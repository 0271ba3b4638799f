/// An amount of memory, such as 512M: K, M, G and T stand for 1024 bytes and its powers.
public struct MemoryLimit: Sendable, Equatable {
    /// The bytes.
    public var byteCount: Int

    /// A limit of `byteCount` bytes.
    public init(byteCount: Int) { self.byteCount = byteCount }

    /// The limit that `text` describes: a whole number, perhaps with a unit; `nil` if it describes none.
    public init?(_ text: String) {
        var digits = text.uppercased()[...]
        if digits.last == "B" { digits.removeLast() }
        if digits.last == "I" { digits.removeLast() }
        var shift = 0
        if let unit = digits.last, let power = Self.units.firstIndex(of: unit) {
            shift = 10 * (power + 1)
            digits.removeLast()
        }
        guard let number = Int(digits), number > 0, number <= Int.max >> shift else { return nil }
        byteCount = number << shift
    }

    /// The next larger amount of whole mebibytes, or of gibibytes from ten on.
    public var roundedUp: MemoryLimit {
        let unit = byteCount < 10 << 30 ? 1 << 20 : 1 << 30
        return MemoryLimit(byteCount: (byteCount + unit - 1) / unit * unit)
    }

    private static let units: [Character] = ["K", "M", "G", "T"]
}

extension MemoryLimit: CustomStringConvertible {
    /// The shortest text that describes the limit exactly.
    public var description: String {
        let power = min(byteCount.trailingZeroBitCount / 10, Self.units.count)
        guard power > 0, byteCount > 0 else { return "\(byteCount)" }
        return "\(byteCount >> (10 * power))\(Self.units[power - 1])"
    }
}

extension MemoryLimit: Codable {
    /// Reads a text such as "512M", or a number of bytes.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let number = try? value.decode(Int.self), number > 0 {
            byteCount = number
        } else if let text = try? value.decode(String.self), let limit = MemoryLimit(text) {
            self = limit
        } else {
            throw DecodingError.dataCorruptedError(
                in: value, debugDescription: "an amount of memory such as \"512M\" belongs here")
        }
    }

    /// Writes the text.
    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(description)
    }
}
