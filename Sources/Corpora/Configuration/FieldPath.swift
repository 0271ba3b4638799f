/// The way to a value inside JSON objects: `text`, or `meta.body.text` for what lies deeper.
struct FieldPath: Sendable, Equatable {
    /// As it was written.
    let text: String
    /// The name in each object on the way, as UTF-8.
    let names: [[UInt8]]

    /// Reads a path: dots stand between names; `\.` is a dot in a name and `\\` a backslash.
    init(_ text: String) {
        var names: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in text.utf8 {
            let isSpecial = byte == UInt8(ascii: ".") || byte == UInt8(ascii: "\\")
            if isEscaped {
                // A backslash before anything else stands for itself.
                if !isSpecial { names[names.count - 1].append(UInt8(ascii: "\\")) }
                names[names.count - 1].append(byte)
                isEscaped = false
            } else if byte == UInt8(ascii: "\\") {
                isEscaped = true
            } else if byte == UInt8(ascii: ".") {
                names.append([])
            } else {
                names[names.count - 1].append(byte)
            }
        }
        if isEscaped { names[names.count - 1].append(UInt8(ascii: "\\")) }
        self.text = text
        self.names = names
    }

    /// The name of a column, in a table, where nothing lies deeper.
    var columnName: [UInt8] { Array(names.joined(separator: [UInt8(ascii: ".")])) }
}
