import Foundation

/// Parts of drawings in SVG.
enum SVGText {
    /// From nearly white over blue to nearly black, so that small weights still show.
    static func colour(_ weight: Float) -> String {
        let stops: [(at: Double, red: Double, green: Double, blue: Double)] = [
            (0, 247, 251, 255), (0.15, 198, 219, 239), (0.4, 107, 174, 214), (0.7, 33, 113, 181),
            (1, 8, 36, 84),
        ]
        let x = Double(min(max(weight, 0), 1))
        let next = stops.firstIndex { $0.at >= x } ?? stops.count - 1
        guard next > 0 else { return "#f7fbff" }
        let (a, b) = (stops[next - 1], stops[next])
        let t = (x - a.at) / (b.at - a.at)
        func channel(_ from: Double, _ to: Double) -> Int {
            Int((from + (to - from) * t).rounded())
        }
        return String(
            format: "#%02x%02x%02x", channel(a.red, b.red), channel(a.green, b.green),
            channel(a.blue, b.blue))
    }

    /// A length with at most one digit behind the point.
    static func number(_ value: Double) -> String {
        let text = String(format: "%.1f", value)
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }

    /// Text as XML has it.
    static func escaped(_ text: String) -> String {
        text.replacingOccurrences(of: "&", with: "&amp;")
            .replacingOccurrences(of: "<", with: "&lt;").replacingOccurrences(of: ">", with: "&gt;")
    }
}
