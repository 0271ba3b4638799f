import Tokenization
import VocabularyLearning

/// Bytes of a corpus's text that one token holds, measured on a sample with a vocabulary that is
/// learned from it.
struct TokenRate {
    /// The most bytes of text that are kept for it.
    static let sampleByteCount = 4 << 20
    /// Bytes of a part of the sample.
    private static let partByteCount = 1 << 16

    private var parts: [[UInt8]] = []
    /// Bytes that are kept.
    private(set) var byteCount = 0
    private var offeredByteCount = 0

    /// Keeps `text`, or leaves it out: of much text a quarter is kept, evenly. O(count).
    mutating func offer(_ text: [UInt8]) {
        offeredByteCount += text.count
        let isWanted = byteCount < Self.sampleByteCount / 4 || byteCount * 4 < offeredByteCount
        guard isWanted, byteCount < Self.sampleByteCount else { return }
        let kept = text.prefix(Self.sampleByteCount - byteCount)
        byteCount += kept.count
        for start in stride(from: 0, to: kept.count, by: Self.partByteCount) {
            parts.append(Array(kept[start..<min(start + Self.partByteCount, kept.count)]))
        }
    }

    /// Bytes a token with a vocabulary of `vocabularySize`; nil where nothing can be learned.
    ///
    /// What was learned from is cut into fewer tokens than what was not. Of a corpus that was kept
    /// whole the former is asked for; else a quarter is not learned from, and the truth lies
    /// between the two.
    func bytesPerToken(vocabularySize: Int, isWhole: Bool) -> Double? {
        let isHeldOut = parts.indices.map { !isWhole && parts.count > 3 && $0 % 4 == 3 }
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = vocabularySize
        let counter = PieceCounter(configuration.pattern)
        for (part, isHeldOut) in zip(parts, isHeldOut) where !isHeldOut { counter.count(part.span) }
        guard
            let vocabulary = try? VocabularyTrainer(configuration).train(counter.takeCounts())
        else { return nil }
        let encoder = BytePairEncoder(vocabulary)
        var ids: [TokenID] = []
        var (bytes, tokens) = ([0, 0], [0, 0])
        for (part, isHeldOut) in zip(parts, isHeldOut) {
            encoder.encode(part.span, into: &ids)
            bytes[isHeldOut ? 1 : 0] += part.count
            tokens[isHeldOut ? 1 : 0] += ids.count
            ids.removeAll(keepingCapacity: true)
        }
        let rates = zip(bytes, tokens).filter { $0.1 > 0 }.map { Double($0) / Double($1) }
        return rates.isEmpty ? nil : rates.reduce(0, +) / Double(rates.count)
    }
}
