import Foundation
import Tokenization

/// Pieces of text as a person can tell them apart.
enum Pieces {
    /// Background colours, one after the other, that keep black text readable: palette entries of
    /// terminals with 256 colours.
    private static let colours = [153, 223, 157, 218, 189, 229]

    /// The piece with a number among those side by side: coloured where the screen shows colours,
    /// else with a bar before all but the first.
    static func text(_ piece: [UInt8], number: Int, on screen: Screen) -> String {
        guard screen.showsColour else { return (number > 0 ? "|" : "") + visible(piece) }
        let colour = colours[number % colours.count]
        // A colour is ended before a line is, or the terminal would paint the line to its end.
        let parts = visible(piece).split(separator: "\n", omittingEmptySubsequences: false)
        return parts.map { $0.isEmpty ? "" : screen.coloured(String($0), 16, ground: colour) }
            .joined(separator: "\n")
    }

    /// A piece on one line, in quotation marks.
    static func quoted(_ piece: [UInt8]) -> String {
        "\"" + escaped(piece, newline: "\\n") + "\""
    }

    private static func visible(_ piece: [UInt8]) -> String {
        escaped(piece, newline: "⏎\n")
    }

    /// The text of a piece, control characters and bytes that are no UTF-8 written out.
    private static func escaped(_ piece: [UInt8], newline: String) -> String {
        var text = ""
        var rest = piece[...]
        while let first = rest.first {
            // The longest valid character at the beginning, if there is one.
            let length = (1...min(4, rest.count)).first {
                String(validating: rest.prefix($0), as: UTF8.self) != nil
            }
            guard let length,
                let scalar = String(
                    validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars.first
            else {
                text += "\\x" + hexadecimal(first)
                rest = rest.dropFirst()
                continue
            }
            switch scalar {
            case "\n": text += newline
            case "\t": text += "\\t"
            case "\r": text += "\\r"
            // Also those from U+0080 to U+009F, which terminals obey.
            case _ where scalar.properties.generalCategory == .control:
                text += rest.prefix(length).map { "\\x" + hexadecimal($0) }.joined()
            default: text.unicodeScalars.append(scalar)
            }
            rest = rest.dropFirst(length)
        }
        return text
    }

    private static func hexadecimal(_ byte: UInt8) -> String {
        (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
}

/// Tokens of a text, written as they come: their pieces side by side, or their ids.
struct TokenPrinter {
    private let screen = Terminal.resultScreen
    /// Number of the tokens so far.
    private var count = 0
    private var waiting: [UInt8] = []
    private static let bytesAtOnce = 1 << 16

    private let isJSON: Bool

    /// A printer of an empty text.
    ///
    /// - Parameter isJSON: whether tokens are written as a list of objects, as they come.
    init(isJSON: Bool = false) { self.isJSON = isJSON }

    /// Adds a token as an object where JSON is written, and else as an id or as what it stands for.
    mutating func add(id: Int, piece: @autoclosure () -> [UInt8], showsID: Bool) throws {
        if isJSON {
            try add(TokenValue(id: id, bytes: piece()))
        } else if showsID {
            add(id: id)
        } else {
            add(piece: piece())
        }
    }

    /// Adds a token as an id.
    mutating func add(id: Int) { add(count > 0 ? " \(id)" : "\(id)") }

    /// Adds a token as what it stands for.
    mutating func add(piece: [UInt8]) {
        add(Pieces.text(piece, number: count, on: screen))
    }

    /// Ends the line.
    mutating func finish() {
        let end = isJSON ? (count > 0 ? "\n]\n" : "[]\n") : "\n"
        Terminal.write(waiting + Array(end.utf8))
        waiting = []
    }

    /// Adds an element of a list in JSON.
    private mutating func add(_ value: TokenValue) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let text = String(decoding: try encoder.encode(value), as: UTF8.self)
        add((count > 0 ? ",\n  " : "[\n  ") + text)
    }

    private mutating func add(_ text: String) {
        waiting.append(contentsOf: text.utf8)
        count += 1
        guard waiting.count >= Self.bytesAtOnce else { return }
        Terminal.write(waiting)
        waiting.removeAll(keepingCapacity: true)
    }
}

/// A token as JSON: its id, its text and its bytes, which need not be whole characters.
struct TokenValue: Encodable {
    let id: Int
    let text: String
    let bytes: [Int]
    /// Number of the merge that made it, from 1.
    var merge: Int?
    /// Tokens that were merged.
    var parts: [TokenValue]?

    init(id: Int, bytes: [UInt8]) {
        self.id = id
        text = String(decoding: bytes, as: UTF8.self)
        self.bytes = bytes.map(Int.init)
    }
}

/// Trees of merges as lines.
enum MergeTreeText {
    /// A tree as JSON.
    static func value(_ tree: MergeTree, _ vocabulary: Vocabulary) -> TokenValue {
        var value = TokenValue(id: tree.token.index, bytes: vocabulary.bytes(of: tree.token))
        value.merge = tree.rank.map { $0 + 1 }
        if !tree.parts.isEmpty { value.parts = tree.parts.map { Self.value($0, vocabulary) } }
        return value
    }

    /// One line a token: its bytes, its id, and the number of the merge that made it.
    static func text(_ trees: [MergeTree], _ vocabulary: Vocabulary) -> String {
        var text = ""
        for tree in trees {
            add(tree, vocabulary, first: "", rest: "", to: &text)
        }
        return text
    }

    private static func add(
        _ tree: MergeTree, _ vocabulary: Vocabulary, first: String, rest: String,
        to text: inout String
    ) {
        let bytes = vocabulary.bytes(of: tree.token)
        let origin =
            if let rank = tree.rank {
                ", merge \(Figures.count(rank + 1))"
            } else {
                bytes.count == 1 ? "" : ", taken whole"
            }
        text += "\(first)\(Pieces.quoted(bytes))  \(tree.token)\(origin)\n"
        for (number, part) in tree.parts.enumerated() {
            let isLast = number + 1 == tree.parts.count
            add(
                part, vocabulary, first: rest + (isLast ? "└─ " : "├─ "),
                rest: rest + (isLast ? "   " : "│  "), to: &text)
        }
    }
}
