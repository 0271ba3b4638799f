import Corpora
import Foundation

/// The fields of records that hold text, found in a sample of them.
struct RecordFields {
    /// What records are to a model.
    enum Use: Equatable {
        /// Texts, in the field of that name.
        case text(String, reason: String)
        /// Pairs of a source and its target.
        case pairs(PairFields, reason: String)
    }

    /// Records that are looked at, evenly among those of the sample; of a table the first ones.
    private static let recordCount = 2_000
    /// Bytes of records that are read.
    private static let byteCount = 16 << 20
    /// Objects within objects that are looked into.
    private static let deepest = 3

    /// Records in which a field holds text, and the bytes of it in them.
    private var sizes: [String: (count: Int, byteCount: Int)] = [:]
    /// Names of fields of objects that hold no text.
    private var otherNames: Set<String> = []
    /// Names of fields as they stand in the first record.
    private var order: [String] = []
    private var recordCount = 0
    /// Whether there are more records than were looked at.
    private var isSample = false
    /// What the first record or file lacks that cannot be read, for a person; nil if all can.
    private var fault: String?

    /// Looks at records of files of one format.
    init(_ corpus: CorpusConfiguration, of format: CorpusFormat) throws {
        switch format {
        case .csv, .tsv, .quotedTSV, .parquet: try readColumns(corpus)
        default: try readObjects(corpus, areLines: format == .jsonl)
        }
    }

    /// What the records are, and why.
    ///
    /// - Throws: ``PipelineError/noProposal(reason:)`` where no field holds text in most of them,
    ///   and ``PipelineError/onlyConversations(inputs:fields:pairs:)``.
    func use(inputs: [String]) throws -> Use {
        let standard = CorpusConfiguration().textField
        // Strings by themselves have no field.
        guard !sizes.isEmpty || recordCount == 0 || !otherNames.isEmpty else {
            return .text(standard, reason: "")
        }
        let common = sizes.filter { $0.value.count * 2 > recordCount }
        let largest = common.max {
            ($0.value.byteCount, $1.key) < ($1.value.byteCount, $0.key)
        }
        if let largest, let text = common[standard],
            text.byteCount * 5 >= largest.value.byteCount
        {
            return .text(standard, reason: "")
        }
        if let list = ["messages", "conversations"].first(where: isThere) {
            throw PipelineError.onlyConversations(inputs: inputs, fields: [list], pairs: nil)
        }
        if let fields = ConversationFields(in: Set(common.keys)) {
            throw PipelineError.onlyConversations(
                inputs: inputs,
                fields: [fields.question, fields.context, fields.answer].compactMap(\.self),
                // Alpaca's fields are known to pairs as they are.
                pairs: fields.question == "instruction" && fields.answer == "output"
                    ? [] : [fields.question, fields.answer])
        }
        let names = order.filter { common[$0] != nil }
        if let pair = PairNames.pair(among: names + common.keys.sorted()) {
            let mean = [pair.source, pair.target].map { "\($0) \(self.mean($0)) bytes" }
            return .pairs(
                pair,
                reason: "each record has a text and its translation or answer: "
                    + mean.joined(separator: ", ") + " on average\(sampleText); "
                    + "corpus.text_field, with another architecture, takes one of them alone")
        }
        guard let largest else {
            let names = otherNames.union(sizes.keys).sorted().prefix(8).joined(separator: ", ")
            let found =
                names.isEmpty
                ? "holds no record with a field that could be read"
                : "has no field of text in most of its records, whose fields are \(names)"
            throw PipelineError.noProposal(
                reason: "\(inputs.joined(separator: ", ")) \(found)"
                    + (fault.map { "; \($0)" } ?? ""))
        }
        let others = common.keys.filter { $0 != largest.key }.sorted().prefix(4)
        return .text(
            largest.key,
            reason: "the field with the most text, \(mean(largest.key)) bytes on "
                + "average\(sampleText)"
                + (others.isEmpty ? "" : "; others are \(others.joined(separator: ", "))")
                + (others.count == 1
                    ? "; where the two are pairs, model.architecture encoder_decoder learns the "
                        + "one from the other, by corpus.source_field and corpus.target_field"
                    : ""))
    }

