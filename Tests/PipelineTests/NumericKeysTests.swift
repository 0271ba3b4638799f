import Foundation
import Models
import Testing
import Work

@testable import Pipeline

/// Every numeric key of `pipeline.json` and of a comparison, found by what the sections declare,
/// with values that nobody should write.
@Suite struct NumericKeysTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// The widest range of a key, for any architecture; nil for a key that takes no number.
    private func range(of key: ConfigurationKey) -> ValueRange? {
        let ranges = ([key.description] + key.variants.map(\.description)).compactMap {
            if case .number(let range) = $0.kind { range } else { nil }
        }
        return ranges.max { left, right in
            guard case .whole(let a) = left, case .whole(let b) = right else { return false }
            return a.upperBound < b.upperBound
        }
    }

    private func isSection(_ key: ConfigurationKey) -> Bool {
        [.section, .sections].contains(key.description.kind)
    }

    /// Requires that `read`, which takes `text` as the value of `key`, throws an error that names
    /// the key, or that the number is in the key's range.
    private func check(
        _ key: String, in section: String, _ text: String, _ range: ValueRange?,
        _ read: () throws -> Void
    ) {
        // White space around a number is JSON's.
        let number = text.trimmingCharacters(in: .whitespaces)
        let place = "\(section).\(key) = \"\(text)\""
        do {
            try read()
        } catch {
            let sentence = "\(error)"
            #expect(sentence.contains(key), "\(place): \(sentence)")
            if let figure = Double(number), let range, !contains(range, number, figure) {
                #expect(
                    sentence.contains("give a") || sentence.contains("belongs here")
                        || sentence.contains("it knows"), "\(place): \(sentence)")
            }
            return
        }
        guard isNumber(text) else { return }
        guard let range else {
            Issue.record("\(place): the key takes numbers and declares no range")
            return
        }
        #expect(contains(range, number, Double(number) ?? .nan), "\(place): not \(range)")
    }

    private func contains(_ range: ValueRange, _ text: String, _ number: Double) -> Bool {
        if let seed = UInt64(text), range == .seed { return seed.isIn(range) }
        return Int(text).map(range.contains) ?? range.contains(number)
    }

    /// Whether `text` is a number in JSON.
    private func isNumber(_ text: String) -> Bool {
        let value = try? JSONSerialization.jsonObject(
            with: Data(text.utf8), options: .fragmentsAllowed)
        return value is NSNumber
    }

    @Test func `each number of a pipeline is in its range or refused by its key`() throws {
        let file = try folder.write(
            "p.json",
            #"""
            {"corpus": {"sources": [{"name": "one", "inputs": ["a.txt"]},
              {"name": "two", "inputs": ["b.txt"]}]}}
            """#)
        var numberCount = 0
        for whole in ConfigurationKeys.pipeline.sections where !whole.place.isEmpty {
            let section = whole.place
            let place = section.replacing("sources[]", with: "sources.two")
            for described in whole.keys where !isSection(described) {
                let range = range(of: described)
                let key = described.description.name
                numberCount += range == nil ? 0 : 1
                for text in HostileNumbers.all {
                    for architecture in section == "model" ? ModelFamilies.architectures : ["gpt2"]
                    where key != "architecture" {
                        check(key, in: section, text, range) {
                            let read = try PipelineConfiguration(
                                path: section.hasPrefix("corpus.sources") ? file : nil,
                                settings: [
                                    "model.architecture=\(architecture)", "\(place).\(key)=\(text)",
                                ])
                            // Other keys, such as the inputs, are missing here.
                            _ = try? read.validateForRun(threadCount: 2)
                        }
                    }
                }
            }
        }
        #expect(numberCount > 60)
    }

    @Test func `each number of a comparison is in its range or refused by its key`() throws {
        for whole in ConfigurationKeys.comparison.sections
        where ["", "models[].model", "models[].training"].contains(whole.place) {
            let section = whole.place
            for described in whole.keys where !isSection(described) {
                let range = range(of: described)
                let key = described.description.name
                for text in HostileNumbers.all {
                    let value = isNumber(text) ? text : "\"\(text)\""
                    let member = "\"\(key)\": \(value)"
                    let architecture = key == "order" ? "ngram" : "gpt2"
                    let path = try folder.write(
                        "c.json",
                        """
                        {\(section.isEmpty ? member + "," : "")
                         "models": [{"name": "a", "model": {"architecture": "gpt2"}}, {"name": "b",
                           "model": {"architecture": "\(architecture)"
                              \(section == "models[].model" ? ", " + member : "")},
                           "training": {\(section == "models[].training" ? member : "")}}]}
                        """)
                    if key == "architecture" { continue }
                    check(key, in: "comparison \(section)", text, range) {
                        do {
                            _ = try ComparisonConfiguration(path: path)
                        } catch  where "\(error)".contains("comes within a tenth") {
                            // The number is in its range; heads of it leave no width for the rule.
                        }
                    }
                }
            }
        }
    }
}
