import ArgumentParser
import Work

/// The speed of a network as a person writes it: `10Gbit`, or bytes a second as `1.2GB`; each may
/// have `/s` behind it.
struct NetworkSpeed: Equatable {
    let bytesPerSecond: Double

    /// The speed that `text` describes; nil if it describes none.
    init?(_ text: String) {
        var rest = text.lowercased()[...]
        if rest.hasSuffix("/s") { rest = rest.dropLast(2) }
        let isBits = rest.hasSuffix("bit")
        if isBits { rest = rest.dropLast(3) }
        // A unit of bytes before "bit" would be neither.
        guard !(isBits && rest.hasSuffix("b")), let size = ByteSize(String(rest)) else {
            return nil
        }
        let speed = Double(size.byteCount) / (isBits ? 8 : 1)
        guard speed <= Self.greatest else { return nil }
        bytesPerSecond = speed
    }

    /// The greatest speed that is taken for one, in bytes a second: a thousand terabytes.
    private static let greatest = 1e15

    /// Reads the value of an option.
    @Sendable static func read(_ text: String) throws -> NetworkSpeed {
        guard let speed = NetworkSpeed(text) else {
            throw ValidationError("give a speed such as 10Gbit, or 1.2GB for bytes a second")
        }
        return speed
    }
}
