import Foundation

/// Figures as the page writes them: thin spaces between thousands, and units of a thousand.
enum Figure {
    /// A whole number, in groups of three digits.
    static func count(_ number: Int) -> String {
        let digits = String(number.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "\u{202F}" }
            text.append(digit)
        }
        return (number < 0 ? "−" : "") + text
    }

    /// A number with so many digits behind the point.
    static func number(_ value: Double, _ digits: Int) -> String {
        guard value.isFinite else { return value.isNaN ? "no number" : value > 0 ? "∞" : "−∞" }
        let text = String(format: "%.\(digits)f", abs(value))
        return (value < 0 && text.contains { $0 != "0" && $0 != "." } ? "−" : "") + text
    }

    /// A number with four digits that count.
    static func short(_ value: Double) -> String {
        guard value.isFinite else { return number(value, 0) }
        if value == value.rounded(), abs(value) < 1e9 { return count(Int(value)) }
        let size = abs(value)
        if size >= 1e6 || size < 1e-3 { return String(format: "%.3g", value) }
        return number(value, max(0, 3 - Int(log10(size).rounded(.down))))
    }

    /// An amount in thousands of whatever its unit is: "1.23 M".
    static func amount(_ value: Double, _ unit: String = "") -> String {
        guard value.isFinite else { return number(value, 0) }
        let units = ["", "k", "M", "G", "T", "P", "E", "Z"]
        var (rest, index) = (value, 0)
        while abs(rest) >= 999.5, index < units.count - 1 {
            rest /= 1_000
            index += 1
        }
        let isWhole = index == 0 && rest == rest.rounded()
        let digits = isWhole ? 0 : abs(rest) < 10 ? 2 : abs(rest) < 100 ? 1 : 0
        let suffix = units[index] + unit
        return number(rest, digits) + (suffix.isEmpty ? "" : "\u{202F}" + suffix)
    }

    /// A tick of an axis in thousands: ``amount(_:_:)`` without zeros behind the point.
    static func tick(_ value: Double) -> String {
        guard abs(value) >= 1_000 else { return short(value) }
        var parts = amount(value).split(separator: "\u{202F}", maxSplits: 1).map(String.init)
        while parts[0].contains("."), let last = parts[0].last, last == "0" || last == "." {
            parts[0].removeLast()
            if last == "." { break }
        }
        return parts.joined(separator: "\u{202F}")
    }

    /// A number of bytes.
    static func bytes(_ count: Int) -> String { amount(Double(count), "B") }

    /// A share of one.
    static func percent(_ share: Double) -> String { number(100 * share, 1) + "\u{202F}%" }

    /// A time.
    static func time(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e12 else { return "unknown" }
        if seconds < 10 { return number(seconds, 2) + "\u{202F}s" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole)\u{202F}s" }
        if whole < 3_600 { return "\(whole / 60)\u{202F}min \(whole % 60)\u{202F}s" }
        return "\(count(whole / 3_600))\u{202F}h \(whole / 60 % 60)\u{202F}min"
    }
}
