import Files
import Foundation
import Pipeline
import TokenShards
import Tokenization
import Work

/// Measures shards and their vocabulary, in bounded time: of very many documents and tokens some
/// are looked at, evenly over all.
struct DataMeter {
    let mixture: Mixture
    let vocabulary: Vocabulary
    /// Vocabularies of other programs to compare with, by name.
    let references: [(name: String, directory: String)]
    let work: WorkContext<PipelineEvent>

    private static let documentLimit = 2_000_000
    private static let tokenLimit = 64 << 20
    private static let referenceByteLimit = 1 << 20
    private static let (sourceLimit, rankLimit, tokenListLimit) = (24, 160, 32)
    private static let shownTokenCount = 160

    /// Fingerprints of what would be measured.
    static func key(
        _ mixture: Mixture, _ vocabulary: UInt64, references: [(name: String, directory: String)]
    ) -> String {
        ([mixture.fingerprint, String(vocabulary, radix: 16)] + references.map(\.name))
            .joined(separator: " ")
    }

    /// Measures. O(documents + tokens), up to the limits.
    func measure() throws -> DataMeasurement {
        let documents = mixture.sources.reduce(0) { sum, source in
            sum + shards(of: source.set).reduce(0) { $0 + $1.shard.documentCount }
        }
        var result = DataMeasurement(
            key: Self.key(mixture, vocabulary.fingerprint, references: references), documents: 0,
            documentsInAll: documents)
        result.vocabularySize = vocabulary.count
        measureDocuments(&result, stride: max(1, documents / Self.documentLimit))
        try countTokens(&result)
        describeVocabulary(&result)
        try showText(&result)
        return result
    }

    private func shards(of set: ShardSet) -> [(split: Split, number: Int, shard: TokenShard)] {
        Split.allCases.flatMap { split in
            set.shards(of: split).enumerated().map { (split, $0.offset, $0.element) }
        }
    }

    // MARK: Documents

    private func measureDocuments(_ result: inout DataMeasurement, stride step: Int) {
        var lengths: [Int: Int] = [:]
        var sources: [DataMeasurement.Source] = []
        let shares = mixture.shares
        for (number, data) in mixture.sources.enumerated() {
            let manifest = data.set.manifest
            let hasSeveral = manifest.sources.count > 1
            let finders = Dictionary(
                uniqueKeysWithValues: Split.allCases.map { ($0, SourceFinder(data.set, $0)) })
            var own = (hasSeveral ? manifest.sources.map(\.path) : [data.name]).map {
                DataMeasurement.Source(name: $0, documents: 0, bytes: 0, tokens: 0)
            }
            for (split, shardNumber, shard) in shards(of: data.set) {
                for document in stride(from: 0, to: shard.documentCount, by: step) {
                    let entry = shard.document(document)
                    let bytes = max(0, entry.byteCount)
                    result.documents += 1
                    let power = Int.bitWidth - 1 - bytes.leadingZeroBitCount
                    if bytes > 0 { lengths[1 << power, default: 0] += 1 }
                    let finder = finders[split] ?? nil
                    let source =
                        hasSeveral
                        ? finder?.source(ofDocument: document, inShard: shardNumber) : 0
                    guard let source, own.indices.contains(source) else { continue }
                    own[source].documents += 1
                    own[source].bytes += bytes
                    own[source].tokens += shard.tokenRange(ofDocument: document).count
                }
            }
            if mixture.sources.count > 1, !hasSeveral { own[0].share = shares[number] }
            sources += own.filter { $0.documents > 0 }
        }
        result.lengths = lengths.sorted { $0.key < $1.key }.map {
            DataMeasurement.LengthBin(bytes: $0.key, documents: $0.value)
        }
        result.sources = Self.shortened(sources)
    }

    /// The largest sources, and the others together.
    private static func shortened(
        _ sources: [DataMeasurement.Source]
    ) -> [DataMeasurement.Source] {
        guard sources.count > sourceLimit else { return sources }
        let sorted = sources.sorted { ($1.bytes, $0.name) < ($0.bytes, $1.name) }
        var rest = DataMeasurement.Source(
            name: "\(sources.count - sourceLimit + 1) others", documents: 0, bytes: 0, tokens: 0)
        for source in sorted[(sourceLimit - 1)...] {
            rest.documents += source.documents
            rest.bytes += source.bytes
            rest.tokens += source.tokens
        }
        return sorted[..<(sourceLimit - 1)] + [rest]
    }

    // MARK: Tokens

