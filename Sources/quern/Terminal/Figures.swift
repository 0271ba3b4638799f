import Foundation

/// Numbers as a person reads them.
enum Figures {
    /// A number with separators: 1,234,567.
    static func count(_ value: Int) -> String {
        let digits = String(value.magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text.append(",") }
            text.append(digit)
        }
        return (value < 0 ? "-" : "") + text
    }

    /// Bytes in the decimal unit that leaves one to three digits before the point: 4.3 MB.
    static func bytes(_ value: Double) -> String {
        scaled(value, units: ["B", "kB", "MB", "GB", "TB"])
    }

    /// A number with k, M or G behind it: 12.5 k.
    static func short(_ value: Double) -> String {
        scaled(value, units: ["", "k", "M", "G", "T"])
    }

    private static func scaled(_ value: Double, units: [String]) -> String {
        var rest = value
        var unit = 0
        while rest >= 999.5, unit + 1 < units.count {
            rest /= 1_000
            unit += 1
        }
        let number = unit == 0 ? fixed(rest, 0) : fixed(rest, rest < 9.95 ? 2 : 1)
        return units[unit].isEmpty ? number : "\(number) \(units[unit])"
    }

    /// A number with `digits` digits behind the point.
    static func fixed(_ value: Double, _ digits: Int) -> String {
        // NaN has a sign all the same.
        value.isNaN ? "nan" : String(format: "%.\(digits)f", value)
    }

    /// A number with `digits` significant digits.
    static func significant(_ value: Double, _ digits: Int) -> String {
        String(format: "%.\(digits)g", value)
    }

    /// A share as a percentage.
    static func percent(_ share: Double) -> String {
        fixed(share * 100, 1) + " %"
    }

    /// A span of time: 42s, 3m 05s, 2h 10m.
    static func time(_ seconds: Double) -> String {
        guard seconds.isFinite, seconds < 1e7 else { return "?" }
        let whole = Int(seconds.rounded())
        if whole < 60 { return "\(whole)s" }
        if whole < 3_600 { return "\(whole / 60)m \(String(format: "%02d", whole % 60))s" }
        return "\(whole / 3_600)h \(String(format: "%02d", whole / 60 % 60))m"
    }
}
