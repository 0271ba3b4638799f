import ArgumentParser
import Foundation
import TokenShards
import Tokenization

/// `quern decode`
struct Decode: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Turn token ids, or whole shards, back into text.",
        discussion: """
            Prints exactly the bytes that the ids stand for.

            Example:

              quern decode --vocab vocab/kjv 1042 263 17
              quern tokenize --vocab vocab/kjv --ids "Hold my math!" | quern decode --vocab vocab/kjv -
              quern decode --vocab vocab/kjv --shards shards/kjv --split val
            """)

    @Option(name: .long, help: "The vocabulary's directory, or its tokenizer.json.")
    var vocab: String

    @Option(name: .long, help: "Decode the documents of these shards.")
    var shards: String?

    @Option(name: .long, help: "With --shards: only this split, train or val.")
    var split: Split?

    @Option(
        name: .long,
        help:
            "With --shards: what to print after each document; \\n and \\t stand for a new line and a tab."
    )
    var separator = "\\n"

    @Argument(help: "Ids, or - for ids on standard input, white space between them.")
    var ids: [String] = []

    func validate() throws {
        if shards == nil, ids.isEmpty {
            throw ValidationError("give ids, - for standard input, or --shards")
        }
        if shards != nil, !ids.isEmpty {
            throw ValidationError("give either ids or --shards")
        }
    }

    func run() async throws {
        let vocabulary = try Vocabulary(directory: vocab)
        if let shards {
            try decodeShards(shards, vocabulary)
        } else if ids == ["-"] {
            try decodeStandardInput(vocabulary)
        } else {
            var text: [UInt8] = []
            for id in ids { try decode(id[...], vocabulary, into: &text) }
            Terminal.write(text + Array("\n".utf8))
        }
    }

    private func decode(
        _ id: Substring, _ vocabulary: Vocabulary, into text: inout [UInt8]
    ) throws {
        guard let number = UInt32(id), number < vocabulary.count else {
            throw BadID(text: String(id), vocabularyCount: vocabulary.count)
        }
        try vocabulary.decode([number].span, into: &text)
    }

    private func decodeStandardInput(_ vocabulary: Vocabulary) throws {
        var text: [UInt8] = []
        var word: [UInt8] = []
        func endWord() throws {
            guard !word.isEmpty else { return }
            try decode(String(decoding: word, as: UTF8.self)[...], vocabulary, into: &text)
            word.removeAll(keepingCapacity: true)
        }
        // As much as there is at a time: memory does not grow with the input, not even when all ids
        // stand on one line, and a pipe answers at once.
        while let bytes = try Terminal.readInput() {
            for byte in bytes {
                if byte == 0x20 || (0x09...0x0D).contains(byte) {
                    try endWord()
                } else if word.count < Self.longestWord {
                    word.append(byte)
                }
            }
            Terminal.write(text)
            text.removeAll(keepingCapacity: true)
        }
        try endWord()
        Terminal.write(text)
    }

    /// More bytes than any id has; what is longer is no id, and need not be kept to say so.
    private static let longestWord = 32

    private func decodeShards(_ directory: String, _ vocabulary: Vocabulary) throws {
        let set = try ShardSet(directory: directory, vocabulary: vocabulary)
        let ending = Array(
            separator.replacing("\\n", with: "\n").replacing("\\t", with: "\t").utf8)
        var text: [UInt8] = []
        for split in split.map({ [$0] }) ?? Split.allCases {
            for shard in set.shards(of: split) {
                for document in 0..<shard.documentCount {
                    let ids = shard.text(ofDocument: document)
                    try vocabulary.decode(ids.span, into: &text)
                    text += ending
                    if text.count > 1 << 20 {
                        Terminal.write(text)
                        text.removeAll(keepingCapacity: true)
                    }
                }
            }
        }
        Terminal.write(text)
    }
}

/// A word that should be an id of a vocabulary and is not.
private struct BadID: Error, CustomStringConvertible {
    let text: String
    let vocabularyCount: Int

    var description: String {
        "\"\(text)\" is no id of this vocabulary: ids are from 0 to \(vocabularyCount - 1)"
    }
}
