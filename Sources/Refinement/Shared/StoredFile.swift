import Bytes
import Files
import Synchronization

/// A file of shared work as it was written: its length and the XXH64 of its bytes.
struct StoredFile: Codable, Equatable, Sendable {
    var bytes: Int
    /// In hexadecimal.
    var checksum: String

    /// Throws unless the file at `path` is as it was written. O(bytes).
    func check(path: String) throws {
        let file = try OpenFile(path: path)
        var hash = XXH64()
        var buffer = [UInt8](repeating: 0, count: max(1, min(bytes, 1 << 20)))
        var offset = 0
        while case let count = try file.read(into: &buffer, at: offset), count > 0 {
            unsafe hash.update(buffer.span.extracting(first: count).bytes)
            offset += count
        }
        guard offset == bytes, hexadecimal(hash.digest()) == checksum else {
            throw RefinementError.damagedUnit(path: path)
        }
    }
}

/// Files that were compared with their checksums by this process, once each.
///
/// A class, because all units of a process share it.
final class CheckedFiles: Sendable {
    private let paths = Mutex<Set<String>>([])

    /// Throws unless the file at `path` is as it was written. O(bytes) the first time.
    func check(_ file: StoredFile, path: String) throws {
        if paths.withLock({ $0.contains(path) }) { return }
        try file.check(path: path)
        paths.withLock { _ = $0.insert(path) }
    }
}

/// Writes a file of shared work, of bytes and words, which appears when it is whole.
///
/// A class, because closures of sorters write to it.
final class StoredFileWriter {
    private var file: FileReplacement
    private var hash = XXH64()
    private var words: [UInt64] = []
    /// Bytes so far.
    private(set) var byteCount = 0

    private static let bufferedWordCount = 1 << 15

    /// Begins the file at `path`.
    init(path: String) throws(FileError) {
        file = try FileReplacement(path: path)
        words.reserveCapacity(Self.bufferedWordCount)
    }

    /// Appends a word of 64 bits, in the processor's order, which is little-endian wherever this
    /// program runs.
    func append(_ word: UInt64) throws(FileError) {
        words.append(word)
        byteCount += 8
        if words.count == Self.bufferedWordCount { try flush() }
    }

    /// Appends words.
    func append(_ all: [UInt64]) throws(FileError) {
        try flush()
        byteCount += 8 * all.count
        try unsafe write(all.span.bytes)
    }

    /// Appends values of 32 bits.
    func append(_ all: [UInt32]) throws(FileError) {
        try flush()
        byteCount += 4 * all.count
        try unsafe write(all.span.bytes)
    }

    /// Appends bytes.
    func append(_ bytes: [UInt8]) throws(FileError) {
        try flush()
        byteCount += bytes.count
        try unsafe write(bytes.span.bytes)
    }

    private func flush() throws(FileError) {
        guard !words.isEmpty else { return }
        let full = words
        try unsafe write(full.span.bytes)
        words.removeAll(keepingCapacity: true)
    }

    private func write(_ bytes: RawSpan) throws(FileError) {
        hash.update(bytes)
        try file.write(bytes)
    }

    /// Makes the file durable and gives it its name.
    func commit() throws(FileError) -> StoredFile {
        try flush()
        try file.commit()
        return StoredFile(bytes: byteCount, checksum: hexadecimal(hash.digest()))
    }
}

/// Reads rows of words of a stored file, one after another, in bounded memory.
///
/// Read from the first row to the last, a file is compared with its checksum.
struct RowReader {
    private let file: OpenFile
    private let stored: StoredFile
    private let rowByteCount: Int
    private var hash: XXH64?
    private var unread: Range<Int>
    private var buffer: [UInt8]
    private var offset: Int
    private var filledCount = 0

    /// Rows of `width` words of the file at `path`.
    ///
    /// - Parameter rows: the numbers of the rows to read; all of them unless they are given.
    init(
        path: String, _ stored: StoredFile, width: Int, rows: Range<Int>? = nil,
        bufferByteCount: Int = 256 << 10
    ) throws {
        file = try OpenFile(path: path)
        self.stored = stored
        rowByteCount = 8 * width
        let count = stored.bytes / rowByteCount
        let rows = rows ?? 0..<count
        precondition(rows.upperBound <= count, "rows that are there")
        guard try file.byteCount == stored.bytes, stored.bytes % rowByteCount == 0 else {
            throw RefinementError.damagedUnit(path: path)
        }
        unread = rows.lowerBound * rowByteCount..<rows.upperBound * rowByteCount
        hash = unread == 0..<stored.bytes ? XXH64() : nil
        let capacity = max(1, min(bufferByteCount, unread.count) / rowByteCount) * rowByteCount
        buffer = Array(repeating: 0, count: capacity)
        offset = -rowByteCount
    }

    /// Goes to the next row; false behind the last.
    mutating func advance() throws -> Bool {
        offset += rowByteCount
        guard offset >= filledCount else { return true }
        guard !unread.isEmpty else {
            offset = filledCount
            if let hash, hexadecimal(hash.digest()) != stored.checksum {
                throw RefinementError.damagedUnit(path: file.path)
            }
            hash = nil
            return false
        }
        filledCount = min(buffer.count, unread.count)
        if filledCount < buffer.count { buffer.removeSubrange(filledCount...) }
        guard try file.read(into: &buffer, at: unread.lowerBound) == filledCount else {
            throw RefinementError.damagedUnit(path: file.path)
        }
        let bytes = buffer
        unsafe hash?.update(bytes.span.bytes)
        unread = unread.lowerBound + filledCount..<unread.upperBound
        offset = 0
        return true
    }

    /// A word of the row that was gone to.
    func word(_ index: Int) -> UInt64 {
        unsafe buffer.withUnsafeBytes {
            unsafe $0.loadUnaligned(fromByteOffset: offset + 8 * index, as: UInt64.self)
        }
    }
}

/// Single rows of stored files, which many are asked for in no order.
///
/// A class, because it keeps files open for the next question.
final class RowFinder {
    private var files: [String: OpenFile] = [:]
    private var buffer: [UInt8] = []

    /// Files that are held open; the system allows a process some hundreds at least.
    private static let openCount = 128

    /// The words of a row of the file at `path`.
    func row(_ number: Int, width: Int, path: String) throws -> [UInt64] {
        let bytes = try bytes(number * 8 * width, count: 8 * width, path: path)
        return unsafe bytes.withUnsafeBytes { unsafe Array($0.bindMemory(to: UInt64.self)) }
    }

    /// Bytes of the file at `path`.
    func bytes(_ offset: Int, count: Int, path: String) throws -> [UInt8] {
        let file = try files[path] ?? open(path)
        if buffer.count != count { buffer = Array(repeating: 0, count: count) }
        guard try file.read(into: &buffer, at: offset) == count else {
            throw RefinementError.damagedUnit(path: path)
        }
        return buffer
    }

    private func open(_ path: String) throws -> OpenFile {
        if files.count >= Self.openCount { files = [:] }
        let file = try OpenFile(path: path)
        files[path] = file
        return file
    }
}
