import Files
import Foundation

/// Index of a Megatron-LM data set; see ``ShardExport/writeMegatron(_:to:_:)`` for its
/// layout.
///
/// Sequences must lie one after the other from the file's beginning, as every builder writes them.
struct MegatronIndex {
    private static let magic = Array("MMIDIDX\0\0".utf8)
    private static let headerByteCount = 34

    let width: TokenWidth
    let tokenCount: Int
    /// The first token of each document.
    let documentStarts: [Int]

    /// Reads the file at `path`; nil if it is not there or begins otherwise. O(documents).
    init?(path: String) throws(ShardError) {
        guard FileManager.default.fileExists(atPath: path) else { return nil }
        let file: MappedFile
        do throws(FileError) {
            file = try MappedFile(path: path)
        } catch {
            throw .file(error)
        }
        let isIndex = file.withBytes { bytes in
            bytes.byteCount >= Self.magic.count
                && Self.magic.indices.allSatisfy { bytes.byte(at: $0) == Self.magic[$0] }
        }
        guard isIndex else { return nil }
        do {
            (width, tokenCount, documentStarts) = try file.withBytes {
                bytes throws(Problem) in try Self.read(bytes)
            }
        } catch {
            throw .foreign(path: path, reason: error.reason)
        }
    }

    private struct Problem: Error {
        var reason: String
    }

    private static func read(
        _ bytes: RawSpan
    ) throws(Problem) -> (TokenWidth, Int, [Int]) {
        guard bytes.byteCount >= headerByteCount else {
            throw Problem(reason: "it ends inside its header")
        }
        let version = bytes.littleEndian(at: 9, as: UInt64.self)
        guard version == 1 else { throw Problem(reason: "its version is \(version), not 1") }
        let code = bytes.byte(at: 17)
        guard let type = MegatronNumberType(rawValue: code) else {
            throw Problem(
                reason: """
                    its ids are numbers of type \(code): 16-bit unsigned (8) and 32-bit (4) are read
                    """)
        }
        let sequences = bytes.littleEndian(at: 18, as: UInt64.self)
        let entries = bytes.littleEndian(at: 26, as: UInt64.self)
        let body = UInt64(bytes.byteCount - headerByteCount)
        // An array of modes, one byte a sequence, may follow; it says nothing about ids.
        guard sequences <= body / 12, entries >= 1, entries <= body / 8,
            body == 12 * sequences + 8 * entries || body == 13 * sequences + 8 * entries
        else {
            throw Problem(
                reason: """
                    its size does not agree with the \(sequences) sequences and \(entries) \
                    document entries that it announces
                    """)
        }

        let (count, lengths) = (Int(sequences), headerByteCount)
        let places = lengths + 4 * count
        let documents = places + 8 * count
        let width = type.width.byteCount
        var starts: [Int] = []
        var (token, document) = (0, 0)
        func documentEntry(_ number: Int) -> Int64 {
            bytes.littleEndian(at: documents + 8 * number, as: Int64.self)
        }
        for sequence in 0..<count {
            let length = bytes.littleEndian(at: lengths + 4 * sequence, as: Int32.self)
            let place = bytes.littleEndian(at: places + 8 * sequence, as: Int64.self)
            guard length >= 0, place == Int64(token * width) else {
                throw Problem(
                    reason: "sequence \(sequence) does not begin where the one before it ends")
            }
            // The last entry is the end of all.
            while document < Int(entries) - 1, documentEntry(document) == Int64(sequence) {
                if starts.last != token { starts.append(token) }
                document += 1
            }
            token += Int(length)
        }
        // Documents without a sequence may stand at the end.
        while document < Int(entries) - 1, documentEntry(document) == sequences { document += 1 }
        guard document == Int(entries) - 1, documentEntry(document) == sequences else {
            throw Problem(reason: "its documents do not divide its sequences in order")
        }
        if starts.last == token { starts.removeLast() }
        return (type.width, token, starts)
    }
}

/// Number type of the ids of a Megatron-LM data set: the byte 17 of its index.
enum MegatronNumberType: UInt8 {
    case int32 = 4
    case uint16 = 8

    /// The type of ids that fit `width`; it has no unsigned type of 32 bits, and needs none.
    init(_ width: TokenWidth) {
        self = width == .uint16 ? .uint16 : .int32
    }

    /// The width of ids of this type.
    var width: TokenWidth { self == .uint16 ? .uint16 : .uint32 }
}
