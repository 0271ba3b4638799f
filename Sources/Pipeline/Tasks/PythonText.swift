/// What Python does to strings, where a rule of scoring is written in its terms: white space as
/// `str.isspace` has it, and lengths in code points.
enum PythonText {
    /// Whether `str.isspace` holds.
    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
            0x205F, 0x3000:
            true
        default: false
        }
    }

    /// `len(text)`. O(length).
    static func length(_ text: String) -> Int { text.unicodeScalars.count }

    /// The text without the white space at its end, and that white space. O(length).
    static func cuttingEnd(_ text: String) -> (text: String, space: String) {
        let scalars = text.unicodeScalars
        let end = scalars.lastIndex { !isSpace($0) }.map { scalars.index(after: $0) }
        let cut = end ?? scalars.startIndex
        return (String(scalars[..<cut]), String(scalars[cut...]))
    }

    /// `text.strip()`. O(length).
    static func stripped(_ text: String) -> String {
        let end = cuttingEnd(text).text.unicodeScalars
        guard let start = end.firstIndex(where: { !isSpace($0) }) else { return "" }
        return String(end[start...])
    }

    /// `text.replace(old, new)`, byte by byte, where `old` is not empty. O(length).
    static func replacing(_ old: String, by new: String, in text: String) -> String {
        let (old, new, bytes) = (Array(old.utf8), Array(new.utf8), Array(text.utf8))
        var result: [UInt8] = []
        var index = 0
        while index < bytes.count {
            if bytes[index...].starts(with: old) {
                result += new
                index += old.count
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return String(decoding: result, as: UTF8.self)
    }

    /// `text.capitalize()`: the first character in title case, the others in lower case. O(length).
    static func capitalized(_ text: String) -> String {
        guard let first = text.unicodeScalars.first else { return "" }
        let rest = String(text.unicodeScalars.dropFirst())
        return first.properties.titlecaseMapping + rest.lowercased()
    }
}
