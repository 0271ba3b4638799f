import Bytes

/// Members of objects in JSON that are strings.
enum JSONMembers {
    /// `"name":"value"` of each pair, with commas between; U+FFFD stands for bytes that are not
    /// UTF-8. O(bytes).
    static func encoded(_ members: [(name: [UInt8], value: [UInt8])]) -> [UInt8] {
        var text: [UInt8] = []
        for (name, value) in members {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            let (name, value) = (repairedUTF8(name.span) ?? name, repairedUTF8(value.span) ?? value)
            JSONString.append(name.span, to: &text)
            text.append(UInt8(ascii: ":"))
            JSONString.append(value.span, to: &text)
        }
        return text
    }
}
