import Bytes
import Files
import Foundation
import Models
import TokenShards
import Tokenization
import Training
import VocabularyLearning
import Work

/// Reads `pipeline.json`: defaults, then the file, then settings from the command line.
///
/// A key that nothing reads is an error, and so is a value of the wrong type: a setting that is
/// silently not in force costs a day of training.
enum ConfigurationFile {
    /// The configuration at `path`, or the defaults without one.
    ///
    /// - Parameter settings: "section.key=value" each; the value is JSON, or else a string.
    static func read(path: String?, settings: [String]) throws -> PipelineConfiguration {
        let sections = PipelineConfiguration.keysOfSections
        var said = try path.map { try parse(path: $0) } ?? [:]
        try checkIsTrained(said)
        try checkKeys(of: said, sections)
        for setting in settings {
            try apply(setting, to: &said, sections)
            try checkIsTrained(said)
        }
        return try configuration(of: said)
    }

    /// Throws for a model that only a comparison knows, which has keys of its own.
    private static func checkIsTrained(_ said: [String: Any]) throws {
        let name = ComparisonConfiguration.countedArchitecture
        let model = said["model"] as? [String: Any]
        guard model?["architecture"] as? String == name else { return }
        throw PipelineError.badValue(
            key: "model.architecture",
            reason: "\(name) is for comparisons, as the model of an element of their list "
                + "\"models\"; a model by itself is one of "
                + ModelFamilies.architectures.joined(separator: ", "))
    }

    /// The configuration of what a file and settings say, which have known keys.
    static func configuration(of said: [String: Any]) throws -> PipelineConfiguration {
        var object = try defaults(for: said)
        merge(said, into: &object)
        completeSources(of: &object)
        return try decode(object)
    }

    /// The object in the file at `path`, whose keys may be any.
    static func parse(path: String) throws -> [String: Any] {
        guard let data = try FileSystem.contents(path) else {
            throw PipelineError.unreadable(path: path, reason: "there is no such file")
        }
        let parsed: Any
        do {
            parsed = try JSONSerialization.jsonObject(with: data)
        } catch {
            let details = (error as NSError).userInfo["NSDebugDescription"] as? String
            throw PipelineError.unreadable(
                path: path, reason: details ?? "it is not JSON")
        }
        guard let object = parsed as? [String: Any] else {
            throw PipelineError.unreadable(path: path, reason: "it is not a JSON object")
        }
        do {
            // Some editors put a byte order mark before the text.
            let mark = Data([0xEF, 0xBB, 0xBF])
            try StrictJSON.check(data.starts(with: mark) ? data.dropFirst(mark.count) : data)
        } catch {
            throw PipelineError.unreadable(path: path, reason: decodingReason(error))
        }
        return object
    }

    /// Checks the keys of a section, those of the sections within it included.
    ///
    /// - Parameters:
    ///   - sections: the keys of each section, and those of the whole under the empty name.
    ///   - place: the section's own key, such as "corpus.refine", with "[]" behind that of a list
    ///     whose elements are sections; empty for the whole.
    ///   - shown: the place in errors, such as "corpus.sources[1]", where that is something else.
    static func checkKeys(
        of object: [String: Any], _ sections: [String: [String]], in place: String = "",
        shown: String? = nil
    ) throws {
        let known = sections[place] ?? []
        let (prefix, shownPrefix) = (joined(place, ""), joined(shown ?? place, ""))
        for name in object.keys.sorted() {
            guard known.contains(name) else {
                throw PipelineError.unknownKey(
                    key: shownPrefix + name,
                    nearest: Spelling.nearest(to: name, among: known).map { shownPrefix + $0 })
            }
            let (key, shown) = (prefix + name, shownPrefix + name)
            if sections[key] != nil {
                try checkSection(object[name], sections, key, shown)
            } else if sections[key + "[]"] != nil {
                guard let elements = object[name] as? [Any] else {
                    throw PipelineError.badValue(key: shown, reason: "a list belongs here")
                }
                for (number, element) in elements.enumerated() {
                    try checkSection(element, sections, key + "[]", "\(shown)[\(number)]")
                }
            }
        }
    }

    private static func checkSection(
        _ value: Any?, _ sections: [String: [String]], _ key: String, _ shown: String
    ) throws {
        if value is NSNull, PipelineConfiguration.optionalSections.contains(key) { return }
        guard let section = value as? [String: Any] else {
            throw PipelineError.badValue(key: shown, reason: "a JSON object belongs here")
        }
        try checkKeys(of: section, sections, in: key, shown: shown)
    }

    private static func joined(_ section: String, _ key: String) -> String {
        section.isEmpty ? key : section + "." + key
    }

    /// Puts a setting over what a file says.
    static func apply(
        _ setting: String, to object: inout [String: Any], _ sections: [String: [String]]
    ) throws {
        let unreadable = PipelineError.badValue(
            key: setting, reason: "a setting reads section.key=value")
        guard let equals = setting.firstIndex(of: "=") else { throw unreadable }
        let path = setting[..<equals].split(separator: ".").map(String.init)
        let text = String(setting[setting.index(after: equals)...])
        guard !path.isEmpty else { throw unreadable }
        let value = try value(of: text, key: path.joined(separator: "."))
        if path.starts(with: ["corpus", "sources"]), path.count > 2 {
            try applyToSource(path[2], nested(value, path[3...]), of: &object, sections)
            return
        }
        let addition = nested(value, path[...])
        guard let addition = addition as? [String: Any] else { throw unreadable }
        try checkKeys(of: addition, sections)
        guard path.count == 1 || sections[path.dropLast().joined(separator: ".")] != nil else {
            throw unreadable
        }
        merge(addition, into: &object)
    }

