import Bytes
import Foundation
import Models
import Training
import Work

extension ComparisonConfiguration {
    /// The comparison in the file at `path`, with `settings` such as "training.steps=100" put over
    /// what its models share; nil for a file without a list of models, which is a pipeline.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - settings: what is put over it.
    ///   - threadCount: threads of a run, for which every section is checked; nil where the
    ///     comparison is only looked at.
    /// - Throws: ``PipelineError`` for a file that is not JSON, an unknown key, or a value that
    ///   does not fit.
    public init?(path: String, settings: [String] = [], forRunWith threadCount: Int? = nil) throws {
        var file = try ConfigurationFile(path: path, keys: .comparison)
        guard file.said[CodingKeys.models.rawValue] != nil else { return nil }
        try file.check()
        for setting in settings { try file.apply(setting) }
        self = try file.placing {
            let comparison = try ComparisonConfiguration(said: file.said)
            if let threadCount {
                try comparison.pipeline.validateForRun(threadCount: threadCount)
            }
            return comparison
        }
    }

    /// The comparison of what a file and settings say, which have known keys and values that fit
    /// them.
    private init(said: JSONValue) throws {
        // A section "model" that all share need not be a model's by itself.
        var pipeline = said
        for key in CodingKeys.allCases { pipeline[key.rawValue] = nil }
        pipeline["model"] = nil
        self.pipeline = try PipelineConfiguration(said: pipeline)
        try self.pipeline.validateReading()
        let own = try JSONDecoder().decode(Own.self, from: said.data)
        rule = own.rule ?? rule
        minutes = own.minutes ?? minutes
        windowLimit = own.windows ?? windowLimit
        let shared = said["model"] ?? .object([])
        let elements = said[CodingKeys.models.rawValue]?.array ?? []
        let families = elements.compactMap { Self.family(of: $0, shared) }
        for key in shared.members.map(\.key) where key != Self.architectureKey {
            guard !families.isEmpty, !families.contains(where: { $0.keys.contains(key) }) else {
                continue
            }
            throw PipelineError.badValue(
                key: "model." + key, reason: "none of the networks has it; leave it out")
        }
        for (number, element) in elements.enumerated() {
            try add(element, "models[\(number)]", shared: shared, said: pipeline)
        }
        try validate()
    }

    private static let architectureKey = "architecture"

    /// The family of an element of the list, over what all share; nil of n-grams.
    private static func family(
        of element: JSONValue, _ shared: JSONValue
    ) -> (any ModelShape.Type)? {
        let own = element["model"]?[architectureKey] ?? shared[architectureKey]
        let name = own?.string ?? ModelFamilies.defaultArchitecture
        return ModelFamilies.all.first { $0.architectures.contains(name) }
    }

    /// The values beside those of a pipeline and of the models.
    private struct Own: Decodable {
        var rule: Rule?
        var minutes: Double?
        var windows: Int?
    }

    /// Adds a model: an element of the list, over what all share.
    private mutating func add(
        _ element: JSONValue, _ key: String, shared: JSONValue, said: JSONValue
    ) throws {
        guard let name = element["name"]?.string else {
            throw PipelineError.badValue(key: key + ".name", reason: "a name belongs here")
        }
        let own = element["model"] ?? .object([])
        let training = element["training"] ?? .object([])
        let architecture = own[Self.architectureKey] ?? shared[Self.architectureKey]
        if architecture?.string == Self.countedArchitecture {
            models.append(
                Entry(name: name, kind: .counted(order: try Self.order(own, training, key))))
            return
        }
        if own["order"] != nil {
            throw PipelineError.badValue(
                key: key + ".model.order",
                reason: "it is for the architecture \(Self.countedArchitecture); leave it out")
        }
        // What another architecture alone has is for its models.
        let family = Self.family(of: element, shared)
        var model = JSONValue.object(
            shared.members.filter {
                $0.key == Self.architectureKey || family?.keys.contains($0.key) != false
            })
        var whole = said
        model.merge(own)
        whole["model"] = model
        whole.merge(.object([.init(key: "training", value: training)]))
        do {
            let network = try PipelineConfiguration(said: whole)
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
        _ section: JSONValue, _ training: JSONValue, _ key: String
    ) throws -> Int {
        if let other = section.members.map(\.key).first(where: {
            $0 != "architecture" && $0 != "order"
        }) {
            throw PipelineError.badValue(
                key: "\(key).model.\(other)",
                reason: "\(countedArchitecture) has no \(other); it knows architecture, order")
        }
        guard training.members.isEmpty else {
            throw PipelineError.badValue(
                key: key + ".training", reason: "n-grams are counted, and have nothing to train")
        }
        guard case .number(let spelling)? = section["order"] else { return defaultOrder }
        return Int(spelling) ?? Double(spelling).flatMap { Int(exactly: $0) } ?? defaultOrder
    }
}
