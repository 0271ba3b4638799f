/// Writes text as a JSON string.
public enum JSONString {
    /// Appends `text`, which is valid UTF-8, with quotes around it and the escapes that RFC 8259
    /// demands and no others. O(count).
    public static func append(_ text: Span<UInt8>, to output: inout [UInt8]) {
        append(text, to: &output, usesShortEscapes: false)
    }

    /// - Parameter usesShortEscapes: backspace and form feed are `\b` and `\f`, as Rust's writers
    ///   have them, and else `\u0008` and `\u000c`.
    package static func append(
        _ text: Span<UInt8>, to output: inout [UInt8], usesShortEscapes: Bool
    ) {
        output.append(UInt8(ascii: "\""))
        var start = 0
        for index in text.indices {
            let byte = text[index]
            guard byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") else {
                continue
            }
            output.append(copying: text.extracting(start..<index))
            start = index + 1
            output.append(UInt8(ascii: "\\"))
            switch byte {
            case UInt8(ascii: "\n"): output.append(UInt8(ascii: "n"))
            case UInt8(ascii: "\t"): output.append(UInt8(ascii: "t"))
            case UInt8(ascii: "\r"): output.append(UInt8(ascii: "r"))
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): output.append(byte)
            case 0x08 where usesShortEscapes: output.append(UInt8(ascii: "b"))
            case 0x0C where usesShortEscapes: output.append(UInt8(ascii: "f"))
            default:
                let digits = Array("0123456789abcdef".utf8)
                output += [
                    UInt8(ascii: "u"), UInt8(ascii: "0"), UInt8(ascii: "0"),
                    digits[Int(byte >> 4)], digits[Int(byte & 15)],
                ]
            }
        }
        output.append(copying: text.extracting(droppingFirst: start))
        output.append(UInt8(ascii: "\""))
    }
}
