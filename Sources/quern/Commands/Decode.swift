import ArgumentParser
import Bytes
import Foundation
import Pipeline
import TokenShards
import Tokenization

/// `quern decode`
struct Decode: AsyncParsableCommand, MessagingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "decode",
        abstract: "Turn token ids, or whole shards, back into text.",
        discussion: """
            Prints exactly the bytes that the ids stand for, without the space that a vocabulary \
            such as Llama 2's puts before a text. Shards are first compared with their checksums.
            """)

    static let examples: [Example] = [
        "quern decode --vocab vocab/kjv 1042 263 17",
        """
        quern tokenize --vocab vocab/kjv --ids "Hold my math!" | quern decode --vocab vocab/kjv -
        """,
        "quern decode --vocab vocab/kjv --shards shards/kjv --split val",
    ]

    @Option(
        name: .long,
        help: """
            The vocabulary (kjv or vocab/kjv), or a model that has one. (default: that of the \
            --shards, or the pipeline's)
            """, completion: .directory)
    var vocab: String?

    @OptionGroup var file: ConfigOption

    @Option(
        name: .long, help: "Decode the documents of these shards (kjv or shards/kjv).",
        completion: .directory)
    var shards: String?

    @Option(name: .long, help: "With --shards: only this split, train or val.")
    var split: Split?

    @Option(
        name: .long,
        help: """
            With --shards: what to print after each document; \\n, \\t and \\r are understood. \
            (default: \\n)
            """)
    var separator: String?

    @Argument(help: "Ids, or - for ids on standard input, white space between them.")
    var ids: [String] = []

    @OptionGroup var messages: MessageOptions

    func validate() throws {
        try file.check(vocab != nil || shards != nil, "--vocab")
        if vocab != nil, file.config != nil {
            throw ValidationError("--config says which vocabulary it is: give it or --vocab")
        }
        if shards == nil, ids.isEmpty {
            throw ValidationError("give ids, - for standard input, or --shards")
        }
        if shards != nil, !ids.isEmpty {
            throw ValidationError("give either ids or --shards")
        }
        if shards == nil, split != nil || separator != nil {
            throw ValidationError("--split and --separator need --shards")
        }
    }

    func run() async throws {
        let shards = try shards.map(ShardPlace.path(of:))
        let vocabulary =
            try (vocab == nil ? shards : nil).flatMap {
                try file.vocabulary(ofShards: $0, messages.form)
            } ?? Vocabulary(named: file.vocabulary(vocab, messages.form))
        if let shards {
            try decodeShards(shards, vocabulary)
        } else if ids == ["-"] {
            try decodeStandardInput(vocabulary)
        } else {
            var parser = IDParser(vocabularyCount: vocabulary.count)
            var numbers: [TokenID] = []
            for id in ids { try parser.read(Array("\(id)\n".utf8), into: &numbers) }
            Terminal.write(try vocabulary.decodeText(numbers) + Array("\n".utf8))
        }
    }

    private func decodeStandardInput(_ vocabulary: Vocabulary) throws {
        var parser = IDParser(vocabularyCount: vocabulary.count)
        var stream = TextStream(vocabulary)
        var numbers: [TokenID] = []
        var text: [UInt8] = []
        // As much as there is at a time: memory does not grow with the input, not even when all ids
        // stand on one line, and a pipe answers at once, in whole characters.
        while let bytes = try Terminal.readInput() {
            try parser.read(bytes, into: &numbers)
            try stream.append(numbers.span, to: &text)
            Terminal.write(text)
            text.removeAll(keepingCapacity: true)
            numbers.removeAll(keepingCapacity: true)
        }
        try parser.finish(into: &numbers)
        try stream.append(numbers.span, to: &text)
        Terminal.write(text + stream.finish())
    }

    private func decodeShards(_ directory: String, _ vocabulary: Vocabulary) throws {
        let set = try ShardSet(directory: directory, vocabulary: vocabulary)
        let splits = split.map { [$0] } ?? Split.allCases
        try set.verifyChecksums(of: splits)
        let ending = Array(
            (separator ?? "\n").unescaped.utf8)
        var stream = TextStream(vocabulary)
        var text: [UInt8] = []
        for split in splits {
            for shard in set.shards(of: split) {
                for document in 0..<shard.documentCount {
                    // A part at a time, since a document may be as long as a shard.
                    let range = shard.textRange(ofDocument: document)
                    for start in stride(
                        from: range.lowerBound, to: range.upperBound, by: Self.idsAtOnce)
                    {
                        let end = min(start + Self.idsAtOnce, range.upperBound)
                        let ids = shard.tokens(start..<end)
                        try stream.append(ids.span, to: &text)
                        if text.count > Self.bytesAtOnce {
                            Terminal.write(text)
                            text.removeAll(keepingCapacity: true)
                        }
                    }
                    text += stream.finish()
                    text += ending
                }
            }
        }
        Terminal.write(text)
    }

    private static let idsAtOnce = 1 << 16
    private static let bytesAtOnce = 1 << 18
}
