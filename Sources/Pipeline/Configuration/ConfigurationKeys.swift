import Corpora
import Models
import Refinement
import TokenShards
import Training
import VocabularyLearning
import Work

/// Every key of `pipeline.json`, or of a comparison, section by section, as the sections declare
/// them: what reading goes by, and what explains the keys.
public struct ConfigurationKeys: Sendable {
    /// The sections in their order, the whole first.
    public let sections: [ConfigurationSection]

    /// The keys of a pipeline.
    public static let pipeline = ConfigurationKeys(sections: pipelineSections())
    /// The keys of a comparison, those of a pipeline included.
    public static let comparison = ConfigurationKeys(sections: comparisonSections())

    /// Every key.
    public var all: [ConfigurationKey] { sections.flatMap(\.keys) }

    /// The section at `place`, such as "corpus.refine" or "corpus.sources[]".
    public subscript(place: String) -> ConfigurationSection? {
        sections.first { $0.place == place }
    }

    /// The keys that `name` means: those of a section, the one at a path such as "training.steps",
    /// or those of this name in any section.
    public func find(_ name: String) -> [ConfigurationKey] {
        if !name.isEmpty, let section = self[name] ?? self[name + "[]"] { return section.keys }
        return all.filter { $0.path == name }.nonEmpty ?? all.filter { $0.description.name == name }
    }

    private static func pipelineSections() -> [ConfigurationSection] {
        let refinement = RefinementConfiguration().descriptions
        let source = CorpusSource(name: "", corpus: CorpusConfiguration())
        return [
            ConfigurationSection("", PipelineConfiguration().descriptions),
            ConfigurationSection("corpus", CorpusSection().descriptions),
            ConfigurationSection("corpus.refine", refinement),
            ConfigurationSection("corpus.sources[]", source.descriptions),
            ConfigurationSection("corpus.sources[].refine", refinement),
            ConfigurationSection("vocabulary", VocabularyConfiguration().descriptions),
            ConfigurationSection("shards", ShardConfiguration().descriptions),
            ConfigurationSection.model("model"),
            ConfigurationSection("training", TrainingConfiguration().descriptions),
            ConfigurationSection("generation", GenerationConfiguration().descriptions),
            ConfigurationSection(
                "instruction_tuning", InstructionTuningConfiguration().descriptions),
        ]
    }

    private static func comparisonSections() -> [ConfigurationSection] {
        let comparison = ComparisonConfiguration(pipeline: PipelineConfiguration())
        let whole = PipelineConfiguration().descriptions + comparison.descriptions
        let model = ConfigurationSection.model(
            "models[].model", of: ComparisonConfiguration.networkArchitectures,
            others: [ComparisonConfiguration.countedArchitecture])
        let order = ConfigurationKey(ComparisonConfiguration.orderKey, in: model.place)
        return [ConfigurationSection("", whole)] + pipelineSections().dropFirst() + [
            ConfigurationSection("models[]", ComparisonConfiguration.entryKeys),
            ConfigurationSection(model.place, keys: model.keys + [order]),
            ConfigurationSection("models[].training", TrainingConfiguration().descriptions),
        ]
    }
}

extension Array {
    /// The array; nil if it is empty.
    fileprivate var nonEmpty: [Element]? { isEmpty ? nil : self }
}

// MARK: The key that was meant

extension ConfigurationKeys {
    /// Path of the key that was most probably meant by `name`, which the section at `place` does
    /// not know; nil if none comes near.
    ///
    /// First come keys that are called so, or that the field calls so, in the section, below it and
    /// elsewhere; then those that a few edits lead to, in the section and elsewhere.
    public func nearest(to name: String, in place: String) -> String? {
        let name = name.lowercased().replacing("-", with: "_")
        let own = self[place]?.keys ?? []
        let others = reachable(from: place)
        if let key = own.first(where: { $0.description.name == name })
            ?? own.first(where: { $0.isAlso(name) })
        {
            return key.path
        }
        // A section's keys by their own names are nearer than the names of the field for them.
        for section in others {
            let found =
                section.keys.first { $0.description.name == name }
                ?? section.keys.first { $0.isAlso(name) }
            if let found { return found.path }
        }
        return Self.near(name, own, most: { max(2, $0 / 3) })
            ?? Self.near(name, others.flatMap(\.keys), most: { $0 < 5 ? 1 : $0 / 4 })
    }

    /// The other sections that can be named from `place`: those below it first, and none in another
    /// list or around it.
    private func reachable(from place: String) -> [ConfigurationSection] {
        let list = place.firstRange(of: "[]").map { String(place[..<$0.upperBound]) }
        let others = sections.filter { section in
            section.place != place
                && (!section.place.contains("[]")
                    || list.map { section.place.hasPrefix($0) } == true)
        }
        func isBelow(_ section: ConfigurationSection) -> Bool {
            section.place.hasPrefix(place + ".")
        }
        return (others.filter(isBelow) + others.filter { !isBelow($0) }).map { section in
            // The list that the place itself is in is not what was meant.
            ConfigurationSection(
                section.place, keys: section.keys.filter { !place.hasPrefix($0.path) })
        }
    }

    private static func near(
        _ name: String, _ keys: [ConfigurationKey], most: (Int) -> Int
    ) -> String? {
        let counted = keys.map { (key: $0, count: Spelling.editCount(name, $0.description.name)) }
        // Of several that are equally near it is the first.
        guard let best = counted.min(by: { $0.count < $1.count }),
            best.count <= most(best.key.description.name.count)
        else { return nil }
        return best.key.path
    }
}

extension ConfigurationKey {
    /// Whether the field calls the key so.
    fileprivate func isAlso(_ name: String) -> Bool {
        description.aliases.contains(name)
            || variants.contains { $0.description.aliases.contains(name) }
    }
}
