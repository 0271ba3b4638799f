/// The section "model" of `pipeline.json`: the shape of a model of any family, which the key
/// `architecture` chooses.
public struct ModelConfiguration: Codable, Sendable {
    /// The model's shape.
    public var shape: any ModelShape

    /// The section of a shape.
    public init(_ shape: any ModelShape = GPTConfiguration()) { self.shape = shape }

    /// The shape that the `config.json` of a directory describes.
    public init(directory: String) throws(ModelError) {
        shape = try ModelConfigurationFile(path: directory + "/config.json").configuration
    }

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private static let architectureKey = Key(stringValue: "architecture")

    /// Reads the keys of the architecture; those that are absent keep their defaults, and one that
    /// only other architectures have is an error.
    public init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Key.self)
        let name =
            try values.decodeIfPresent(String.self, forKey: Self.architectureKey)
            ?? ModelFamilies.defaultArchitecture
        guard let family = ModelFamilies.all.first(where: { $0.architectures.contains(name) })
        else {
            throw DecodingError.dataCorruptedError(
                forKey: Self.architectureKey, in: values,
                debugDescription:
                    "one of \(ModelFamilies.architectures.joined(separator: ", ")) belongs here")
        }
        for key in values.allKeys where !family.keys.contains(key.stringValue) {
            throw DecodingError.dataCorruptedError(
                forKey: key, in: values,
                debugDescription: "\(name) has no \(key.stringValue)"
                    + (family.keyMeant(by: key.stringValue).map { " (did you mean \($0)?)" } ?? "")
                    + "; it knows \(family.keys.joined(separator: ", "))")
        }
        shape = try family.init(from: decoder)
    }

    /// Writes the shape's keys.
    public func encode(to encoder: any Encoder) throws { try shape.encode(to: encoder) }
}

extension ModelConfiguration: Equatable {
    /// Whether both describe the same model.
    public static func == (a: ModelConfiguration, b: ModelConfiguration) -> Bool {
        func isEqual<Shape: ModelShape>(_ shape: Shape) -> Bool { b.shape as? Shape == shape }
        return isEqual(a.shape)
    }
}

/// Families of models, each a ``ModelShape``: the list that opening a directory and reading
/// `pipeline.json` go by.
public enum ModelFamilies {
    /// All families.
    public static let all: [any ModelShape.Type] = [
        GPTConfiguration.self, RecurrentConfiguration.self, EncoderDecoderConfiguration.self,
    ]

    /// The architecture of a model that is described without one.
    public static var defaultArchitecture: String { GPTConfiguration().architectureName }

    /// The values of the key `architecture`.
    public static var architectures: [String] { all.flatMap { $0.architectures } }

    /// Those whose training can carry a state from window to window.
    public static var statefulArchitectures: [String] {
        architectures.filter { shape(defaultsOf: $0)?.carriedStateShape != nil }
    }

    /// Those that learn from pairs of a source and its target.
    public static var pairArchitectures: [String] {
        all.filter { $0.readsPairs }.flatMap { $0.architectures }
    }

    /// The keys of a model's section, of any family.
    public static var keys: [String] {
        all.reduce(into: []) { keys, family in
            keys += family.keys.filter { !keys.contains($0) }
        }
    }

    /// The default shape of an architecture; nil for one that no family has.
    public static func shape(defaultsOf architecture: String) -> (any ModelShape)? {
        all.first { $0.architectures.contains(architecture) }?.init(defaultsOf: architecture)
    }
}
