/// A setting in which runs differ.
public struct SettingDifference: Sendable, Equatable {
    /// Its key in `pipeline.json`, in its section; `data` and `vocabulary` are their fingerprints.
    public var key: String
    /// Its value in each run, as JSON; nil where the run says none.
    public var values: [String?]
}

extension Collection where Element == RecordedRun {
    /// The settings in which these runs differ, by key. A key of a section that a run has not
    /// recorded at all is no difference. O(settings · log settings).
    public var settingDifferences: [SettingDifference] {
        let keys = reduce(into: Set<String>()) { $0.formUnion($1.settings.keys) }
        return keys.sorted().compactMap { key in
            let section = key.prefix { $0 != "." }
            let values = map { $0.settings[key] }
            let recorded = zip(self, values).filter { run, value in
                value != nil || run.settings.keys.contains { $0.hasPrefix(section + ".") }
            }
            guard Set(recorded.map { $0.1 ?? "" }).count > 1 else { return nil }
            return SettingDifference(key: key, values: values)
        }
    }
}
