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
        help: "With --shards: what to print after each document; \\n stands for a new line.")
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
            throw ValidationError(
                "\"\(id)\" is no id of this vocabulary: ids are from 0 to \(vocabulary.count - 1)")
        }
        try vocabulary.decode([number].span, into: &text)
    }

    private func decodeStandardInput(_ vocabulary: Vocabulary) throws {
        var text: [UInt8] = []
        // Line by line, so that memory does not grow with the input and a pipe answers at once.
        while let line = readLine() {
            for id in line.split(whereSeparator: \.isWhitespace) {
                try decode(id, vocabulary, into: &text)
                if text.count > 1 << 16 {
                    Terminal.write(text)
                    text.removeAll(keepingCapacity: true)
                }
            }
        }
        Terminal.write(text)
    }

    private func decodeShards(_ directory: String, _ vocabulary: Vocabulary) throws {
        let set = try ShardSet(directory: directory, vocabulary: vocabulary)
        let ending = Array(separator.replacing("\\n", with: "\n").utf8)
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
