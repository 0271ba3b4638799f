import Bytes
import Work

/// Field of a request: what it may be and means. Requests are checked by it, and the description of
/// the API (``OpenAPIDocument``) says the same.
struct RequestField: Sendable {
    /// Kind of a field's values.
    enum Kind: Sendable {
        /// True or false.
        case flag
        /// A string.
        case text
        /// A whole number.
        case whole(ClosedRange<Int>)
        /// A number, both ends included.
        case real(ClosedRange<Double>)
        /// What a reader of its own checks, by the schema given.
        case special(JSONValue)
        /// Anything: it changes nothing of the answer.
        case ignored
        /// What cannot be done, save for the values that ask for nothing.
        case unsupported(neutral: [JSONValue])
    }

    let name: String
    let kind: Kind
    /// Sentence about it.
    let about: String

    init(_ name: String, _ kind: Kind, _ about: String) {
        self.name = name
        self.kind = kind
        self.about = about
    }

    /// Throws unless `value`, which is not null, is of the kind.
    func check(_ value: JSONValue) throws(APIError) {
        switch kind {
        case .flag:
            guard case .bool = value else { throw .badField(name, "give true or false") }
        case .text:
            guard value.string != nil else { throw .badField(name, "give a string") }
        case .whole(let range):
            guard let number = value.wholeNumber, range.contains(number) else {
                throw .badField(name, Self.wish(range))
            }
        case .real(let range):
            guard let number = value.realNumber, range.contains(number) else {
                throw .badField(name, ValueRange.real(range).wish)
            }
        case .special, .ignored: break
        case .unsupported(let neutral):
            guard neutral.contains(value) else {
                throw .badField(
                    name, "this is not supported: \(about); leave it out",
                    code: "unsupported_parameter")
            }
        }
    }

    private static func wish(_ range: ClosedRange<Int>) -> String {
        if range.upperBound == .max {
            return range.lowerBound == .min
                ? "give a whole number of 64 bits"
                : "give a whole number, at least \(range.lowerBound)"
        }
        return ValueRange.whole(range).wish
    }
}

extension JSONValue {
    /// The whole number, also one that is written as 1.0 or 1e3; nil for anything else.
    var wholeNumber: Int? {
        guard case .number(let spelling) = self else { return nil }
        if let number = Int(spelling) { return number }
        // Beyond these doubles skip whole numbers.
        guard let number = Double(spelling), abs(number) <= 0x1p53 else { return nil }
        return Int(exactly: number)
    }

    /// The finite number; nil for anything else.
    var realNumber: Double? {
        guard case .number(let spelling) = self, let number = Double(spelling), number.isFinite
        else { return nil }
        return number
    }

    /// Whether it is true; nil for what is neither true nor false.
    var flag: Bool? {
        guard case .bool(let flag) = self else { return nil }
        return flag
    }
}