    /// A setting's value: JSON, or else a string.
    private static func value(of text: String, key: String) throws -> Any {
        let data = Data(text.utf8)
        guard
            let value = try? JSONSerialization.jsonObject(with: data, options: .fragmentsAllowed)
        else { return text }
        do {
            try StrictJSON.check(data)
        } catch {
            throw PipelineError.badValue(key: key, reason: decodingReason(error))
        }
        return value
    }

    /// `value` as what the keys of `path` lead to.
    private static func nested(_ value: Any, _ path: ArraySlice<String>) -> Any {
        path.reversed().reduce(value) { [$1: $0] }
    }

    /// Puts keys over those of the source called `name`.
    private static func applyToSource(
        _ name: String, _ addition: Any, of object: inout [String: Any],
        _ sections: [String: [String]]
    ) throws {
        var corpus = object["corpus"] as? [String: Any] ?? [:]
        var sources = corpus["sources"] as? [[String: Any]] ?? []
        let shown = "corpus.sources." + name
        guard let number = sources.firstIndex(where: { $0["name"] as? String == name }) else {
            let names = sources.compactMap { $0["name"] as? String }
            throw PipelineError.unknownKey(
                key: shown,
                nearest: Spelling.nearest(to: name, among: names).map { "corpus.sources." + $0 })
        }
        try checkSection(addition, sections, "corpus.sources[]", shown)
        merge(addition as? [String: Any] ?? [:], into: &sources[number])
        corpus["sources"] = sources
        object["corpus"] = corpus
    }

    /// Gives every source what the section says beside the list and the source does not say itself.
    private static func completeSources(of object: inout [String: Any]) {
        guard var corpus = object["corpus"] as? [String: Any],
            let sources = corpus["sources"] as? [[String: Any]]
        else { return }
        var defaults = corpus
        for key in ["inputs", "inputs_from", "sources"] { defaults[key] = nil }
        corpus["sources"] = sources.map { source in
            var whole = defaults
            merge(source, into: &whole)
            return whole
        }
        object["corpus"] = corpus
    }

    /// Puts the values of `addition` over those of `object`, section by section.
    static func merge(_ addition: [String: Any], into object: inout [String: Any]) {
        for (key, value) in addition {
            if let section = value as? [String: Any], var old = object[key] as? [String: Any] {
                merge(section, into: &old)
                object[key] = old
            } else {
                object[key] = value
            }
        }
    }

    private static func object(of configuration: PipelineConfiguration) throws -> [String: Any] {
        let data = try JSONEncoder().encode(configuration)
        return try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    }

    /// The defaults, those of the model being its architecture's, those of the vocabulary its
    /// model's, and pairs being packed whole.
    private static func defaults(for said: [String: Any]) throws -> [String: Any] {
        var configuration = PipelineConfiguration()
        let model = said["model"] as? [String: Any]
        if let name = model?["architecture"] as? String,
            let shape = ModelFamilies.shape(defaultsOf: name)
        {
            configuration.model = ModelConfiguration(shape)
            if type(of: shape).readsPairs { configuration.training.packing = .bestFit }
        }
        let vocabulary = said["vocabulary"] as? [String: Any]
        if let name = vocabulary?["model"] as? String, let model = VocabularyModel(rawValue: name) {
            configuration.vocabulary = VocabularyConfiguration(model: model)
        }
        return try object(of: configuration)
    }

    private static func decode(_ object: [String: Any]) throws -> PipelineConfiguration {
        let data = try JSONSerialization.data(withJSONObject: object)
        do {
            return try JSONDecoder().decode(PipelineConfiguration.self, from: data)
        } catch let error as DecodingError {
            var (key, reason) = error.place
            if key.isEmpty, let number = unfitNumber(in: object) {
                (key, reason) = (number, "a whole number that is not out of range belongs here")
            }
            if case .dataCorrupted = error,
                let choices = PipelineConfiguration.choices[
                    key.replacing(/^corpus\.sources\[\d+\]/, with: "corpus")]
            {
                throw PipelineError.badValue(
                    key: key, reason: "one of \(choices.joined(separator: ", ")) belongs here")
            }
            throw PipelineError.badValue(key: key, reason: reason)
        }
    }

    /// The key of a number that no field of its place can hold, such as 2.5 for a count: the
    /// decoder says that there is one, and not where.
    private static func unfitNumber(
        in object: [String: Any], of whole: [String: Any]? = nil, place: [String] = []
    ) -> String? {
        for (name, value) in object {
            let path = place + [name]
            if let section = value as? [String: Any] {
                if let found = unfitNumber(in: section, of: whole ?? object, place: path) {
                    return found
                }
            }
            // A source has the keys of the section that it stands in.
            for (number, source) in (value as? [[String: Any]] ?? []).enumerated() {
                if let found = unfitNumber(in: source, of: whole ?? object, place: place) {
                    return "\(path.joined(separator: "."))[\(number)]"
                        + found.dropFirst(place.joined(separator: ".").count)
                }
            }
            guard value is NSNumber, !place.isEmpty else { continue }
            var alone: [String: Any] = [name: value]
            for section in place.reversed() { alone = [section: alone] }
            guard var rest = try? defaults(for: whole ?? object) else { continue }
            merge(alone, into: &rest)
            guard let data = try? JSONSerialization.data(withJSONObject: rest) else { continue }
            if (try? JSONDecoder().decode(PipelineConfiguration.self, from: data)) == nil {
                return path.joined(separator: ".")
            }
        }
        return nil
    }
}
