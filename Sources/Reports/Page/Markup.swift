import Pipeline

/// A document of HTML, with SVG in it, that is written from its front to its end.
///
/// Text and the values of attributes are escaped on their way in, and there is no other way: names
/// of elements, names of attributes, styles and scripts are literals of the program, which is what
/// `StaticString` means. So nothing that a run holds can become markup.
///
/// ```swift
/// var page = Markup()
/// page.element("p", ["class": "name"]) { $0.text(run.name) }
/// ```
struct Markup {
    /// The bytes so far.
    private(set) var bytes: [UInt8] = []

    /// Attributes of an element, in their order.
    typealias Attributes = KeyValuePairs<StaticString, String>

    /// The document so far.
    var string: String { String(decoding: bytes, as: UTF8.self) }

    /// Writes the line that says that HTML follows.
    mutating func documentType() { literal("<!DOCTYPE html>\n") }

    /// Writes an element and, by `content`, what is in it.
    mutating func element(
        _ name: StaticString, _ attributes: Attributes = [:], _ content: (inout Markup) -> Void
    ) {
        start(name, attributes)
        literal(">")
        content(&self)
        literal("</")
        literal(name)
        literal(">")
    }

    /// Writes an element with nothing but text in it.
    mutating func element(
        _ name: StaticString, _ attributes: Attributes = [:], text: String
    ) {
        element(name, attributes) { $0.text(text) }
    }

    /// Writes an element of HTML that has no end, such as `meta`.
    mutating func void(_ name: StaticString, _ attributes: Attributes) {
        start(name, attributes)
        literal(">")
    }

    /// Writes an element of SVG with nothing in it.
    mutating func shape(_ name: StaticString, _ attributes: Attributes) {
        start(name, attributes)
        literal("/>")
    }

    /// Writes text that is the program's own, or a figure.
    mutating func text(_ text: String) { MarkupText.append(text, to: &bytes) }

    /// Writes text that comes from a run: whatever its direction of writing is, that of the text
    /// around it stays.
    mutating func data(_ text: String) { element("bdi", text: text) }

    /// Writes a style sheet of the program's own.
    mutating func style(_ sheet: String) {
        precondition(!sheet.contains("<"), "a style sheet holds no markup")
        literal("<style>\n")
        bytes += sheet.utf8
        literal("</style>\n")
    }

    /// Writes a script of the program's own.
    mutating func script(_ script: StaticString) {
        literal("<script>\n")
        literal(script)
        literal("</script>\n")
    }

    /// Writes data for the script. No `<` of theirs stays, which could end the element.
    mutating func json(id: String, _ json: String) {
        element("script", ["type": "application/json", "id": id]) { page in
            page.bytes += json.utf8.lazy.flatMap { byte in
                switch byte {
                case UInt8(ascii: "<"): Array("\\u003c".utf8)
                case UInt8(ascii: ">"): Array("\\u003e".utf8)
                case UInt8(ascii: "&"): Array("\\u0026".utf8)
                default: [byte]
                }
            }
        }
    }

    /// Ends the line, for people who read the source.
    mutating func newLine() { literal("\n") }

    private mutating func start(_ name: StaticString, _ attributes: Attributes) {
        literal("<")
        literal(name)
        for (name, value) in attributes {
            literal(" ")
            literal(name)
            literal("=\"")
            MarkupText.append(value, to: &bytes)
            literal("\"")
        }
    }

    private mutating func literal(_ text: StaticString) {
        text.withUTF8Buffer { unsafe bytes += $0 }
    }
}
