import Files

/// A file of ids that another program wrote.
struct ForeignFile {
    let file: MappedFile
    let layout: DataSetLayout
    let split: Split
    let width: TokenWidth
    /// The number of the byte at which the ids begin.
    let dataStart: Int
    let tokenCount: Int
    /// The first token of each document, where the layout says so.
    let documentStarts: [Int]?

    /// Whether a file of this name holds ids, or says where they lie.
    static func isOfIDs(_ name: String) -> Bool {
        !name.hasPrefix(".") && (name.hasSuffix(".bin") || name.hasSuffix(".idx"))
    }

    /// The split that the name of a file tells: validation if one of its words says so, the words
    /// being what stands between other characters than letters.
    static func split(ofName name: String) -> Split {
        let words = name.lowercased().split { !$0.isLetter }
        return words.contains { validationWords.contains(String($0)) } ? .validation : .train
    }

    private static let validationWords: Set = ["val", "valid", "validation", "eval", "evaluation"]

    /// Layout of the file `name` in `directory`; nil for one of Quern's own, by its
    /// header or its name, whose directory is not finished.
    ///
    /// llm.c's shards are known by their magic number, Megatron-LM's pairs by their index,
    /// nanoGPT's files by their names. The split is that of ``split(ofName:)``.
    ///
    /// - Throws: ``ShardError/foreign(path:reason:)`` for a file that is none of these, or begins
    ///   as one and goes on otherwise.
    init?(directory: String, name: String) throws(ShardError) {
        let path = directory + "/" + name
        split = Self.split(ofName: name)
        do throws(FileError) {
            file = try MappedFile(path: path)
        } catch {
            throw .file(error)
        }
        if let index = try MegatronIndex(path: path.dropLast(4) + ".idx") {
            layout = .megatron
            width = index.width
            dataStart = 0
            tokenCount = index.tokenCount
            documentStarts = index.documentStarts
            guard file.byteCount == tokenCount * width.byteCount else {
                throw .foreign(
                    path: path,
                    reason: """
                        it has \(file.byteCount) bytes where its index says \
                        \(tokenCount * width.byteCount)
                        """)
            }
        } else if let header = try Self.llmcHeader(of: file) {
            if header.isQuerns { return nil }
            layout = .llmc
            (width, tokenCount) = (header.width, header.tokenCount)
            dataStart = ShardHeader.byteCount
            documentStarts = nil
        } else if ["train.bin", "val.bin"].contains(name) {
            layout = .nanogpt
            width = .uint16
            guard file.byteCount % 2 == 0 else {
                throw .foreign(
                    path: path, reason: "nanoGPT's ids have two bytes each, and its size is odd")
            }
            tokenCount = file.byteCount / 2
            dataStart = 0
            documentStarts = nil
        } else if ShardManifest.isShardFile(name) {
            return nil
        } else {
            throw .foreign(
                path: path,
                reason: """
                    it has neither llm.c's header nor an index of Megatron-LM's beside it, and \
                    nanoGPT's files are train.bin and val.bin: move it out of the directory, or \
                    give it the layout of the others
                    """)
        }
    }

    /// The width and the number of ids that an llm.c header says, and whether it has fields of
    /// Quern's; nil if there is none.
    private static func llmcHeader(
        of file: MappedFile
    ) throws(ShardError) -> (width: TokenWidth, tokenCount: Int, isQuerns: Bool)? {
        guard file.byteCount >= ShardHeader.byteCount else { return nil }
        let words = file.withBytes { bytes in
            [0, 1, 2, 8].map { bytes.littleEndian(at: 4 * $0, as: Int32.self) }
        }
        let width: TokenWidth
        switch (words[0], words[1]) {
        case (20_240_520, 1): width = .uint16
        case (20_240_801, 7): width = .uint32
        default: return nil
        }
        guard words[3] == 0 else { return (width, Int(words[2]), true) }
        let expected = ShardHeader.byteCount + Int(words[2]) * width.byteCount
        guard words[2] >= 0, file.byteCount == expected else {
            throw .foreign(
                path: file.path,
                reason: "it has \(file.byteCount) bytes where its header says \(expected)")
        }
        return (width, Int(words[2]), false)
    }
}
