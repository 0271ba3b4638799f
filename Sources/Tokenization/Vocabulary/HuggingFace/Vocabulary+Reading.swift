import Bytes
package import Files

extension Vocabulary {
    /// Reads the `tokenizer.json` in the directory at `path`, or the file at `path` itself.
    /// O(size of the file).
    ///
    /// A file that would give other ids here than with `tokenizers` is refused, with the reason.
    public init(directory path: String) throws(TokenizationError) {
        var filePath = path
        if !path.hasSuffix(".json") {
            filePath += path.hasSuffix("/") ? "tokenizer.json" : "/tokenizer.json"
        }
        let file = try MappedFile.opened(filePath)
        self = try file.withBytes { (bytes) throws(TokenizationError) in
            // A span of bytes from a raw span of the same memory, which any bits are valid for.
            let span = Span<UInt8>(_bytes: bytes)
            return try Vocabulary(tokenizerJSON: span, path: filePath)
        }
    }

    /// Reads the bytes of a `tokenizer.json`. O(size).
    ///
    /// - Parameters:
    ///   - bytes: the whole file.
    ///   - path: the file's name in errors.
    public init(
        tokenizerJSON bytes: Span<UInt8>, path: String = "tokenizer.json"
    ) throws(TokenizationError) {
        self = try ByteView.with(bytes) { (view) throws(TokenizationError) in
            try TokenizerFile(view, path: path).vocabulary()
        }
    }
}

extension MappedFile {
    /// The file at `path`.
    package static func opened(_ path: String) throws(TokenizationError) -> MappedFile {
        do throws(FileError) {
            return try MappedFile(path: path)
        } catch {
            throw .file(error)
        }
    }
}

/// A few merges that have been read but not looked up.
///
/// Looking up is waiting for memory: done for many names in a row, the waits overlap.
struct MergeBatch: ~Copyable {
    /// The names, one after another: two a merge.
    var names = ByteArena(capacity: 1 << 12)

    /// For each merge, where its second name begins and where it ends, and its place in the file.
    private var merges: [(middle: Int, end: Int, position: Int)] = []

    private static let capacity = 64

    /// Number of merges.
    var count: Int { merges.count }

    /// Whether it is time to look up.
    var isFull: Bool { merges.count >= Self.capacity }

    /// The last bytes, from the end of the merge before, are a merge.
    mutating func end(middle: Int, position: Int) {
        merges.append((middle, names.count, position))
    }

    /// Looks up all names, appends the merges to `pairs` and forgets them. O(size).
    mutating func take(
        _ tokens: TokenTable, into pairs: inout [MergePair], path: String
    ) throws(TokenizationError) {
        var start = 0
        let text = names.bytes
        for merge in merges {
            guard let left = tokens.id(of: text, from: start, to: merge.middle),
                let right = tokens.id(of: text, from: merge.middle, to: merge.end)
            else {
                for (from, to) in [(start, merge.middle), (merge.middle, merge.end)] {
                    let name = text.array(from: from, to: to)
                    guard !name.isEmpty, tokens.hasSpecial(name) else { continue }
                    throw .invalidVocabulary(
                        reason: MergeTable.namesSpecial(name, merge: pairs.count))
                }
                throw Self.failure(pairs.count, at: merge.position, path: path)
            }
            pairs.append(MergePair(left: left, right: right))
            start = merge.end
        }
        merges.removeAll(keepingCapacity: true)
        names.truncate(to: 0)
    }

    /// The error that merge `index` is none.
    static func failure(_ index: Int, at position: Int, path: String) -> TokenizationError {
        .malformed(
            path: path, offset: position,
            reason: "merge \(index) does not name two tokens of the vocabulary")
    }
}