    /// Whether there is a field of the name, or, of a list in Parquet, a column below it.
    private func isThere(_ name: String) -> Bool {
        otherNames.contains { $0 == name || $0.hasPrefix(name + ".") }
    }

    private func mean(_ field: String) -> Int {
        let (count, byteCount) = sizes[field] ?? (0, 0)
        return (byteCount + count / 2) / max(count, 1)
    }

    /// Words that averages are those of a sample.
    private var sampleText: String { isSample ? " in \(recordCount) records looked at" : "" }

    // MARK: Looking

    private mutating func readObjects(_ corpus: CorpusConfiguration, areLines: Bool) throws {
        var corpus = corpus
        if areLines {
            // Behind a broken line there are others.
            (corpus.format, corpus.documents) = (.text, .line)
        } else {
            corpus.format = .json
            corpus.givesObjects = true
        }
        var reader = try CorpusReader(corpus, threadCount: 1)
        // Each n-th record is looked at, where n doubles whenever there are too many.
        var looked: [[String: Int]] = []
        var (step, number, byteCount) = (1, 0, 0)
        while byteCount < Self.byteCount, let document = try reader.next() {
            byteCount += document.text.count
            guard number % step == 0 else {
                number += 1
                continue
            }
            var texts: [String: Int] = [:]
            let value = try? JSONSerialization.jsonObject(
                with: Data(document.text), options: .fragmentsAllowed)
            guard let value else {
                fault = fault ?? "\(document.origin) is no JSON"
                continue
            }
            number += 1
            if let object = value as? [String: Any] {
                add(object, below: "", depth: 1, to: &texts)
                if order.isEmpty { order = Self.order(of: texts.keys, in: document.text) }
            }
            looked.append(texts)
            if looked.count == 2 * Self.recordCount {
                looked = stride(from: 0, to: looked.count, by: 2).map { looked[$0] }
                step *= 2
            }
        }
        fault = fault ?? reader.progress.examples.first
        isSample = step > 1 || byteCount >= Self.byteCount
        recordCount = looked.count
        for (name, count) in looked.joined() {
            sizes[name, default: (0, 0)].count += 1
            sizes[name]?.byteCount += count
        }
    }

    private mutating func add(
        _ object: [String: Any], below front: String, depth: Int, to texts: inout [String: Int]
    ) {
        for (name, value) in object {
            let path = front + name.replacing("\\", with: "\\\\").replacing(".", with: "\\.")
            if let text = value as? String {
                texts[path] = text.utf8.count
            } else if let inner = value as? [String: Any], depth < Self.deepest {
                add(inner, below: path + ".", depth: depth + 1, to: &texts)
            } else {
                otherNames.insert(path)
            }
        }
    }

    /// The fields as they stand in a record, which a dictionary does not keep.
    private static func order(
        of names: some Collection<String>, in record: [UInt8]
    ) -> [String] {
        let text = String(decoding: record, as: UTF8.self)
        func place(_ name: String) -> String.Index {
            let last = name.split(separator: ".").last.map(String.init) ?? name
            return text.range(of: "\"\(last)\"")?.lowerBound ?? text.endIndex
        }
        return names.map { (place($0), $0) }.sorted { $0 < $1 }.map(\.1)
    }

    private mutating func readColumns(_ corpus: CorpusConfiguration) throws {
        var corpus = corpus
        // No header has this one, and the error names those that there are.
        corpus.textField = "\u{0}"
        var names: [String] = []
        do {
            var reader = try CorpusReader(corpus, threadCount: 1)
            _ = try reader.next()
        } catch CorpusError.missingColumn(_, _, let known, _) {
            names = known
        }
        otherNames = Set(names)
        for name in names.prefix(64) {
            corpus.textField = name.replacing("\\", with: "\\\\").replacing(".", with: "\\.")
            order.append(corpus.textField)
            var reader = try CorpusReader(corpus, threadCount: 1)
            var (count, byteCount) = (0, 0)
            while let document = try reader.next() {
                guard count < Self.recordCount else {
                    isSample = true
                    break
                }
                count += 1
                byteCount += document.text.count
            }
            recordCount = max(recordCount, count)
            if count > 0 { sizes[corpus.textField] = (count, byteCount) }
        }
    }
}
