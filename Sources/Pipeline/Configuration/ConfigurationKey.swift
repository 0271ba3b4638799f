import Models
public import Work

/// Key of `pipeline.json` or of a comparison, in its section.
public struct ConfigurationKey: Sendable {
    /// What a key of the section "model" is for some architectures.
    public struct Variant: Sendable {
        /// The values of `architecture` for which it is that.
        public var architectures: [String]
        /// The key, with its default for them.
        public var description: SettingDescription
    }

    /// The section's own key, such as "corpus.refine", with "[]" behind that of a list of sections;
    /// empty for the whole.
    public let section: String
    /// The key; in the section "model" that of the default architecture, or of the first that has
    /// it.
    public let description: SettingDescription
    /// What it is for which architectures; empty outside of the section "model".
    public var variants: [Variant] = []

    /// The key with its section in front: "training.steps".
    public var path: String { Self.path(section, description.name) }

    /// The key in its section.
    init(_ description: SettingDescription, in section: String) {
        self.description = description
        self.section = section
    }

    static func path(_ section: String, _ name: String) -> String {
        section.isEmpty ? name : section + "." + name
    }

    /// The fault of a value, whichever architecture is meant; nil if it fits.
    func fault(of value: SettingLiteral?) -> String? {
        guard let fault = description.fault(of: value) else { return nil }
        return variants.contains { $0.description.fault(of: value) == nil } ? nil : fault
    }
}

/// Section of `pipeline.json` or of a comparison.
public struct ConfigurationSection: Sendable {
    /// The section's key, as ``ConfigurationKey/section``.
    public let place: String
    /// Its keys.
    public let keys: [ConfigurationKey]

    /// The section of keys that are described already.
    init(_ place: String, _ descriptions: [SettingDescription]) {
        self.init(place, keys: descriptions.map { ConfigurationKey($0, in: place) })
    }

    init(_ place: String, keys: [ConfigurationKey]) {
        self.place = place
        self.keys = keys
    }

    /// The key `name`.
    subscript(name: String) -> ConfigurationKey? { keys.first { $0.description.name == name } }

    /// The section "model": the keys of all families, each with what it is for which architectures.
    ///
    /// - Parameters:
    ///   - architectures: those that there are.
    ///   - others: names of architectures that are no network's.
    static func model(
        _ place: String, of architectures: [String] = ModelFamilies.architectures,
        others: [String] = []
    ) -> ConfigurationSection {
        let standard = PipelineConfiguration().model.shape
        let shapes = architectures.compactMap { ModelFamilies.shape(defaultsOf: $0) }
        var keys: [ConfigurationKey] = []
        for description in standard.descriptions + shapes.flatMap({ $0.descriptions })
        where !keys.contains(where: { $0.description.name == description.name }) {
            keys.append(ConfigurationKey(description, in: place))
        }
        for (index, key) in keys.enumerated() {
            if case .choice = key.description.kind, key.description.name == "architecture" {
                var description = key.description
                description.kind = .choice(architectures + others)
                keys[index] = ConfigurationKey(description, in: place)
                continue
            }
            for shape in shapes {
                let own = shape.descriptions.first { $0.name == key.description.name }
                if let own { keys[index].add(own, shape.architectureName) }
            }
        }
        return ConfigurationSection(place, keys: keys)
    }
}

extension ConfigurationKey {
    /// Adds what the key is for an architecture.
    fileprivate mutating func add(_ description: SettingDescription, _ architecture: String) {
        if let index = variants.firstIndex(where: { $0.description == description }) {
            variants[index].architectures.append(architecture)
        } else {
            variants.append(Variant(architectures: [architecture], description: description))
        }
    }
}
