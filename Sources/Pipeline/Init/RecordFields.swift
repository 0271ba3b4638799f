import Corpora
import Foundation

/// The fields of records that hold text, found in the first of them.
struct RecordFields {
    /// Records that are looked at.
    private static let recordCount = 200
    /// Objects within objects that are looked into.
    private static let deepest = 3

    /// Records in which a field holds text, and the bytes of it in them.
    private var sizes: [String: (count: Int, byteCount: Int)] = [:]
    /// Names of fields of objects that hold no text.
    private var otherNames: Set<String> = []
    private var recordCount = 0

    /// Looks at the first records of a corpus of JSON or of tables.
    init(_ corpus: CorpusConfiguration, isTable: Bool) throws {
        if isTable { try readColumns(corpus) } else { try readObjects(corpus) }
    }

    /// The field of the text, and why.
    ///
    /// - Throws: ``PipelineError/badValue(key:reason:)`` where none holds any.
    func textField(inputs: [String]) throws -> (name: String, reason: String) {
        let standard = CorpusConfiguration().textField
        // Strings by themselves have no field.
        guard !sizes.isEmpty || recordCount == 0 || !otherNames.isEmpty else {
            return (standard, "")
        }
        let common = sizes.filter { $0.value.count * 2 > recordCount }
        guard
            let largest = common.max(by: {
                ($0.value.byteCount, $1.key) < ($1.value.byteCount, $0.key)
            })
        else {
            let names = otherNames.union(sizes.keys).sorted().prefix(8).joined(separator: ", ")
            let isChat = !otherNames.isDisjoint(with: ["messages", "conversations"])
            throw PipelineError.badValue(
                key: "corpus.text_field",
                reason:
                    "no field of the records in \(inputs.joined(separator: ", ")) holds text in "
                    + "most of them; they have \(names.isEmpty ? "none" : names)"
                    + (isChat
                        ? "; conversations are for instruction_tuning.inputs, once there is a model"
                        : ""))
        }
        if let text = common[standard], text.byteCount * 5 >= largest.value.byteCount {
            return (standard, "")
        }
        let others = common.keys.filter { $0 != largest.key }.sorted().prefix(4)
        return (
            largest.key,
            "the longest text of a record, \(largest.value.byteCount / largest.value.count) bytes "
                + "on average"
                + (others.isEmpty ? "" : "; others are \(others.joined(separator: ", "))")
        )
    }

    private mutating func readObjects(_ corpus: CorpusConfiguration) throws {
        var corpus = corpus
        // JSON lines are objects one after another too.
        corpus.format = .json
        corpus.givesObjects = true
        var reader = try CorpusReader(corpus, threadCount: 1)
        while recordCount < Self.recordCount, let document = try reader.next() {
            recordCount += 1
            let value = try? JSONSerialization.jsonObject(
                with: Data(document.text), options: .fragmentsAllowed)
            if let object = value as? [String: Any] { add(object, below: "", depth: 1) }
        }
    }

    private mutating func add(_ object: [String: Any], below front: String, depth: Int) {
        for (name, value) in object {
            let path = front + name.replacing("\\", with: "\\\\").replacing(".", with: "\\.")
            if let text = value as? String {
                sizes[path, default: (0, 0)].count += 1
                sizes[path]?.byteCount += text.utf8.count
            } else if let inner = value as? [String: Any], depth < Self.deepest {
                add(inner, below: path + ".", depth: depth + 1)
            } else {
                otherNames.insert(path)
            }
        }
    }

    private mutating func readColumns(_ corpus: CorpusConfiguration) throws {
        var corpus = corpus
        // No header has this one, and the error names those that there are.
        corpus.textField = "\u{0}"
        var names: [String] = []
        do {
            var reader = try CorpusReader(corpus, threadCount: 1)
            _ = try reader.next()
        } catch CorpusError.missingColumn(_, _, let known) {
            names = known
        }
        otherNames = Set(names)
        for name in names.prefix(64) {
            corpus.textField = name.replacing("\\", with: "\\\\").replacing(".", with: "\\.")
            var reader = try CorpusReader(corpus, threadCount: 1)
            var (count, byteCount) = (0, 0)
            while count < Self.recordCount, let document = try reader.next() {
                count += 1
                byteCount += document.text.count
            }
            recordCount = max(recordCount, count)
            if count > 0 { sizes[corpus.textField] = (count, byteCount) }
        }
    }
}
