import Bytes
import Files
import Foundation
import TokenShards

/// Remembers, in `runs/NAME/stages.json`, what each stage was made from and what it made, so that
/// only what changed is made again.
///
/// A stage is up to date when its inputs' fingerprint is the recorded one and every output is there
/// unchanged.
struct StageLedger {
    static let fileName = "stages.json"

    /// A stage as it was when it was done.
    struct Record: Codable, Equatable {
        /// The fingerprint of everything that went in; empty when the stage has been begun again.
        var inputs: String
        /// Outputs: path and fingerprint, which is the hash of a small file, and the size, time
        /// and hash of a large one.
        var outputs: [String: String]
        /// Settings that it was done with, by key; nil where they were not kept.
        var settings: [String: String]?
    }

    private var path: String
    private var records: [String: Record] = [:]

    /// Opens the ledger in `directory`; one that cannot be read is taken for empty, which costs
    /// time and nothing else.
    init(directory: String) {
        path = directory + "/" + Self.fileName
        if let data = FileSystem.contentsIfReadable(path),
            let records = try? StrictJSON.decodeCounts([String: Record].self, from: data)
        {
            for (key, record) in records {
                // `encode/web`: the stage, and the source where there are several.
                let parts = key.split(separator: "/", maxSplits: 1).map(String.init)
                guard let stage = parts.first.flatMap(Stage.init(ledgerName:)) else { continue }
                var record = record
                // As it was written for one file before.
                record.settings = record.settings?.mapValues {
                    $0.hasPrefix("1 files of ") ? "1 file of " + $0.dropFirst(11) : $0
                }
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
        for (path, fingerprint) in record.outputs where !Self.holds(path, as: fingerprint) {
            return nil
        }
        return record.outputs.keys.sorted()
    }

    /// Outputs of a stage that are not as it has made them.
    struct Deviations {
        /// Files that are not there any more.
        var missing: [String] = []
        /// Files with other bytes.
        var changed: [String] = []
    }

    /// Outputs of `stage` that are not as it has made them; none of a stage that has been begun
    /// again, whose files may be of either time. O(bytes).
    func deviations(of stage: Stage, source: String?) -> Deviations {
        var deviations = Deviations()
        guard let record = records[Self.key(stage, source)], !record.inputs.isEmpty else {
            return deviations
        }
        for (path, fingerprint) in record.outputs.sorted(by: { $0.key < $1.key }) {
            if FileSystem.isMissing(path) {
                deviations.missing.append(path)
            } else if !Self.holds(path, as: fingerprint) {
                deviations.changed.append(path)
            }
        }
        return deviations
    }

    /// The settings with which `stage` made what is there; nil where that is not known.
    func settings(of stage: Stage, source: String?) -> [String: String]? {
        records[Self.key(stage, source)]?.settings
    }

    /// The settings of all stages, as far as they were kept.
    var settings: [String: String] {
        records.values.reduce(into: [:]) { all, record in
            all.merge(record.settings ?? [:]) { $1 }
        }
    }

    /// Paths that `stage` has made, by source; the key of a stage without sources is empty.
    func outputs(of stage: Stage) -> [String: [String]] {
        var outputs: [String: [String]] = [:]
        for (key, record) in records {
            let parts = key.split(separator: "/", maxSplits: 1).map(String.init)
            guard parts[0] == stage.rawValue else { continue }
            outputs[parts.count > 1 ? parts[1] : ""] = record.outputs.keys.sorted()
        }
        return outputs
    }

    /// Whether the file at `path` is as `stage` has made it.
    func holds(_ path: String, of stage: Stage, source: String?) -> Bool {
        guard let fingerprint = records[Self.key(stage, source)]?.outputs[path] else {
            return false
        }
        return Self.holds(path, as: fingerprint)
    }

    /// Whether the file at `path` has the fingerprint that was recorded. Of a large one that only
    /// has another time, as a copy has, the bytes are compared. O(bytes) at most.
    private static func holds(_ path: String, as recorded: String) -> Bool {
        guard let now = fingerprint(ofFile: path) else { return false }
        if now == recorded { return true }
        let (old, new) = (recorded.split(separator: " "), now.split(separator: " "))
        guard old.count == 3, new.count == 2, old[0] == new[0] else { return false }
        return old[1] == new[1] || hash(ofFile: path).map { $0 == old[2] } == true
    }

    /// The directories of the shards that the run learned from, as far as it is recorded.
    var shardDirectories: [String] {
        let outputs = records.filter { key, _ in
            key.split(separator: "/").first.map(String.init) == Stage.encode.rawValue
        }.values.flatMap(\.outputs.keys)
        let manifests = outputs.filter { $0.hasSuffix("/" + ShardManifest.fileName) }
        return manifests.map { FileSystem.parentDirectory(of: $0) }.sorted()
    }

    /// Records that `stage` is done.
    mutating func record(
        _ stage: Stage, source: String?, inputs: String, outputs: [String],
        settings: [String: String]?
    ) throws {
        var fingerprints: [String: String] = [:]
        for output in outputs {
            fingerprints[output] = Self.fingerprint(ofFile: output)
            // Models have manifests with the hashes of their files.
            if stage.isOfText, let known = fingerprints[output], known.contains(" "),
                let hash = Self.hash(ofFile: output)
            {
                fingerprints[output] = known + " " + hash
            }
        }
        records[Self.key(stage, source)] = Record(
            inputs: inputs, outputs: fingerprints, settings: settings)
        try save()
    }

    /// Records the settings of a stage that is done, where they were not kept.
    mutating func keep(settings: [String: String], of stage: Stage, source: String?) throws {
        let key = Self.key(stage, source)
        guard records[key] != nil, records[key]?.settings == nil else { return }
        records[key]?.settings = settings
        try save()
    }

    /// Records that `stage` is begun again, so that a run that ends inside it is not taken for
    /// done. What it made before is still known.
    mutating func begin(_ stage: Stage, source: String?) throws {
        guard let record = records[Self.key(stage, source)], !record.inputs.isEmpty else { return }
        records[Self.key(stage, source)]?.inputs = ""
        try save()
    }

    /// Writes the records of the stages that come before a model into the ledger of `directory`,
    /// which takes the place of this one's.
    func carryOver(to directory: String) throws {
        var other = self
        other.path = directory + "/" + Self.fileName
        other.records = records.filter { key, _ in
            Stage(rawValue: String(key.split(separator: "/")[0]))?.isOfText == true
        }
        if !other.records.isEmpty { try other.save() }
    }

    /// Writes the records.
    func save() throws {
        try FileReplacement.writeJSON(records, to: path)
    }

    /// A fingerprint of a value: the XXH64 of its JSON with sorted keys.
    static func fingerprint<Value: Encodable>(_ value: Value) throws -> String {
        let text = Array(try FileReplacement.json(of: value).utf8)
        return String(XXH64.hash(of: text.span), radix: 16)
    }

    /// Size and time of the last change: enough to notice an edit without reading a corpus again.
    /// Of a link they are those of the file that it leads to.
    static func identity(ofInput path: String) -> String {
        guard let attributes = attributes(ofInput: path) else { return "absent" }
        let size = (attributes[.size] as? NSNumber)?.intValue ?? 0
        let changed = (attributes[.modificationDate] as? Date)?.timeIntervalSince1970 ?? 0
        return "\(size) \(changed)"
    }

    /// Attributes of the file at `path`, links followed as they are where it is read; nil if
    /// nothing is there.
    static func attributes(ofInput path: String) -> [FileAttributeKey: Any]? {
        let target = URL(fileURLWithPath: path).resolvingSymlinksInPath().path
        // A pipe has a name like `/dev/fd/63`, which leads to no path.
        return (try? FileManager.default.attributesOfItem(atPath: target))
            ?? (try? FileManager.default.attributesOfItem(atPath: path))
    }

    /// Files up to this size are fingerprinted by content, larger ones by size and time.
    private static let contentLimit = 64 << 20

    /// The fingerprint of an output; nil when it is not there.
    static func fingerprint(ofFile path: String) -> String? {
        guard let file = try? MappedFile(path: path) else { return nil }
        guard file.byteCount <= contentLimit else { return identity(ofInput: path) }
        return String(file.withBytes { XXH64.hash(of: $0) }, radix: 16)
    }

    /// The hash of the bytes of an output; nil when it is not there. O(bytes).
    private static func hash(ofFile path: String) -> String? {
        (try? MappedFile(path: path)).map { file in
            String(file.withBytes { XXH64.hash(of: $0) }, radix: 16)
        }
    }
}
