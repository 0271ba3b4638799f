import Foundation
import Tokenization

/// One line of JSON about a run.
struct Report: Encodable {
    var mode: String
    var threads: Int
    var bytes: Int
    var documents: Int
    /// Ids, or pieces where only those are made.
    var count: Int
    /// See ``Checksum``.
    var checksum: String?
    /// MB/s of text of the first pass of a new encoder: the median of the repetitions.
    var first: Double
    /// The same by the time that processors worked.
    var firstCPU: Double
    /// MB/s of the later passes: the median of all of them.
    var later: Double?
    var laterCPU: Double?
    /// The best first pass and the best later pass.
    var firstBest: Double
    var laterBest: Double?
    /// Time of each pass of each repetition.
    var seconds: [[Double]]
    var processorSeconds: [[Double]]
    var peakMegabytes: Double

    /// The report in one line, keys in order.
    func line() throws -> String {
        let encoder = JSONEncoder()
        encoder.keyEncodingStrategy = .convertToSnakeCase
        encoder.outputFormatting = .sortedKeys
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}

/// A sum over ids that depends on their order, and that numpy computes as easily:
/// Σ (id + 1) · mix(place), where mix is splitmix64's and everything wraps at 64 bits.
struct Checksum {
    private var sum: UInt64 = 0
    private var place: UInt64 = 0

    mutating func add(_ ids: [TokenID]) {
        for id in ids.lazy.map(\.rawValue) {
            sum &+= (UInt64(id) + 1) &* Self.mix(place)
            place += 1
        }
    }

    var text: String {
        let digits = String(sum, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    private static func mix(_ value: UInt64) -> UInt64 {
        var mixed = value &+ 0x9E37_79B9_7F4A_7C15
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }
}
