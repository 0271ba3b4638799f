/// Number among the keys of a section: its name in `pipeline.json`, its range and its unit.
///
/// A section declares each of its numbers once. What checks a configuration goes by that list, and
/// so does whatever describes the keys to a person.
public struct NumericKey<Section>: Sendable {
    /// The key in JSON.
    public let name: String
    /// The values that it may have.
    public let range: ValueRange
    /// What is counted, in the plural; empty for a number without a unit.
    public let unit: String
    /// The value in a section, as text, if it is out of range.
    private let strayText: @Sendable (Section) -> String?

    /// Declares a number.
    ///
    /// - Parameters:
    ///   - key: the key in JSON.
    ///   - path: where the value is.
    ///   - range: the values that it may have.
    ///   - unit: what is counted, in the plural; empty for a number without a unit.
    public init<Value: RangedValue>(
        _ key: some RawRepresentable<String>, _ path: any KeyPath<Section, Value> & Sendable,
        _ range: ValueRange, unit: String = ""
    ) {
        self.init(name: key.rawValue, range: range, unit: unit) { section in
            let value = section[keyPath: path]
            return value.isIn(range) ? nil : value.rangedText
        }
    }

    private init(
        name: String, range: ValueRange, unit: String,
        strayText: @escaping @Sendable (Section) -> String?
    ) {
        self.name = name
        self.range = range
        self.unit = unit
        self.strayText = strayText
    }

    /// The same number as a part of something larger, under the same name.
    ///
    /// - Parameter path: where the section is.
    public func within<Whole>(
        _ path: any KeyPath<Whole, Section> & Sendable
    ) -> NumericKey<Whole> {
        let strayText = strayText
        return NumericKey<Whole>(name: name, range: range, unit: unit) { whole in
            strayText(whole[keyPath: path])
        }
    }

    /// Text of what is wrong with the value in `section`, such as "is 0; give a whole number from 1
    /// to 16"; nil if it is in range.
    public func fault(in section: Section) -> String? {
        strayText(section).map { "is \($0); \(range.wish)" }
    }
}

/// Section of a configuration that declares its numbers.
public protocol NumericSection {
    /// Every number among the section's keys.
    static var numericKeys: [NumericKey<Self>] { get }
}

extension NumericSection {
    /// The first number that is out of its range: its key, and what is wrong with it. O(keys).
    public var numericFault: (key: String, reason: String)? {
        for key in Self.numericKeys {
            if let reason = key.fault(in: self) { return (key.name, reason) }
        }
        return nil
    }

    /// The range of one of the section's numbers.
    ///
    /// - Precondition: the section declares the key.
    public static func range(of key: some RawRepresentable<String>) -> ValueRange {
        guard let found = numericKeys.first(where: { $0.name == key.rawValue }) else {
            preconditionFailure("\(Self.self) declares no number \(key.rawValue)")
        }
        return found.range
    }
}
