import Bytes
import Corpora
import Files
import Foundation
import Models
import Refinement
import Tokenization
import Training
import Work

/// What a file and settings from the command line say of a configuration, whose keys are known and
/// whose values fit them.
///
/// A key that nothing reads is an error, and so is a value of the wrong kind: a setting that is
/// silently not in force costs a day of training. Errors of what stands in the file name its line
/// and column.
struct ConfigurationFile {
    /// An object of what is said.
    var said = JSONValue.object([])
    /// The keys that there are.
    private let keys: ConfigurationKeys
    private let path: String?
    /// The text of the file; nil without one.
    private let written: WrittenJSON?
    /// Paths of the keys that settings are put over, for which the file is not to blame.
    private var settled: Set<String> = []

    /// Nothing yet, or what the file at `path` says, whose keys may still be any.
    init(path: String?, keys: ConfigurationKeys) throws {
        self.keys = keys
        self.path = path
        guard let path else {
            written = nil
            return
        }
        func unreadable(_ reason: String) -> PipelineError {
            .unreadable(path: path, reason: reason)
        }
        guard !FileSystem.isDirectory(path) else { throw unreadable("it is a folder") }
        guard let data = try FileSystem.contents(path) else {
            throw unreadable("there is no such file")
        }
        do throws(WrittenJSONError) {
            written = try WrittenJSON(Array(data))
        } catch {
            let begin = data.first { !" \t\r\n".utf8.contains($0) }
            // A text that is learned from, rather than a description with a slip in it.
            guard path.hasSuffix(".json") || begin == nil || begin == UInt8(ascii: "{") else {
                throw unreadable("it is no JSON object, for which the file begins with {")
            }
            throw unreadable("\(error.place): \(error.reason)")
        }
        guard let value = written?.value, case .object = value else {
            throw unreadable("it is not a JSON object")
        }
        said = value
    }

    /// The result of `body`, whose errors of the configuration get the place in the file.
    func placing<Result>(_ body: () throws -> Result) throws -> Result {
        do {
            return try body()
        } catch let error as PipelineError {
            throw placed(error)
        } catch TrainingError.badConfiguration(let key, let rule) {
            throw placed(.badValue(key: "training." + key, reason: "it \(rule)"))
        } catch CorpusError.badValue(let key, let wish) {
            throw placed(.badValue(key: "corpus." + key, reason: wish))
        } catch RefinementError.badValue(let key, let wish) {
            throw placed(.badValue(key: "corpus.refine." + key, reason: wish))
        } catch ModelError.badConfiguration(let reason) {
            throw placed(.badValue(key: keyNamed(in: reason, of: "model"), reason: reason))
        } catch TokenizationError.invalidConfiguration(let reason) {
            throw placed(.badValue(key: keyNamed(in: reason, of: "vocabulary"), reason: reason))
        }
    }

    /// The key of a section that `reason` names first and the file says; the section itself where
    /// it names none. O(keys).
    private func keyNamed(in reason: String, of section: String) -> String {
        let words = reason.split { !($0.isLetter || $0.isNumber || $0 == "_") }
        let names = words.filter { keys[section]?[String($0)] != nil }
        let said = names.first { written?.place(of: "\(section).\($0)") != nil }
        return (said ?? names.first).map { "\(section).\($0)" } ?? section
    }

    private func placed(_ error: PipelineError) -> PipelineError {
        let key: String
        switch error {
        case .badValue(let name, _), .unknownKey(let name, _): key = name
        default: return error
        }
        // What an element of a comparison does not say is what all share.
        let shared = key.hasPrefix("models[") ? key.split(separator: ".").dropFirst() : []
        let names = [key, shared.joined(separator: ".")].filter { !$0.isEmpty }
        guard let path, !names.contains(where: settled.contains),
            let place = names.lazy.compactMap({ written?.place(of: $0) }).first
        else { return error }
        return .written(path: path, line: place.line, column: place.column, error)
    }

    /// Checks the keys and values of the file.
    func check() throws {
        try placing { try ConfigurationCheck(keys: keys).check(said) }
    }

    /// Puts a setting, "section.key=value", over what the file says; the value is JSON, or else a
    /// string.
    mutating func apply(_ setting: String) throws {
        let unreadable = PipelineError.badValue(
            key: setting, reason: "a setting reads section.key=value")
        guard let equals = setting.firstIndex(of: "=") else { throw unreadable }
        let path = setting[..<equals].split(separator: ".", omittingEmptySubsequences: false)
            .map(String.init)
        guard !path.contains("") else { throw unreadable }
        let text = String(setting[setting.index(after: equals)...])
        let value = try value(of: text, key: path.joined(separator: "."))
        if path.starts(with: ["corpus", "sources"]), path.count > 2 {
            try applyToSource(path[2], Self.nested(value, path[3...]))
        } else {
            let addition = Self.nested(value, path[...])
            try ConfigurationCheck(keys: keys).check(addition)
            said.merge(addition)
        }
        settle(path.joined(separator: "."), value)
    }

    /// Notes that a setting says what stands at `path`.
    private mutating func settle(_ path: String, _ value: JSONValue) {
        settled.insert(path)
        for member in value.members { settle(path + "." + member.key, member.value) }
    }

    /// A setting's value: JSON, or else a string. What begins as a list, an object or a string in
    /// quotes is meant as JSON, unless the key takes any text.
    private func value(of text: String, key: String) throws -> JSONValue {
        do throws(WrittenJSONError) {
            return try WrittenJSON(Array(text.utf8)).value
        } catch {
            let isText = keys.find(key).first.map { $0.description.kind == .text } ?? false
            guard !isText, let first = text.first, "[{\"".contains(first) else {
                return .string(text)
            }
            throw PipelineError.badValue(key: key, reason: "\(error)")
        }
    }

    /// `value` as what the keys of `path` lead to.
    private static func nested(_ value: JSONValue, _ path: ArraySlice<String>) -> JSONValue {
        path.reversed().reduce(value) { .object([JSONValue.Member(key: $1, value: $0)]) }
    }

    /// Puts keys over those of the source called `name`.
    private mutating func applyToSource(_ name: String, _ addition: JSONValue) throws {
        var corpus = said["corpus"] ?? .object([])
        var sources = corpus["sources"]?.array ?? []
        let shown = "corpus.sources." + name
        guard let number = sources.firstIndex(where: { $0["name"]?.string == name }) else {
            let names = sources.compactMap { $0["name"]?.string }
            throw PipelineError.unknownKey(
                key: shown,
                nearest: Spelling.nearest(to: name, among: names).map { "corpus.sources." + $0 })
        }
        try ConfigurationCheck(keys: keys).checkSection(addition, "corpus.sources[]", shown)
        sources[number].merge(addition)
        corpus["sources"] = .array(sources)
        said["corpus"] = corpus
    }
}
