import Files

/// One shard, read through the page cache.
///
/// Opening it checks the header and the size against the manifest, not the ids: that takes
/// ``ShardSet/verify(decodingWith:threadCount:progress:)``, which reads everything.
public final class TokenShard: Sendable {
    let file: MappedFile
    let index: DocumentIndex
    let header: ShardHeader
    let entry: ShardManifest.Shard
    /// The number of the byte at which the ids begin.
    private let dataStart: Int

    /// The shard's path.
    public var path: String { file.path }

    /// The name of its file.
    public var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Tokens in the shard.
    public var tokenCount: Int { header.tokenCount }

    /// Width of a stored id.
    var width: TokenWidth { header.width }

    /// The tokens around each of its documents.
    var marks: DocumentMarks { header.marks }

    /// Whether it says which tokens of its conversations are to be learned.
    package var saysAnswers: Bool { index.answerCount != nil }

    /// The tokens of its conversations that are to be learned, in order. O(their number).
    package var answers: [Range<Int>] { index.answers(in: 0..<tokenCount) }

    /// Documents in the shard.
    public var documentCount: Int { index.count }

    /// A shard over a file that another program wrote, whose size was checked.
    init(
        file: MappedFile, dataStart: Int, index: DocumentIndex, header: ShardHeader,
        entry: ShardManifest.Shard
    ) {
        self.file = file
        self.dataStart = dataStart
        self.index = index
        self.header = header
        self.entry = entry
    }

    init(directory: String, entry: ShardManifest.Shard, manifest: ShardManifest) throws(ShardError)
    {
        guard !entry.name.contains("/"), entry.name.hasSuffix(".bin") else {
            throw .badManifest(
                path: directory + "/" + ShardManifest.fileName,
                reason: "\"\(entry.name)\" is no name of a shard")
        }
        let path = directory + "/" + entry.name
        do throws(FileError) {
            file = try MappedFile(path: path)
        } catch {
            throw .file(error)
        }
        guard entry.tokens >= 0, entry.tokens <= ShardHeader.maximumTokenCount,
            let fingerprint = UInt64(manifest.vocabulary.fingerprint, radix: 16),
            UInt32(exactly: manifest.vocabulary.size) != nil
        else {
            throw .badManifest(
                path: directory + "/" + ShardManifest.fileName,
                reason: "a number in it is out of range")
        }
        header = ShardHeader(
            width: manifest.dtype, tokenCount: entry.tokens,
            vocabularySize: manifest.vocabulary.size, vocabularyFingerprint: fingerprint,
            endOfText: manifest.endOfText, endOfTextID: manifest.endOfTextID ?? 0,
            named: DocumentMarks(begin: manifest.beginTokenID, end: manifest.endTokenID))
        self.entry = entry
        dataStart = ShardHeader.byteCount

        let expected = ShardHeader.byteCount + entry.tokens * manifest.dtype.byteCount
        guard file.byteCount == expected else {
            throw .badShard(
                path: path,
                reason: "it has \(file.byteCount) bytes where its manifest says \(expected)")
        }
        let headerBytes = header.bytes
        let headerIsRight = file.withBytes { bytes in
            headerBytes.indices.allSatisfy { bytes.byte(at: $0) == headerBytes[$0] }
        }
        guard headerIsRight else {
            throw .badShard(path: path, reason: "its header is not what its manifest says")
        }
        index = try DocumentIndex(path: ShardManifest.indexPath(of: path))
        guard index.count == entry.documents else {
            throw .badShard(
                path: ShardManifest.indexPath(of: path),
                reason: "it has \(index.count) documents where the manifest says \(entry.documents)"
            )
        }
    }

    /// Copies the tokens of `range` to `destination`, from its element `offset` on. O(count).
    ///
    /// - Precondition: the tokens and the elements exist.
    func copyTokens(
        _ range: Range<Int>, into destination: inout [TokenID], at offset: Int = 0
    ) {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= tokenCount,
            "tokens \(range) of \(tokenCount)")
        precondition(
            offset >= 0 && offset + range.count <= destination.count,
            "\(range.count) elements at \(offset) of \(destination.count)")
        let start = dataStart + range.lowerBound * header.width.byteCount
        var span = destination.mutableSpan
        file.withBytes { bytes in
            // The size was checked against the count when the file was opened.
            if header.width == .uint16 {
                for position in 0..<range.count {
                    let id = unsafe bytes.unsafeLoad(
                        fromUncheckedByteOffset: start &+ position &* 2, as: UInt16.self)
                    span[offset &+ position] = TokenID(UInt32(UInt16(littleEndian: id)))
                }
            } else {
                for position in 0..<range.count {
                    let id = unsafe bytes.unsafeLoad(
                        fromUncheckedByteOffset: start &+ position &* 4, as: UInt32.self)
                    span[offset &+ position] = TokenID(UInt32(littleEndian: id))
                }
            }
        }
    }

    /// Calls `body` with the bytes of the tokens `range`, as they are stored.
    func withTokenBytes<Result>(
        _ range: Range<Int>, _ body: (RawSpan) throws -> Result
    ) rethrows -> Result {
        precondition(
            range.lowerBound >= 0 && range.upperBound <= tokenCount,
            "tokens \(range) of \(tokenCount)")
        let width = header.width.byteCount
        let start = dataStart + range.lowerBound * width
        return try file.withBytes { bytes in
            try body(bytes.extracting(start..<start + range.count * width))
        }
    }

    /// Tokens `range`, as ids. O(count).
    public func tokens(_ range: Range<Int>) -> [TokenID] {
        var ids = [TokenID](repeating: 0, count: range.count)
        copyTokens(range, into: &ids)
        return ids
    }

    /// Document `number` of the shard.
    public func document(_ number: Int) -> DocumentEntry { index[number] }

    /// Tokens of document `number` in the shard, those that mark its bounds included.
    public func tokenRange(ofDocument number: Int) -> Range<Int> {
        // An index that was not verified may say anything.
        func place(_ number: Int) -> Int {
            number < index.count ? min(max(index[number].firstToken, 0), tokenCount) : tokenCount
        }
        let start = place(number)
        return start..<max(start, place(number + 1))
    }

    /// The number of the document that holds token `position`. O(log documents).
    public func document(containing position: Int) -> Int {
        var low = 0
        var high = index.count
        while low + 1 < high {
            let middle = (low + high) / 2
            if index[middle].firstToken <= position { low = middle } else { high = middle }
        }
        return low
    }

    /// Tokens of document `number` in the shard, without those that mark its bounds.
    public func textRange(ofDocument number: Int) -> Range<Int> {
        var range = tokenRange(ofDocument: number)
        // A foreign file may begin inside a document, or end there.
        func isThere(_ mark: TokenID?, _ place: Int) -> Bool {
            guard let mark, range.contains(place) else { return false }
            return tokens(place..<place + 1) == [mark]
        }
        if isThere(marks.begin, range.lowerBound) { range = range.dropFirst() }
        if isThere(marks.end, range.upperBound - 1) { range = range.dropLast() }
        return range
    }

    /// Document `number`'s ids without those that mark its bounds. O(its tokens).
    public func text(ofDocument number: Int) -> [TokenID] {
        tokens(textRange(ofDocument: number))
    }
}
