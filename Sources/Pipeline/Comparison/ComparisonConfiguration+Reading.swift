import Foundation
import Models
import Training
import Work

extension ComparisonConfiguration {
    /// The comparison in the file at `path`, with `settings` such as "training.steps=100" put over
    /// what its models share; nil for a file without a list of models, which is a pipeline.
    ///
    /// - Throws: ``PipelineError`` for a file that is not JSON, an unknown key, or a value that
    ///   does not fit.
    public init?(path: String, settings: [String] = []) throws {
        var said = try ConfigurationFile.parse(path: path)
        guard said[Key.models.rawValue] != nil else { return nil }
        let sections = Self.keysOfSections
        try ConfigurationFile.checkKeys(of: said, sections)
        for setting in settings { try ConfigurationFile.apply(setting, to: &said, sections) }
        var own: [Key: Any] = [:]
        for key in Key.allCases { own[key] = said.removeValue(forKey: key.rawValue) }
        // A section "model" that all share need not be a model's by itself.
        let shared = said.removeValue(forKey: "model") as? [String: Any] ?? [:]
        pipeline = try ConfigurationFile.configuration(of: said)
        try pipeline.validateReading()
        if let value = own[.rule] {
            guard let rule = (value as? String).flatMap(Rule.init(rawValue:)) else {
                throw PipelineError.badValue(
                    key: "rule", reason: "one of \(Self.list(Rule.allCases.map(\.rawValue)))")
            }
            self.rule = rule
        }
        if let value = own[.minutes] { minutes = try Self.number(value, "minutes") }
        if let value = own[.windows] {
            guard let number = Int(exactly: try Self.number(value, "windows")) else {
                throw PipelineError.badValue(
                    key: "windows", reason: "it is \(value); \(Self.windowRange.wish)")
            }
            windowLimit = number
        }
        for (number, element) in (own[.models] as? [[String: Any]] ?? []).enumerated() {
            try add(element, "models[\(number)]", shared: shared, said: said)
        }
        try validate()
    }

    private static let windowRange = ValueRange.whole(1...1 << 30)

    /// The numbers beside those of a pipeline.
    static let numericKeys: [NumericKey<ComparisonConfiguration>] = [
        NumericKey(Key.minutes, \.minutes, .above(0, upTo: 1e6), unit: "minutes"),
        NumericKey(Key.windows, \.windowLimit, windowRange, unit: "windows"),
    ]

    /// The keys beside those of a pipeline.
    private enum Key: String, CaseIterable {
        case rule, minutes, windows, models
    }

    /// The keys that each section knows, and those of the whole under the empty name.
    static var keysOfSections: [String: [String]] {
        var sections = PipelineConfiguration.keysOfSections
        sections["", default: []] += Key.allCases.map(\.rawValue)
        sections["models[]"] = ["name", "model", "training"]
        sections["models[].model"] = (sections["model"] ?? []) + ["order"]
        sections["models[].training"] = sections["training"]
        return sections
    }

    private static func list(_ choices: [String]) -> String {
        choices.joined(separator: ", ") + " belongs here"
    }

    private static func number(_ value: Any, _ key: String) throws -> Double {
        guard let number = value as? Double else {
            throw PipelineError.badValue(key: key, reason: "a number belongs here")
        }
        return number
    }

    /// Adds a model: an element of the list, over what all share.
    private mutating func add(
        _ element: [String: Any], _ key: String, shared: [String: Any], said: [String: Any]
    ) throws {
        guard let name = element["name"] as? String else {
            throw PipelineError.badValue(key: key + ".name", reason: "a name belongs here")
        }
        let own = element["model"] as? [String: Any] ?? [:]
        let training = element["training"] as? [String: Any] ?? [:]
        let architecture = own["architecture"] ?? shared["architecture"]
        if architecture as? String == Self.countedArchitecture {
            models.append(
                Entry(name: name, kind: .counted(order: try Self.order(own, training, key))))
            return
        }
        let known = ModelFamilies.architectures
        guard architecture.map({ ($0 as? String).map(known.contains) == true }) ?? true else {
            throw PipelineError.badValue(
                key: key + ".model.architecture",
                reason: "one of \(Self.list(known + [Self.countedArchitecture]))")
        }
        var (whole, model) = (said, shared)
        ConfigurationFile.merge(own, into: &model)
        ConfigurationFile.merge(["model": model, "training": training], into: &whole)
        do {
            let network = try ConfigurationFile.configuration(of: whole)
            try network.checkNumbers()
            models.append(Entry(name: name, kind: .network(network)))
        } catch PipelineError.badValue(let place, let reason) {
            throw PipelineError.badValue(key: "\(key).\(place)", reason: reason)
        }
        // What a model says of its hidden units is what may change, and its embeddings stay.
        if own["hidden_size"] != nil { widthKeys[name] = "hidden_size" }
    }

    /// The order that a section of n-grams asks for, which knows nothing else.
    private static func order(
        _ section: [String: Any], _ training: [String: Any], _ key: String
    ) throws -> Int {
        if let other = section.keys.sorted().first(where: { $0 != "architecture" && $0 != "order" })
        {
            throw PipelineError.badValue(
                key: "\(key).model.\(other)",
                reason: "\(countedArchitecture) has no \(other); it knows architecture, order")
        }
        guard training.isEmpty else {
            throw PipelineError.badValue(
                key: key + ".training", reason: "n-grams are counted, and have nothing to train")
        }
        guard let value = section["order"] else { return defaultOrder }
        guard let order = value as? Int else {
            throw PipelineError.badValue(
                key: key + ".model.order", reason: "a whole number belongs here")
        }
        return order
    }
}
