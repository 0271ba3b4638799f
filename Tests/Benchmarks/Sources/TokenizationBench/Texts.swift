import Foundation

/// Documents in memory, one after the other.
struct Texts: Sendable {
    let bytes: [UInt8]

    /// The place of each document; together they are all of ``bytes``.
    let documents: [Range<Int>]

    /// The first documents of a flat file, as many as fit into `limit` bytes, but at least one.
    ///
    /// - Parameters:
    ///   - flat: the documents' bytes one after the other.
    ///   - lengths: their lengths as little-endian 64-bit numbers; `nil` makes the file one
    ///     document.
    init(flat: String, lengths: String?, limit: Int?) throws {
        let all = try [UInt8](Data(contentsOf: URL(fileURLWithPath: flat), options: .alwaysMapped))
        var documents: [Range<Int>] = []
        var end = 0
        for length in try Self.lengths(in: lengths) ?? [all.count] {
            guard length >= 0, length <= all.count - end else {
                throw BenchError("\(lengths ?? flat): the lengths do not fit \(flat)")
            }
            if let limit, !documents.isEmpty, end + length > limit { break }
            documents.append(end..<end + length)
            end += length
        }
        bytes = end == all.count ? all : Array(all[..<end])
        self.documents = documents
    }

    /// Everything as one document.
    var joined: Texts { Texts(bytes: bytes, documents: [0..<bytes.count]) }

    private init(bytes: [UInt8], documents: [Range<Int>]) {
        self.bytes = bytes
        self.documents = documents
    }

    /// The documents cut into `count` runs of about as many bytes each.
    func shares(_ count: Int) -> [ArraySlice<Range<Int>>] {
        var shares: [ArraySlice<Range<Int>>] = []
        var start = 0
        for index in 1...count {
            let limit = bytes.count * index / count
            var end = start
            while end < documents.count, documents[end].upperBound <= limit { end += 1 }
            // The last run takes the documents that division leaves over.
            if index == count { end = documents.count }
            shares.append(documents[start..<end])
            start = end
        }
        return shares
    }

    private static func lengths(in path: String?) throws -> [Int]? {
        guard let path else { return nil }
        let data = try [UInt8](Data(contentsOf: URL(fileURLWithPath: path)))
        return stride(from: 0, to: data.count, by: 8).map { place in
            (0..<8).reduce(0) { $0 | Int(data[place + $1]) << ($1 * 8) }
        }
    }
}

/// A sentence for the one who runs the benchmark.
struct BenchError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
