import Tokenization

/// Reads token ids that stand as decimal numbers with white space between, in parts of any size.
struct IDParser {
    /// Number of ids: each is below it.
    let vocabularyCount: Int

    /// Digits of a number whose end has not come.
    private var word: [UInt8] = []

    /// More bytes than any id has; what is longer is no id, and need not be kept to say so.
    private static let longestWord = 32

    init(vocabularyCount: Int) { self.vocabularyCount = vocabularyCount }

    /// Appends the ids that end in `bytes`. O(count).
    mutating func read(_ bytes: [UInt8], into ids: inout [TokenID]) throws {
        for byte in bytes {
            if byte == 0x20 || (0x09...0x0D).contains(byte) {
                try finish(into: &ids)
            } else if word.count < Self.longestWord {
                word.append(byte)
            }
        }
    }

    /// Appends the id that ends with the input, if there is one.
    mutating func finish(into ids: inout [TokenID]) throws {
        guard !word.isEmpty else { return }
        var number = 0
        for byte in word {
            let digit = Int(byte) - Int(UInt8(ascii: "0"))
            guard (0...9).contains(digit), number < vocabularyCount else { throw badID() }
            number = number * 10 + digit
        }
        guard number < vocabularyCount else { throw badID() }
        ids.append(TokenID(number))
        word.removeAll(keepingCapacity: true)
    }

    private func badID() -> BadID {
        BadID(text: String(decoding: word, as: UTF8.self), vocabularyCount: vocabularyCount)
    }
}

/// A word that should be an id of a vocabulary and is not.
struct BadID: Error, CustomStringConvertible {
    let text: String
    let vocabularyCount: Int

    var description: String {
        "\"\(text)\" is no id of this vocabulary: ids are from 0 to \(vocabularyCount - 1)"
    }
}

/// Standard input line by line.
struct InputLines {
    private var unread: [UInt8] = []
    private var isAtEnd = false

    /// The next line without its end; nil behind the last. Bytes that are no UTF-8 become U+FFFD.
    ///
    /// - Parameter prompt: shown where a person is asked for the line.
    mutating func next(prompt: String) throws -> String? {
        if Terminal.readsFromPerson { Terminal.writeMessage(prompt) }
        while true {
            if let end = unread.firstIndex(of: UInt8(ascii: "\n")) {
                defer { unread.removeSubrange(...end) }
                var line = unread[..<end]
                if line.last == UInt8(ascii: "\r") { line.removeLast() }
                return String(decoding: line, as: UTF8.self)
            }
            if isAtEnd {
                defer { unread = [] }
                return unread.isEmpty ? nil : String(decoding: unread, as: UTF8.self)
            }
            if let bytes = try Terminal.readInput() { unread += bytes } else { isAtEnd = true }
        }
    }
}
