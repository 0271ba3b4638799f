import Bytes
import Files

/// A shard that is being written, and its index. Headers are known last; until then their places
/// hold zeros.
struct OpenShard {
    /// State that is needed to go on with a shard after its process has ended.
    struct State: Codable, Equatable, Sendable {
        var name: String
        var split: Split
        var tokens: Int
        var documents: Int
        var bytes: Int
        /// XXH64 of the ids so far, in hexadecimal.
        var checksum: String
        /// XXH64 of the index's entries so far, in hexadecimal.
        var entriesChecksum: String

        enum CodingKeys: String, CodingKey {
            case name, split, tokens, documents, bytes, checksum
            case entriesChecksum = "entries_checksum"
        }
    }

    private let data: GrowingFile
    private let index: GrowingFile
    private let name: String
    private let split: Split
    private var pending: [UInt8] = []
    private var pendingEntries: [UInt8] = []
    private var hash = XXH64()
    private var entriesHash = XXH64()
    private var documentCount = 0
    /// Tokens that are to be learned.
    private var answers: [Range<Int>] = []
    /// Whether the ids of all documents tell them.
    private var idsTellAnswers = true
    private var byteCount = 0
    private(set) var tokenCount = 0

    private static let flushByteCount = 1 << 20
    /// From here on bytes are not put together with others before they are written.
    private static let directByteCount = 1 << 18

    /// Starts the shard `name` in `directory`.
    init(directory: String, name: String, split: Split) throws(FileError) {
        let path = directory + "/" + name
        data = try GrowingFile(creating: path)
        index = try GrowingFile(creating: ShardManifest.indexPath(of: path))
        self.name = name
        self.split = split
        let header = [UInt8](repeating: 0, count: ShardHeader.byteCount)
        try unsafe data.append(header.span.bytes)
        try unsafe index.append(
            header.span.extracting(first: DocumentIndex.headerByteCount).bytes)
    }

    /// Goes on with a shard from `state`, cutting off what came after it. O(bytes): everything that
    /// is kept is read and compared with its checksum.
    init(directory: String, continuing state: State, width: TokenWidth) throws {
        let path = directory + "/" + state.name
        let idsEnd = ShardHeader.byteCount + state.tokens * width.byteCount
        let entriesEnd =
            DocumentIndex.headerByteCount + state.documents * DocumentIndex.entryByteCount
        let data = try GrowingFile(continuing: path, byteCount: idsEnd)
        let index = try GrowingFile(
            continuing: ShardManifest.indexPath(of: path), byteCount: entriesEnd)
        var (hash, entriesHash) = (XXH64(), XXH64())
        try data.hash(ShardHeader.byteCount..<idsEnd, into: &hash)
        try index.hash(DocumentIndex.headerByteCount..<entriesEnd, into: &entriesHash)
        guard hexadecimal(hash.digest()) == state.checksum,
            hexadecimal(entriesHash.digest()) == state.entriesChecksum
        else {
            throw ShardError.badShard(path: path, reason: "it is not what was written")
        }
        self.data = data
        self.index = index
        name = state.name
        split = state.split
        tokenCount = state.tokens
        documentCount = state.documents
        byteCount = state.bytes
        self.hash = hash
        self.entriesHash = entriesHash
    }

    /// Both files, for syncing.
    var files: [GrowingFile] { [data, index] }

    /// Appends documents, whose ids are `bytes` one after the other.
    mutating func append(
        _ bytes: RawSpan, of entries: ArraySlice<PackedDocuments.Entry>
    ) throws {
        for entry in entries {
            guard tokenCount + entry.tokenCount <= ShardHeader.maximumTokenCount else {
                throw ShardError.badShard(
                    path: data.path,
                    reason: "a document has more tokens than a shard's header can count")
            }
            pendingEntries.append(littleEndian: UInt64(tokenCount))
            pendingEntries.append(littleEndian: UInt64(entry.byteCount))
            pendingEntries.append(littleEndian: entry.contentHash)
            pendingEntries.append(littleEndian: DocumentPlace.word(of: entry.place))
            if let learned = entry.answers {
                for range in learned {
                    answers.append(range.lowerBound + tokenCount..<range.upperBound + tokenCount)
                }
            }
            idsTellAnswers = idsTellAnswers && entry.idsTellAnswers
            tokenCount += entry.tokenCount
            documentCount += 1
            byteCount += entry.byteCount
        }
        if bytes.byteCount >= Self.directByteCount {
            try flush()
            try Self.write(bytes, to: data, &hash)
        } else {
            unsafe bytes.withUnsafeBytes { unsafe pending.append(contentsOf: $0) }
            if pending.count >= Self.flushByteCount { try flush() }
        }
    }

    /// Hands everything to the operating system.
    private mutating func flush() throws(FileError) {
        try Self.flush(&pending, to: data, &hash)
        try Self.flush(&pendingEntries, to: index, &entriesHash)
    }

    private static func flush(
        _ pending: inout [UInt8], to file: GrowingFile, _ hash: inout XXH64
    ) throws(FileError) {
        try unsafe write(pending.span.bytes, to: file, &hash)
        pending.removeAll(keepingCapacity: true)
    }

    private static func write(
        _ bytes: RawSpan, to file: GrowingFile, _ hash: inout XXH64
    ) throws(FileError) {
        guard !bytes.isEmpty else { return }
        hash.update(bytes)
        try file.append(bytes)
    }

    /// Hands everything to the operating system and says how far the shard is.
    mutating func flushedState() throws(FileError) -> State {
        try flush()
        return State(
            name: name, split: split, tokens: tokenCount, documents: documentCount,
            bytes: byteCount, checksum: hexadecimal(hash.digest()),
            entriesChecksum: hexadecimal(entriesHash.digest()))
    }

    /// Writes the headers; the files are whole then, and not synced.
    mutating func close(format: ShardFormat) throws -> ShardManifest.Shard {
        try flush()
        let header = format.header(tokenCount: tokenCount).bytes
        try unsafe data.overwrite(header.span.bytes, at: 0)
        var indexHeader = DocumentIndex.magic
        indexHeader.append(
            littleEndian: idsTellAnswers
                ? DocumentIndex.version : DocumentIndex.versionWithAnswers)
        indexHeader.append(littleEndian: UInt32(DocumentIndex.entryByteCount))
        indexHeader.append(littleEndian: UInt64(documentCount))
        try unsafe index.overwrite(indexHeader.span.bytes, at: 0)
        var indexHash = XXH64()
        var indexEnd = indexHeader.count + documentCount * DocumentIndex.entryByteCount
        if !idsTellAnswers {
            var tail: [UInt8] = []
            tail.append(littleEndian: UInt64(answers.count))
            for range in answers {
                tail.append(littleEndian: UInt64(range.lowerBound))
                tail.append(littleEndian: UInt64(range.upperBound))
            }
            try unsafe index.append(tail.span.bytes)
            indexEnd += tail.count
        }
        try index.hash(0..<indexEnd, into: &indexHash)
        return ShardManifest.Shard(
            name: name, split: split, tokens: tokenCount, documents: documentCount,
            bytes: byteCount, checksum: hexadecimal(hash.digest()),
            indexChecksum: hexadecimal(indexHash.digest()))
    }
}
