import Storage

/// Where one document stands in a shard, and what its text was.
public struct DocumentEntry: Equatable, Sendable {
    /// The number of its first token in the shard; its end-of-text token belongs to it.
    public var firstToken: Int
    /// The length of its text in bytes.
    public var byteCount: Int
    /// The XXH64 of its text.
    public var contentHash: UInt64
}

/// The file beside a shard that says where each document begins and what its text was.
///
/// Layout, little-endian: the eight bytes `QUERNIDX`; a 32-bit version, 1; the 32-bit size of an
/// entry, 24; the 64-bit number of entries; then for each document three 64-bit words: first token,
/// bytes of text, XXH64 of the text. No format of the field records what a document's text was, and
/// without that nobody can show that a shard decodes to its source.
struct DocumentIndex {
    static let magic = Array("QUERNIDX".utf8)
    static let headerByteCount = 24
    static let entryByteCount = 24

    private let file: MappedFile
    let count: Int

    init(path: String) throws(ShardError) {
        do {
            file = try MappedFile(path: path)
        } catch {
            throw .badShard(path: path, reason: error.description)
        }
        guard file.byteCount >= Self.headerByteCount else {
            throw .badShard(path: path, reason: "it ends inside its header")
        }
        let (isIndex, entries) = file.withBytes { bytes in
            var matches = true
            for (offset, byte) in Self.magic.enumerated() {
                matches = matches && bytes.byte(at: offset) == byte
            }
            let version = bytes.littleEndian(at: 8, as: UInt32.self)
            let size = bytes.littleEndian(at: 12, as: UInt32.self)
            return (
                matches && version == 1 && size == UInt32(Self.entryByteCount),
                bytes.littleEndian(at: 16, as: UInt64.self)
            )
        }
        guard isIndex else { throw .badShard(path: path, reason: "it is no document index") }
        let body = file.byteCount - Self.headerByteCount
        guard body % Self.entryByteCount == 0, entries == UInt64(body / Self.entryByteCount) else {
            throw .badShard(
                path: path,
                reason: "its size does not agree with the \(entries) entries it announces")
        }
        count = body / Self.entryByteCount
    }

    /// Entry `index`, which must be below ``count``.
    subscript(index: Int) -> DocumentEntry {
        precondition(index >= 0 && index < count, "document \(index) of \(count)")
        let offset = Self.headerByteCount + index * Self.entryByteCount
        return file.withBytes { bytes in
            DocumentEntry(
                firstToken: Int(
                    truncatingIfNeeded: bytes.littleEndian(at: offset, as: UInt64.self)),
                byteCount: Int(
                    truncatingIfNeeded: bytes.littleEndian(at: offset + 8, as: UInt64.self)),
                contentHash: bytes.littleEndian(at: offset + 16, as: UInt64.self))
        }
    }

    /// The XXH64 of the whole file. O(bytes).
    func checksum() -> UInt64 {
        file.withBytes { XXH64.hash(of: $0) }
    }
}

extension RawSpan {
    /// The byte at `offset`, which is checked.
    func byte(at offset: Int) -> UInt8 {
        precondition(offset >= 0 && offset < byteCount, "byte \(offset) of \(byteCount)")
        return unsafe unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self)
    }

    /// The little-endian integer at `offset`, which is checked and need not be aligned.
    func littleEndian<Value: FixedWidthInteger & BitwiseCopyable>(
        at offset: Int, as type: Value.Type
    ) -> Value {
        precondition(
            offset >= 0 && offset + MemoryLayout<Value>.size <= byteCount,
            "bytes from \(offset) of \(byteCount)")
        return Value(littleEndian: unsafe unsafeLoadUnaligned(fromByteOffset: offset, as: type))
    }
}
