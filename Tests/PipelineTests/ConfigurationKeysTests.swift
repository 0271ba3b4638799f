import Bytes
import Corpora
import Foundation
import Models
import Refinement
import Testing
import TokenShards
import Training
import VocabularyLearning
import Work

@testable import Pipeline

/// The declarations of all keys against what reading makes of them.
@Suite struct ConfigurationKeysTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private static let keys = ConfigurationKeys.pipeline

    /// The coding keys of each section, but those that no person writes.
    private static let codingKeys: [String: [String]] = {
        func names<Key: CodingKey & CaseIterable>(_ keys: Key.Type) -> [String] {
            keys.allCases.map(\.stringValue)
        }
        let pretrainingOnly = [
            "stride", "evaluation_stride", "shift_windows", "stateful", "tasks",
            "evaluate_tasks_every",
        ]
        let hidden = ["vocab_size", "pad_token_id", "eos_token_id"]
        let refinement =
            names(RefinementConfiguration.CodingKeys.self)
            + names(DocumentFilter.CodingKeys.self) + names(NearDuplicateRule.CodingKeys.self)
        let corpus = names(CorpusConfiguration.CodingKeys.self)
        return [
            "": names(PipelineConfiguration.CodingKeys.self) + ["$schema"],
            "corpus": corpus + names(CorpusSection.CodingKeys.self),
            "corpus.refine": refinement,
            "corpus.sources[]": corpus + names(CorpusSource.CodingKeys.self),
            "corpus.sources[].refine": refinement,
            "vocabulary": names(VocabularyConfiguration.CodingKeys.self),
            "shards": names(ShardConfiguration.CodingKeys.self),
            "model":
                (names(GPTConfiguration.CodingKeys.self)
                + names(RecurrentConfiguration.CodingKeys.self)
                + names(EncoderDecoderConfiguration.CodingKeys.self))
                .filter { !hidden.contains($0) },
            "training": names(TrainingConfiguration.CodingKeys.self),
            "generation": names(GenerationConfiguration.CodingKeys.self),
            "instruction_tuning": names(InstructionTuningConfiguration.CodingKeys.self)
                + names(TrainingConfiguration.CodingKeys.self)
                .filter { !pretrainingOnly.contains($0) },
        ]
    }()

    @Test func `each coding key is declared once, and nothing else is`() {
        #expect(Set(Self.keys.sections.map(\.place)) == Set(Self.codingKeys.keys))
        for section in Self.keys.sections {
            let names = section.keys.map(\.description.name)
            #expect(Set(names) == Set(Self.codingKeys[section.place] ?? []), "\(section.place)")
            #expect(names.count == Set(names).count, "\(section.place)")
        }
    }

    @Test func `each key has a meaning in a line, and names that only it has in its section`() {
        for key in ConfigurationKeys.comparison.all {
            let description = key.description
            #expect((12...90).contains(description.summary.count), "\(key.path)")
            #expect(description.meaning.hasSuffix("."), "\(key.path)")
            #expect(description.relevance?.isEmpty != true, "\(key.path)")
        }
        for section in ConfigurationKeys.comparison.sections {
            let aliases = section.keys.flatMap(\.description.aliases)
            #expect(
                aliases.count == Set(aliases).count,
                "\(section.place): \(aliases.filter { name in aliases.count { $0 == name } > 1 })")
        }
    }

    /// Settings that make the key's section one that has it.
    private func settings(for key: ConfigurationKey, _ architecture: String?) -> [String] {
        guard let architecture else { return [] }
        return key.description.name == "architecture" ? [] : ["model.architecture=\(architecture)"]
    }

    private func read(_ settings: [String]) throws -> PipelineConfiguration {
        let file = try folder.write(
            "p.json",
            #"{"corpus": {"sources": [{"name": "one"}, {"name": "two", "refine": {}}]}}"#)
        let hasSources = settings.contains { $0.hasPrefix("corpus.sources") }
        return try PipelineConfiguration(path: hasSources ? file : nil, settings: settings)
    }

    private func text(_ literal: SettingLiteral) -> String {
        String(decoding: literal.json.data, as: UTF8.self)
    }

    /// A key with its value for an architecture, where it is one of a model.
    private static let cases: [(ConfigurationKey, SettingDescription, String?)] =
        keys.all.flatMap { key -> [(ConfigurationKey, SettingDescription, String?)] in
            guard ![.section, .sections].contains(key.description.kind) else { return [] }
            guard !key.variants.isEmpty else { return [(key, key.description, nil)] }
            return key.variants.flatMap { variant in
                variant.architectures.map { (key, variant.description, $0) }
            }
        }

    @Test func `a default that is said changes nothing`() throws {
        #expect(Self.cases.count > 100)
        // Steps of tuning, said at all, take the place of its epochs.
        for (key, description, architecture) in Self.cases
        where !["$schema", "instruction_tuning.steps"].contains(key.path) {
            // A source has a name of its own, and other sections' refinement is null by default.
            guard key.path != "corpus.sources[].name", !key.section.hasSuffix("refine") else {
                continue
            }
            let others = settings(for: key, architecture)
            let path = key.path.replacing("sources[]", with: "sources.two")
            let bare = path.hasPrefix("corpus.sources") ? ["corpus.sources.two.weight=1"] : []
            let unsaid = try read(others + bare)
            let said = try read(others + ["\(path)=\(text(description.standard))"])
            #expect(unsaid == said, "\(path) = \(text(description.standard)) \(others)")
        }
        let bare = RefinementConfiguration()
        for description in bare.descriptions {
            let said = try read(["corpus.refine.\(description.name)=\(text(description.standard))"])
            #expect(said.refinement == bare, "\(description.name)")
        }
    }

    @Test func `an example is read, and is then the value of its key`() throws {
        for (key, description, architecture) in Self.cases {
            let path = key.path.replacing("sources[]", with: "sources.two")
            #expect(description.exampleValue != .null, "\(key.path) has no example")
            guard !path.hasSuffix(".architecture"), path != "corpus.sources.two.name" else {
                continue
            }
            let example = text(description.exampleValue)
            let others = settings(for: key, architecture)
            do {
                let read = try read(others + ["\(path)=\(example)"])
                let data = try WrittenJSON(Array(JSONEncoder().encode(read))).value
                var value: JSONValue? = data
                for name in path.replacing("sources.two", with: "sources").split(separator: ".") {
                    value = value?[String(name)] ?? value?.array?.last?[String(name)]
                }
                guard key.path != "$schema", value != nil else { continue }
                #expect(
                    value == description.exampleValue.json || isSame(value, example),
                    "\(path) = \(example), read as \(String(describing: value))")
            } catch {
                Issue.record("\(path) = \(example) \(others): \(error)")
            }
        }
    }

    /// Whether a number was only spelled in another way.
    private func isSame(_ value: JSONValue?, _ text: String) -> Bool {
        guard case .number(let spelling)? = value else { return false }
        return Float(spelling) == Float(text)
    }
}
