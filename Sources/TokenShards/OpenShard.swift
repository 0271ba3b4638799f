import Storage

/// A shard that is being written, and its index.
struct OpenShard: ~Copyable {
    private var data: FileReplacement
    private var index: FileReplacement
    private let path: String
    private let width: TokenWidth
    private var pending: [UInt8] = []
    private var pendingIndex: [UInt8] = []
    private var hash = XXH64()
    private var documentCount = 0
    private var byteCount = 0
    private(set) var tokenCount = 0

    private static let flushByteCount = 1 << 20

    init(path: String, width: TokenWidth) throws {
        var data = try FileReplacement(path: path)
        var index = try FileReplacement(path: Self.indexPath(of: path))
        // The headers are known last; until then their places hold zeros.
        let header = [UInt8](repeating: 0, count: ShardHeader.byteCount)
        try unsafe data.write(header.span.bytes)
        let indexHeader = [UInt8](repeating: 0, count: DocumentIndex.headerByteCount)
        try unsafe index.write(indexHeader.span.bytes)
        self.path = path
        self.width = width
        self.data = data
        self.index = index
    }

    static func indexPath(of path: String) -> String {
        path.hasSuffix(".bin") ? path.dropLast(4) + ".idx" : path + ".idx"
    }

    mutating func append(
        _ ids: Span<UInt32>, endOfText: UInt32?, policy: EndOfTextPolicy, vocabularySize: Int,
        byteCount: Int, contentHash: UInt64, place: DocumentPlace?
    ) throws {
        guard tokenCount + ids.count < ShardHeader.maximumTokenCount else {
            throw ShardError.badShard(
                path: path, reason: "a document has more tokens than a shard's header can count")
        }
        pendingIndex.append(littleEndian: UInt64(tokenCount))
        pendingIndex.append(littleEndian: UInt64(byteCount))
        pendingIndex.append(littleEndian: contentHash)
        pendingIndex.append(littleEndian: DocumentPlace.word(of: place))

        let before = policy == .before ? endOfText : nil
        let after = policy == .after ? endOfText : nil
        let count = ids.count + (before == nil ? 0 : 1) + (after == nil ? 0 : 1)
        if let before { pack(before) }
        let size = UInt32(vocabularySize)
        for position in ids.indices {
            let id = ids[position]
            guard id < size else {
                throw ShardError.tokenOutOfRange(id: id, vocabularySize: vocabularySize)
            }
            pack(id)
        }
        if let after { pack(after) }

        tokenCount += count
        documentCount += 1
        self.byteCount += byteCount
        if pending.count >= Self.flushByteCount { try flush() }
    }

    private mutating func pack(_ id: UInt32) {
        pending.append(UInt8(truncatingIfNeeded: id))
        pending.append(UInt8(truncatingIfNeeded: id >> 8))
        if width == .uint32 {
            pending.append(UInt8(truncatingIfNeeded: id >> 16))
            pending.append(UInt8(truncatingIfNeeded: id >> 24))
        }
    }

    private mutating func flush() throws {
        var bytes: [UInt8] = []
        swap(&bytes, &pending)
        unsafe hash.update(bytes.span.bytes)
        try unsafe data.write(bytes.span.bytes)
        bytes.removeAll(keepingCapacity: true)
        swap(&bytes, &pending)

        var entries: [UInt8] = []
        swap(&entries, &pendingIndex)
        try unsafe index.write(entries.span.bytes)
        entries.removeAll(keepingCapacity: true)
        swap(&entries, &pendingIndex)
    }

    consuming func close(header: ShardHeader, split: Split) throws -> ShardManifest.Shard {
        try flush()
        let headerBytes = header.bytes
        try unsafe data.overwrite(headerBytes.span.bytes, at: 0)
        var indexHeader = DocumentIndex.magic
        indexHeader.append(littleEndian: DocumentIndex.version)
        indexHeader.append(littleEndian: UInt32(DocumentIndex.entryByteCount))
        indexHeader.append(littleEndian: UInt64(documentCount))
        try unsafe index.overwrite(indexHeader.span.bytes, at: 0)
        let (name, tokens, documents, bytes) = (
            path.split(separator: "/").last.map(String.init) ?? path, tokenCount, documentCount,
            byteCount
        )
        let (checksum, path) = (hash.digest(), path)
        try index.commit()
        try data.commit()
        let indexChecksum = try DocumentIndex(path: Self.indexPath(of: path)).checksum()
        return ShardManifest.Shard(
            name: name, split: split, tokens: tokens, documents: documents, bytes: bytes,
            checksum: hexadecimal(checksum), indexChecksum: hexadecimal(indexChecksum))
    }
}
