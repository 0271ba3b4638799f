import ArgumentParser
import Work

/// Reader of a number that a person types, which checks its range where it is read.
///
/// ```swift
/// @Option(name: .long, help: "The level.", transform: Typed.whole(.whole(1...22)))
/// var level = 3
/// ```
///
/// The parser puts the option's name and the value in front of what a reader throws: "The value
/// '99' is invalid for '--level <level>': give a whole number from 1 to 22".
enum Typed {
    /// Reads a whole number in `range`.
    static func whole(_ range: ValueRange) -> @Sendable (String) throws -> Int {
        reader(range) { Int($0) }
    }

    /// Reads a whole number in `range`.
    static func whole(_ range: ClosedRange<Int>) -> @Sendable (String) throws -> Int {
        whole(.whole(range))
    }

    /// Reads a number in `range`.
    static func real(_ range: ValueRange) -> @Sendable (String) throws -> Double {
        // Hexadecimal floats are a spelling of programs, and Double knows "nan".
        reader(range) { $0.contains("x") || $0.contains("X") ? nil : Double($0) }
    }

    /// Reads a number of bytes in `range`, perhaps with a unit.
    static func size(_ range: ValueRange) -> @Sendable (String) throws -> ByteSize {
        reader(range) { ByteSize($0) }
    }

    /// Reads a whole number of 64 bits without a sign.
    static func seed(_ text: String) throws -> UInt64 { try reader(.seed) { UInt64($0) }(text) }

    private static func reader<Value: RangedValue>(
        _ range: ValueRange, _ read: @escaping @Sendable (String) -> Value?
    ) -> @Sendable (String) throws -> Value {
        { text in
            guard let value = read(text), value.isIn(range) else {
                throw ValidationError(range.wish)
            }
            return value
        }
    }
}

extension ValueRange {
    /// Numbers of threads.
    static let threads = ValueRange.whole(1...256)
    /// Numbers of what is shown or read, of which there may be any.
    static let counts = ValueRange.whole(1...1 << 30)
    /// Numbers of steps of training.
    static let steps = ValueRange.whole(1...1 << 40)
    /// Seconds for which nothing may come of another process.
    static let stallSeconds = ValueRange.whole(1...1 << 20)
    /// Sizes of files and parts of them.
    static let fileSizes = ValueRange.size(1...1 << 50)
}
