/// Range of the values that a number of a configuration, of an option or of a file may have.
///
/// ```swift
/// ValueRange.whole(1...16).contains(0)  // false
/// "\(ValueRange.whole(1...16))"  // a whole number from 1 to 16
/// ```
public enum ValueRange: Sendable, Equatable {
    /// Whole numbers.
    case whole(ClosedRange<Int>)
    /// Numbers, both ends included; never infinite and never NaN.
    case real(ClosedRange<Double>)
    /// Numbers above `least`, up to and with `most`.
    case above(_ least: Double, upTo: Double)
    /// Numbers of bytes, which a person may write with a unit.
    case size(ClosedRange<Int>)
    /// Whole numbers of 64 bits without a sign.
    case seed

    /// Whether a whole number is in the range.
    public func contains(_ value: Int) -> Bool {
        switch self {
        case .whole(let range), .size(let range): range.contains(value)
        case .real, .above: contains(Double(value))
        case .seed: value >= 0
        }
    }

    /// Whether a number is in the range, which one that is no number is not.
    public func contains(_ value: Double) -> Bool {
        switch self {
        case .real(let range): range.contains(value)
        case .above(let least, let most): value > least && value <= most
        case .whole, .size, .seed: Int(exactly: value).map(contains) ?? false
        }
    }

    /// Text of the wish for a value, such as "give a whole number from 1 to 16".
    public var wish: String { "give \(self)" }
}

extension ValueRange: CustomStringConvertible {
    /// Text of the kind of value and its ends, such as "a number above 0, up to 1".
    public var description: String {
        switch self {
        case .whole(let range):
            "a whole number from \(range.lowerBound) to \(range.upperBound)"
        case .real(let range):
            "a number from \(Self.text(range.lowerBound)) to \(Self.text(range.upperBound))"
        case .above(let least, let most):
            "a number above \(Self.text(least)), up to \(Self.text(most))"
        case .size(let range):
            "a size from \(ByteSize(byteCount: range.lowerBound)) to "
                + "\(ByteSize(byteCount: range.upperBound)), such as 512MB or 4GiB"
        case .seed:
            "a whole number from 0 to \(UInt64.max)"
        }
    }

    private static func text(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }
}

/// Number that a ``ValueRange`` can hold, or an optional one, which is in every range where it is
/// nil.
public protocol RangedValue: SettingValue {
    /// Whether the value is in `range`.
    func isIn(_ range: ValueRange) -> Bool
    /// Text of the value for a person.
    var rangedText: String { get }
}

extension RangedValue {
    /// The shortest text.
    public var rangedText: String { "\(self)" }
    /// The number in JSON.
    public var literal: SettingLiteral { .number(rangedText) }
}

extension Int: RangedValue {
    /// Whether the number is in `range`.
    public func isIn(_ range: ValueRange) -> Bool { range.contains(self) }
}

extension Double: RangedValue {
    /// Whether the number is in `range`.
    public func isIn(_ range: ValueRange) -> Bool { range.contains(self) }
}

extension Float: RangedValue {
    /// Whether the number is in `range`, as it is written: 0.999 is at most 0.999, although its
    /// nearest float is a little more.
    public func isIn(_ range: ValueRange) -> Bool {
        range.contains(Double(rangedText) ?? Double(self))
    }
}

extension UInt64: RangedValue {
    /// Whether the number is in `range`.
    public func isIn(_ range: ValueRange) -> Bool {
        range == .seed || Int(exactly: self).map(range.contains) ?? false
    }
}

extension ByteSize: RangedValue {
    /// The size in JSON, with its unit.
    public var literal: SettingLiteral { .text("\(self)") }
    /// Whether the number of bytes is in `range`.
    public func isIn(_ range: ValueRange) -> Bool { range.contains(byteCount) }
}

extension Optional: RangedValue where Wrapped: RangedValue {
    /// Whether there is no value, or one in `range`.
    public func isIn(_ range: ValueRange) -> Bool { self?.isIn(range) ?? true }
    /// Text of the value; "null" for none.
    public var rangedText: String { self?.rangedText ?? "null" }
}
