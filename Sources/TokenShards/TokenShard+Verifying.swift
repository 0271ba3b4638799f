import Bytes
import Files
import Tokenization

extension TokenShard {
    /// Bytes of the shard and its index.
    var storedByteCount: Int { file.byteCount + index.byteCount }

    /// Bytes that are hashed between two reports.
    private static let chunkByteCount = 1 << 23

    /// Takes what was read out of the process's memory. O(pages in memory).
    func forgetPages() {
        file.forget()
        index.forgetPages()
    }

    /// Reads every byte and compares both files with their checksums. O(bytes).
    ///
    /// - Parameter progress: takes the bytes that have been read; ends the work by an error.
    func verifyChecksums(progress: (Int) throws -> Void) throws {
        try compare(
            checksum: file.withBytes { bytes in
                var hash = XXH64()
                var start = ShardHeader.byteCount
                while start < bytes.byteCount {
                    let end = min(start + Self.chunkByteCount, bytes.byteCount)
                    hash.update(bytes.extracting(start..<end))
                    file.forget(start..<end)
                    start = end
                    try progress(end)
                }
                return hash.digest()
            })
        try progress(storedByteCount)
    }

    /// As above, with no word on the way.
    func verifyChecksums() throws(ShardError) {
        try compare(
            checksum: file.withBytes { bytes in
                XXH64.hash(of: bytes.extracting(droppingFirst: ShardHeader.byteCount))
            })
    }

    /// Throws unless `checksum`, that of the ids, and that of the index are the manifest's.
    private func compare(checksum: UInt64) throws(ShardError) {
        guard hexadecimal(checksum) == entry.checksum else {
            throw .badShard(
                path: path,
                reason: "its checksum is \(hexadecimal(checksum)), not \(entry.checksum)")
        }
        guard hexadecimal(index.checksum()) == entry.indexChecksum else {
            throw .badShard(path: indexPath, reason: "its checksum is not the manifest's")
        }
    }

    /// Checks that the documents of the index follow one another and are as long as the manifest
    /// says. O(documents).
    func verifyIndex() throws(ShardError) {
        var previous = -1
        var byteCount = 0
        for number in 0..<index.count {
            let document = index[number]
            guard number == 0 ? document.firstToken == 0 : document.firstToken >= previous,
                document.firstToken <= tokenCount, document.byteCount >= 0,
                document.byteCount <= entry.bytes - byteCount
            else {
                throw .badShard(path: indexPath, reason: "document \(number) begins out of order")
            }
            previous = document.firstToken
            byteCount += document.byteCount
        }
        guard index.answersAreInOrder(tokenCount: tokenCount) else {
            throw .badShard(path: indexPath, reason: "its answers are out of order")
        }
        guard byteCount == entry.bytes else {
            throw .badShard(
                path: indexPath,
                reason:
                    "its documents have \(byteCount) bytes where the manifest says \(entry.bytes)")
        }
    }

    /// The end of a run of documents from `start` on that has some `tokenCount` tokens. O(documents
    /// of it).
    func endOfSlice(from start: Int, tokenCount: Int) -> Int {
        var end = start + 1
        let limit = index[start].firstToken + tokenCount
        while end < documentCount, index[end].firstToken < limit { end += 1 }
        return end
    }

    /// Checks the ids of `documents`: each is in the vocabulary, end-of-text tokens stand where the
    /// policy says, and the text is that which was encoded. The index must be sound. O(tokens).
    ///
    /// - Parameters:
    ///   - vocabulary: decodes the text; nil to leave that out.
    ///   - isEndOfTextAllowed: whether the end-of-text token may also stand inside a document.
    func verify(
        documents: Range<Int>, decodingWith vocabulary: Vocabulary?, isEndOfTextAllowed: Bool
    ) throws(ShardError) {
        var ids: [TokenID] = []
        var text: [UInt8] = []
        for number in documents {
            let range = tokenRange(ofDocument: number)
            if ids.count < range.count {
                ids.append(contentsOf: repeatElement(0, count: range.count - ids.count))
            }
            copyTokens(range, into: &ids)
            let size = header.vocabularySize
            for position in 0..<range.count where ids[position].index >= size {
                throw .badShard(
                    path: path,
                    reason: "token \(range.lowerBound + position) is outside the vocabulary")
            }
            let textRange = try verifyMarks(
                ids.span.extracting(first: range.count), document: number, isEndOfTextAllowed)
            guard let vocabulary else { continue }
            text.removeAll(keepingCapacity: true)
            do {
                try vocabulary.decode(ids.span.extracting(textRange), into: &text)
            } catch {
                throw .badShard(path: path, reason: error.description)
            }
            // What was changed before it was cut does not come back as it was.
            if vocabulary.changesTexts { continue }
            let document = index[number]
            guard text.count == document.byteCount,
                XXH64.hash(of: text.span) == document.contentHash
            else {
                throw .badShard(
                    path: path,
                    reason: "document \(number) does not decode to the text it was made of")
            }
        }
    }

    /// Returns where the text stands in `ids`, those of a document.
    private func verifyMarks(
        _ ids: Span<TokenID>, document number: Int, _ isAllowed: Bool
    ) throws(ShardError) -> Range<Int> {
        let marks = header.marks
        let (name, one) =
            header.named.isEmpty ? ("end-of-text token", "an") : ("begin or end token", "a")
        let least = (marks.begin == nil ? 0 : 1) + (marks.end == nil ? 0 : 1)
        guard ids.count >= least, marks.begin.map({ ids[0] == $0 }) ?? true,
            marks.end.map({ ids[ids.count - 1] == $0 }) ?? true
        else { throw .badShard(path: path, reason: "document \(number) lacks its \(name)") }
        let text = (marks.begin == nil ? 0 : 1)..<ids.count - (marks.end == nil ? 0 : 1)
        let isMarked = text.contains { ids[$0] == marks.begin || ids[$0] == marks.end }
        guard isAllowed || !isMarked else {
            throw .badShard(
                path: path, reason: "document \(number) holds \(one) \(name) inside")
        }
        return text
    }

    private var indexPath: String { ShardManifest.indexPath(of: path) }
}
