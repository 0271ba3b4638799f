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

    /// Ranges of numbers that a comparison has beside those of a pipeline.
    private static let comparisonRanges: [String: [String: ValueRange]] = [
        "": Dictionary(
            uniqueKeysWithValues: ComparisonConfiguration.numericKeys.map { ($0.name, $0.range) }),
        "models[].model": ["order": .whole(2...16)],
    ]

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
        let ranges = PipelineConfiguration.numericRanges
        var numberCount = 0
        for (section, keys) in PipelineConfiguration.keysOfSections where !section.isEmpty {
            let place = section.replacing("sources[]", with: "sources.two")
            for key in keys where PipelineConfiguration.keysOfSections["\(section).\(key)"] == nil {
                let range = ranges[section]?[key]
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

    @Test func `a number that is declared is a key of its section`() {
        for (section, ranges) in PipelineConfiguration.numericRanges {
            let known = Set(PipelineConfiguration.keysOfSections[section] ?? [])
            for key in ranges.keys {
                #expect(
                    known.contains(key)
                        || ["stride", "evaluation_stride"].contains(key), "\(section).\(key)")
            }
        }
    }

    @Test func `each number of a comparison is in its range or refused by its key`() throws {
        let sections = ComparisonConfiguration.keysOfSections
        let ranges = PipelineConfiguration.numericRanges.merging(Self.comparisonRanges) { $1 }
        for (section, keys) in sections
        where ["", "models[].model", "models[].training"].contains(section) {
            for key in keys where sections[key] == nil && sections[key + "[]"] == nil {
                let own = ranges[section.replacing("models[].", with: "")]?[key]
                let range = ranges[section]?[key] ?? own
                for text in HostileNumbers.all {
                    let value = isNumber(text) ? text : "\"\(text)\""
                    let member = "\"\(key)\": \(value)"
                    let architecture = key == "order" ? "ngram" : "gpt2"
                    let path = try folder.write(
                        "c.json",
                        """
                        {\(section.isEmpty ? member + "," : "")
                         "models": [{"name": "a"}, {"name": "b",
                           "model": {"architecture": "\(architecture)"
                              \(section == "models[].model" ? ", " + member : "")},
                           "training": {\(section == "models[].training" ? member : "")}}]}
                        """)
                    if key == "architecture" { continue }
                    check(key, in: "comparison \(section)", text, range) {
                        _ = try ComparisonConfiguration(path: path)
                    }
                }
            }
        }
    }
}
