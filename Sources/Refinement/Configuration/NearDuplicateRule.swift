import Bytes

/// The rule by which two documents are near-duplicates, and the search for them.
///
/// A document is taken for the set of its runs of ``shingleWordCount`` words, and two documents are
/// as similar as the Jaccard index of their sets says: what they share of all that either has. Its
/// MinHash signature (Broder, 1997, "On the resemblance and containment of documents") estimates
/// that. The signature is cut into ``bandCount`` bands of ``rowCount`` values; documents that agree
/// in a whole band are compared, and those are near-duplicates whose signatures agree in at least
/// ``similarity`` of all values.
///
/// Documents of similarity s meet in some band with the probability 1 − (1 − s^rows)^bands, an
/// S-curve (see ``candidateProbability(similarity:)``). With 20 bands of 6 rows:
///
/// | s | 0.4 | 0.5 | 0.6 | 0.7 | 0.8 | 0.9 |
/// | --- | --- | --- | --- | --- | --- | --- |
/// | compared | 0.079 | 0.270 | 0.615 | 0.918 | 0.998 | 1.000 |
///
/// The estimate has a standard error of √(s(1 − s) / (bands · rows)), 0.037 at 0.8.
public struct NearDuplicateRule: Codable, Sendable, Equatable {
    /// Words in a shingle; see ``WordScanner``. A shorter document is one shingle.
    public var shingleWordCount = 5
    /// Bands of a signature.
    public var bandCount = 20
    /// Values in a band.
    public var rowCount = 6
    /// The least share of equal values, from 0 to 1, at which one of two documents goes. With 0 all
    /// go that agree in a band, as in datatrove.
    public var similarity = 0.8
    /// The seed of the permutations.
    public var seed: UInt64 = 1

    /// The keys of the JSON object, each of which may be left out.
    package enum CodingKeys: String, CodingKey, CaseIterable {
        case shingleWordCount = "shingle_words"
        case bandCount = "minhash_bands"
        case rowCount = "minhash_rows"
        case similarity = "near_duplicate_similarity"
        case seed = "minhash_seed"
    }

    /// The standard rule.
    public init() {}

    /// Reads the keys that are there and takes the default for the others.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        try container.read(.shingleWordCount, into: &shingleWordCount)
        try container.read(.bandCount, into: &bandCount)
        try container.read(.rowCount, into: &rowCount)
        try container.read(.similarity, into: &similarity)
        try container.read(.seed, into: &seed)
    }

    /// Values in a signature.
    var permutationCount: Int { bandCount * rowCount }

    /// The probability that documents of a similarity are compared.
    public func candidateProbability(similarity: Double) -> Double {
        func power(_ base: Double, _ exponent: Int) -> Double {
            (0..<exponent).reduce(1) { product, _ in product * base }
        }
        return 1 - power(1 - power(similarity, rowCount), bandCount)
    }
}
