import Bytes
import Foundation
import Work

/// A setting that a sweep varies: its key, and the values or the range of them.
///
/// ```swift
/// try SweepAxis("training.learning_rate=1e-3,3e-3")  // two values
/// try SweepAxis("training.learning_rate=1e-4..1e-2")  // a range, from which values are drawn
/// ```
public struct SweepAxis: Sendable, Equatable {
    /// The values that it may have.
    enum Values: Sendable, Equatable {
        /// These, as a setting spells them, each once.
        case list([String])
        /// Those between two, both included; whole ones alone where the key takes whole numbers.
        case range(ClosedRange<Double>, isWhole: Bool)
    }

    /// The key, such as "training.learning_rate".
    public let key: String
    let values: Values

    /// The axis that a text describes: a key, the sign `=`, and values with commas between, or two
    /// numbers with two dots between. A comma within brackets, braces or quotes belongs to a value.
    ///
    /// - Throws: ``PipelineError`` for a key that nothing reads or that may not vary, and for a
    ///   value that the key does not take.
    public init(_ text: String) throws {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, !parts[0].isEmpty else {
            throw PipelineError.badValue(
                key: text, reason: "what varies reads section.key=value,value")
        }
        key = String(parts[0])
        let known = try Self.find(key)
        let texts = Self.elements(of: String(parts[1]))
        if let range = try Self.range(texts, known) {
            values = range
            return
        }
        var list: [String] = []
        for text in texts {
            let value = Self.canonical(text, known.description.kind)
            guard !value.isEmpty else {
                throw PipelineError.badValue(key: key, reason: "a value is empty")
            }
            var file = try ConfigurationFile(path: nil, keys: .pipeline)
            try file.apply(key + "=" + value)
            if !list.contains(value) { list.append(value) }
        }
        values = .list(list)
    }

    /// How many values there are; nil of a range.
    var count: Int? {
        if case .list(let list) = values { list.count } else { nil }
    }

    /// A value at random: each of a list, or each of a range, is as likely as another; of a range
    /// whose ends differ by more than a factor of ten, each logarithm is. Numbers that are not
    /// whole have three digits.
    func draw(_ generator: inout RandomGenerator) -> String {
        let share = generator.uniform()
        switch values {
        case .list(let list): return list[min(Int(share * Double(list.count)), list.count - 1)]
        case .range(let range, let isWhole):
            let (low, high) = (range.lowerBound, range.upperBound)
            // A whole number stands for all that round down to it.
            let end = isWhole ? high + 1 : high
            let isLogarithmic = low > 0 && high / low > 10
            let value =
                isLogarithmic ? low * exp(share * log(end / low)) : low + share * (end - low)
            let rounded =
                isWhole ? value.rounded(.down) : Double(String(format: "%.3g", value)) ?? value
            return Self.text(min(max(rounded, low), high))
        }
    }

    // MARK: Reading

    /// The key of this path, which a sweep may vary.
    private static func find(_ path: String) throws(PipelineError) -> ConfigurationKey {
        let keys = ConfigurationKeys.pipeline
        let section = path.prefix { $0 != "." }
        let isKnown = keys[path] != nil || keys.find(path).contains { $0.path == path }
        if let reason = Self.reason(against: String(section)), isKnown {
            throw .badValue(
                key: path, reason: "\(reason); keys of model and training can vary")
        }
        guard ["model", "training"].contains(section) else {
            throw .unknownKey(key: path, nearest: keys.nearest(to: path, in: ""))
        }
        guard section.count < path.count else {
            throw .badValue(
                key: path,
                reason: "it is a section; name one of its keys, as in training.learning_rate")
        }
        guard let found = keys.find(path).first, found.path == path else {
            let name = path.dropFirst(section.count + 1)
            throw .unknownKey(
                key: path, nearest: keys.nearest(to: String(name), in: String(section)))
        }
        return found
    }

    /// The reason why no key of a section may vary; nil of one whose keys may.
    private static func reason(against section: String) -> String? {
        switch section {
        case "model", "training": nil
        case "corpus", "vocabulary", "shards":
            "all trials learn from the same shards, with the same vocabulary"
        case "name": "it names what all trials share"
        case "instruction_tuning": "no trial is tuned to answer"
        default: "it changes no model"
        }
    }

    /// The range that the only element describes; nil where there is none.
    private static func range(
        _ texts: [String], _ key: ConfigurationKey
    ) throws(PipelineError) -> Values? {
        guard texts.count == 1, case .number(let allowed) = key.description.kind,
            let dots = texts[0].firstRange(of: "..")
        else { return nil }
        let ends = [texts[0][..<dots.lowerBound], texts[0][dots.upperBound...]].map(String.init)
        let numbers = ends.compactMap(Double.init).filter(\.isFinite)
        guard numbers.count == 2, numbers[0] <= numbers[1] else {
            throw .badValue(
                key: key.path,
                reason: "a range has two numbers, the smaller first, as in 1e-4..1e-2")
        }
        for number in numbers {
            if let fault = key.fault(of: .number(text(number))) {
                throw .badValue(key: key.path, reason: fault)
            }
        }
        let isWhole =
            switch allowed {
            case .real, .above: false
            case .whole, .size, .seed: true
            }
        return .range(numbers[0]...numbers[1], isWhole: isWhole)
    }

    /// The elements between the commas of a list, but for those in brackets, braces and quotes.
    /// O(characters).
    static func elements(of text: String) -> [String] {
        var elements = [""]
        var (depth, isQuoted, isEscaped) = (0, false, false)
        for character in text {
            if isQuoted {
                if character == "\"", !isEscaped { isQuoted = false }
                isEscaped = character == "\\" && !isEscaped
            } else if character == "\"" {
                isQuoted = true
            } else if "[{".contains(character) {
                depth += 1
            } else if "]}".contains(character) {
                depth -= 1
            } else if character == ",", depth <= 0 {
                elements.append("")
                continue
            }
            elements[elements.count - 1].append(character)
        }
        return elements
    }

    /// The one spelling of a number, so that 1e-3 and 0.001 are the same trial; other values as
    /// they are.
    private static func canonical(_ text: String, _ kind: SettingKind) -> String {
        guard case .number(let range) = kind, range != .seed, let number = Double(text),
            number.isFinite
        else { return text }
        return Self.text(number)
    }

    private static func text(_ number: Double) -> String {
        Int(exactly: number).map(String.init) ?? "\(number)"
    }
}
