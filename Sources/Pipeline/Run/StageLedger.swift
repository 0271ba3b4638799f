import Bytes
import Files
import Foundation

/// Remembers, in `runs/NAME/stages.json`, what each stage was made from and what it made, so that
/// only what changed is made again.
///
/// A stage is up to date when its inputs' fingerprint is the recorded one and every output is there
/// unchanged.
struct StageLedger {
    static let fileName = "stages.json"

    /// A stage as it was when it was done.
    struct Record: Codable, Equatable {
        /// The fingerprint of everything that went in.
        var inputs: String
        /// Outputs: path and fingerprint.
        var outputs: [String: String]
    }

    private let path: String
    private var records: [String: Record] = [:]

    /// Opens the ledger in `directory`; one that cannot be read is taken for empty, which costs
    /// time and nothing else.
    init(directory: String) {
        path = directory + "/" + Self.fileName
        if let data = FileManager.default.contents(atPath: path),
            let records = try? StrictJSON.decode([String: Record].self, from: data)
        {
            for (key, record) in records {
                // `encode/web`: the stage, and the source where there are several.
                let parts = key.split(separator: "/", maxSplits: 1).map(String.init)
                guard let stage = parts.first.flatMap(Stage.init(ledgerName:)) else { continue }
                self.records[Self.key(stage, parts.count > 1 ? parts[1] : nil)] = record
            }
        }
    }

    /// The name of a stage's record: those of several sources have each its own.
    private static func key(_ stage: Stage, _ source: String?) -> String {
        stage.rawValue + (source.map { "/" + $0 } ?? "")
    }

    /// The outputs of `stage`, if it is up to date.
    func outputs(of stage: Stage, source: String?, inputs: String) -> [String]? {
        guard let record = records[Self.key(stage, source)], record.inputs == inputs else {
            return nil
        }
        for (path, fingerprint) in record.outputs
        where Self.fingerprint(ofFile: path) != fingerprint {
            return nil
        }
        return record.outputs.keys.sorted()
    }

    /// Records that `stage` is done.
    mutating func record(
        _ stage: Stage, source: String?, inputs: String, outputs: [String]
    ) throws {
        var fingerprints: [String: String] = [:]
        for output in outputs { fingerprints[output] = Self.fingerprint(ofFile: output) }
        records[Self.key(stage, source)] = Record(inputs: inputs, outputs: fingerprints)
        try save()
    }

    /// Forgets `stage`, so that a run that ends inside it is not taken for done.
    mutating func forget(_ stage: Stage, source: String?) throws {
        guard records.removeValue(forKey: Self.key(stage, source)) != nil else { return }
        try save()
    }

    private func save() throws {
        try FileReplacement.writeJSON(records, to: path)
    }

    /// A fingerprint of a value: the XXH64 of its JSON with sorted keys.
    static func fingerprint<Value: Encodable>(_ value: Value) throws -> String {
        let text = Array(try FileReplacement.json(of: value).utf8)
        return String(XXH64.hash(of: text.span), radix: 16)
    }

    /// Size and time of the last change: enough to notice an edit without reading a corpus again.
    static func identity(ofInput path: String) -> String {
        guard let attributes = try? FileManager.default.attributesOfItem(atPath: path) else {
            return "absent"
        }
        let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
        let changed = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return "\(size) \(changed)"
    }

    /// Files up to this size are fingerprinted by content, larger ones by size and time.
    private static let contentLimit = 64 << 20

    /// The fingerprint of an output; nil when it is not there.
    static func fingerprint(ofFile path: String) -> String? {
        guard let file = try? MappedFile(path: path) else { return nil }
        guard file.byteCount <= contentLimit else { return identity(ofInput: path) }
        return String(file.withBytes { XXH64.hash(of: $0) }, radix: 16)
    }
}
