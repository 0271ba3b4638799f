/// Text as HTML and XML have it, in elements and in attributes between quotation marks.
///
/// Nothing of it is markup, and all of it is seen: a control character becomes its symbol, and one
/// that turns the direction of writing its number, so that text cannot rearrange what stands around
/// it.
package enum MarkupText {
    /// The markup of `text`. O(count).
    package static func escaped(_ text: String) -> String {
        var bytes: [UInt8] = []
        append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Appends the markup of `text`. O(count).
    package static func append(_ text: String, to output: inout [UInt8]) {
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": output += "&amp;".utf8
            case "<": output += "&lt;".utf8
            case ">": output += "&gt;".utf8
            case "\"": output += "&quot;".utf8
            case "'": output += "&#39;".utf8
            case " "..."~": output.append(UInt8(scalar.value))
            default: output += shown(scalar).utf8
            }
        }
    }

    /// What a person sees of a character: itself, or what stands for it.
    package static func shown(_ scalar: Unicode.Scalar) -> String {
        switch scalar.value {
        // A line stays a line.
        case 0x09, 0x0A: String(scalar)
        case 0x00...0x1F: String(Unicode.Scalar(scalar.value + 0x2400)!)
        case 0x7F: "\u{2421}"
        case 0x80...0x9F: "\u{FFFD}"
        case 0x061C, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069, 0x2028, 0x2029:
            "\u{27E8}U+" + String(scalar.value, radix: 16, uppercase: true) + "\u{27E9}"
        // No characters, in any plane.
        case 0xFDD0...0xFDEF: "\u{FFFD}"
        case let value where value & 0xFFFE == 0xFFFE: "\u{FFFD}"
        default: String(scalar)
        }
    }
}
