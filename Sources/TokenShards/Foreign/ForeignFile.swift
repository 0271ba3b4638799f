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

    /// Layout of the file `name` in `directory`; nil if it is no file of ids that is known here.
    ///
    /// llm.c's shards are known by their magic number, Megatron-LM's pairs by their index,
    /// nanoGPT's files by their names. What has "val" in its name is the validation split.
    ///
    /// - Throws: ``ShardError/foreign(path:reason:)`` for a file that begins as one and goes on
    ///   otherwise.
    init?(directory: String, name: String) throws(ShardError) {
        guard name.hasSuffix(".bin") else { return nil }
        let path = directory + "/" + name
        split = name.lowercased().contains("val") ? .validation : .train
        do {
            file = try MappedFile(path: path)
        } catch {
            throw .foreign(path: path, reason: error.description)
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
            layout = .llmc
            (width, tokenCount) = header
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
        } else {
            return nil
        }
    }

    /// The width and the number of ids that an llm.c header says; nil if there is none, or if it is
    /// one of Quern's own, whose directory is not finished.
    private static func llmcHeader(
        of file: MappedFile
    ) throws(ShardError) -> (TokenWidth, Int)? {
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
        guard words[3] == 0 else { return nil }
        let expected = ShardHeader.byteCount + Int(words[2]) * width.byteCount
        guard words[2] >= 0, file.byteCount == expected else {
            throw .foreign(
                path: file.path,
                reason: "it has \(file.byteCount) bytes where its header says \(expected)")
        }
        return (width, Int(words[2]))
    }
}
