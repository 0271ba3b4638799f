/// A number of bytes as a person writes it: `512MB`, `4GiB`, `1.5G`, or a plain number.
///
/// SI prefixes are powers of ten and IEC prefixes powers of two, as IEC 80000-13 has them: `512M`
/// and `512MB` are 512,000,000 bytes, `512MiB` and `512Mi` are 536,870,912.
///
/// ```swift
/// ByteSize("1.5GiB")?.byteCount  // 1610612736
/// ```
public struct ByteSize: Sendable, Hashable {
    /// The bytes.
    public let byteCount: Int
    /// Text of the size as it was written, if it was read.
    private let text: String?

    /// A size of `byteCount` bytes.
    public init(byteCount: Int) {
        self.byteCount = byteCount
        text = nil
    }

    /// The size that `text` describes: a number above 0 of whole bytes, perhaps with a unit in
    /// capitals or small letters; nil if it describes none.
    public init?(_ text: String) {
        let number = text.prefix { $0.isASCII && $0.isNumber || $0 == "." }
        let unit = text.dropFirst(number.count).drop { $0 == " " }.lowercased()
        guard let factor = Self.factor(unit), let value = Double(number), value > 0,
            let bytes = Self.product(number, value, factor)
        else { return nil }
        byteCount = bytes
        self.text = text
    }

    /// `number` times `factor`: exact for whole numbers of any size, and for others to a whole
    /// byte.
    private static func product(_ number: Substring, _ value: Double, _ factor: Int) -> Int? {
        if let whole = Int(number) {
            let (bytes, overflows) = whole.multipliedReportingOverflow(by: factor)
            return overflows ? nil : bytes
        }
        let bytes = Int(exactly: (value * Double(factor)).rounded())
        return bytes == 0 ? nil : bytes
    }

    /// The bytes of a unit in small letters.
    private static func factor(_ unit: String) -> Int? {
        var letters = unit[...]
        if letters.last == "b" { letters.removeLast() }
        let isBinary = letters.count == 2 && letters.last == "i"
        if isBinary { letters.removeLast() }
        guard let prefix = letters.first else { return 1 }
        guard letters.count == 1, let power = prefixes.firstIndex(of: prefix) else { return nil }
        let base = isBinary ? 1_024 : 1_000
        return (0...power).reduce(1) { factor, _ in factor * base }
    }

    /// Range of memory that work can be given.
    public static let memoryRange = ValueRange.size(1 << 10...1 << 50)

    private static let prefixes: [Character] = ["k", "m", "g", "t"]

    /// The next larger size of whole mebibytes, or of gibibytes from ten on.
    public var roundedUp: ByteSize {
        let unit = byteCount < 10 << 30 ? 1 << 20 : 1 << 30
        return ByteSize(byteCount: (byteCount + unit - 1) / unit * unit)
    }

    /// Whether both are the same number of bytes, however they were written.
    public static func == (left: ByteSize, right: ByteSize) -> Bool {
        left.byteCount == right.byteCount
    }

    /// Hashes the number of bytes.
    public func hash(into hasher: inout Hasher) { hasher.combine(byteCount) }
}

extension ByteSize: CustomStringConvertible {
    /// Text of the size as it was written, or else the shortest that describes it exactly.
    public var description: String { text ?? canonical }

    /// The shortest text of a whole number and a unit.
    private var canonical: String {
        var shortest = "\(byteCount)"
        guard byteCount > 0 else { return shortest }
        for prefix in Self.prefixes {
            for (unit, suffix) in [("\(prefix)", "B"), ("\(prefix)i", "iB")] {
                guard let factor = Self.factor(unit), byteCount.isMultiple(of: factor) else {
                    continue
                }
                let text = "\(byteCount / factor)\(prefix.uppercased())\(suffix)"
                if text.count <= shortest.count { shortest = text }
            }
        }
        return shortest
    }
}

extension ByteSize: Codable {
    /// Reads a text such as "512MB", or a number of bytes.
    public init(from decoder: any Decoder) throws {
        let value = try decoder.singleValueContainer()
        if let number = try? value.decode(Int.self), number > 0 {
            self.init(byteCount: number)
        } else if let text = try? value.decode(String.self), let size = ByteSize(text) {
            self = size
        } else {
            throw DecodingError.dataCorruptedError(
                in: value, debugDescription: "a size such as \"512MB\" or \"4GiB\" belongs here")
        }
    }

    /// Writes the text that describes the size exactly, however it was spelled.
    public func encode(to encoder: any Encoder) throws {
        var value = encoder.singleValueContainer()
        try value.encode(canonical)
    }
}