    private func countTokens(_ result: inout DataMeasurement) throws {
        var counts = [Int](repeating: 0, count: vocabulary.count)
        let all = mixture.sources.flatMap { $0.set.shards(of: .train) }
        result.tokensInAll = all.reduce(0) { $0 + $1.tokenCount }
        let blockLength = 1 << 16
        // Every so manieth block of all shards.
        let step = max(1, (result.tokensInAll + Self.tokenLimit - 1) / Self.tokenLimit)
        for shard in all {
            for first in stride(from: 0, to: shard.tokenCount, by: blockLength * step) {
                if work.stop.isRequested { throw PipelineError.interrupted }
                let ids = shard.tokens(first..<min(first + blockLength, shard.tokenCount))
                for id in ids where id.index < counts.count { counts[id.index] += 1 }
                result.counted += ids.count
            }
        }
        let order = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
        let used = order.prefix { counts[$0] > 0 }
        result.unusedCount = counts.count - used.count
        result.rareCount = used.count { counts[$0] < 100 }
        var rank = 1
        while rank <= used.count {
            result.ranks.append(.init(rank: rank, count: counts[used[rank - 1]]))
            let next = exp(log(Double(used.count) + 1) / Double(Self.rankLimit)) * Double(rank)
            rank = max(rank + 1, Int(next))
        }
        if let last = used.last, result.ranks.last?.rank != used.count {
            result.ranks.append(.init(rank: used.count, count: counts[last]))
        }
        func tokens(_ ids: some Sequence<Int>) -> [DataMeasurement.Token] {
            ids.prefix(Self.tokenListLimit).map { token($0, counts) }
        }
        let ids = counts.indices
        let lengths = ids.map { vocabulary.bytes(of: TokenID($0)).count }
        result.frequent = tokens(used)
        result.unused = tokens(ids.lazy.filter { counts[$0] == 0 && lengths[$0] > 0 })
        result.longest = tokens(
            ids.filter { !vocabulary.isSpecial(TokenID($0)) }
                .sorted { (lengths[$1], $0) < (lengths[$0], $1) })
        result.newest = tokens(
            ids.reversed().lazy.filter { vocabulary.parents(of: TokenID($0)) != nil })
    }

    private func token(_ id: Int, _ counts: [Int]) -> DataMeasurement.Token {
        let bytes = vocabulary.bytes(of: TokenID(id))
        return DataMeasurement.Token(
            id: id, text: Self.shown(Vocabulary.printable(bytes)), bytes: bytes.count,
            count: counts[id])
    }

    /// A text that is not longer than a line.
    static func shown(_ text: String) -> String {
        text.count <= 64 ? text : text.prefix(63) + "…"
    }

    private func describeVocabulary(_ result: inout DataMeasurement) {
        let limit = 32
        var lengths = [Int](repeating: 0, count: limit)
        for id in 0..<vocabulary.count where !vocabulary.isSpecial(TokenID(id)) {
            let count = vocabulary.bytes(of: TokenID(id)).count
            if count > 0 { lengths[min(count, limit) - 1] += 1 }
        }
        while lengths.last == 0 { lengths.removeLast() }
        result.tokenLengths = lengths
    }

    // MARK: Text

    private func showText(_ result: inout DataMeasurement) throws {
        var ids: [TokenID] = []
        var shownCount = 0
        for (_, _, shard) in mixture.sources.flatMap({ heldOut($0.set) }) {
            for document in 0..<shard.documentCount {
                let range = shard.textRange(ofDocument: document)
                let room = Self.referenceByteLimit / 4 - ids.count
                guard room > 0 else { break }
                ids += shard.tokens(range.prefix(room))
                if shownCount == 0, !ids.isEmpty { shownCount = ids.count }
            }
        }
        result.text = ids.prefix(min(shownCount, Self.shownTokenCount)).map { id in
            let bytes = vocabulary.bytes(of: id)
            return String(validating: bytes, as: UTF8.self) ?? Vocabulary.printable(bytes)
        }
        guard !references.isEmpty, !ids.isEmpty else { return }
        let text = try vocabulary.decode(ids.filter { !vocabulary.isSpecial($0) })
        result.encodings.append(try Self.encoding(text, vocabulary, "this vocabulary"))
        for (name, directory) in references {
            do {
                let other = try Vocabulary(directory: directory)
                result.encodings.append(try Self.encoding(text, other, name))
            } catch {
                work.report(.notice("the vocabulary \(name) is not compared: \(error)"))
            }
        }
    }

    private func heldOut(
        _ set: ShardSet
    ) -> [(split: Split, number: Int, shard: TokenShard)] {
        let all = shards(of: set)
        let held = all.filter { $0.split == .validation }
        return held.isEmpty ? all : held
    }

    static func encoding(
        _ text: [UInt8], _ vocabulary: Vocabulary, _ name: String
    ) throws(TokenizationError) -> DataMeasurement.Encoding {
        var ids: [TokenID] = []
        let encoder = BytePairEncoder(vocabulary)
        encoder.encode(text.span, into: &ids)
        try encoder.check()
        return DataMeasurement.Encoding(
            name: name, size: vocabulary.count, tokens: ids.count, bytes: text.count)
    }
}
