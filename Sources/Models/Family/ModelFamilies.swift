/// Families of models, each a ``ModelShape``: the list that opening a directory and reading
/// `pipeline.json` go by.
public enum ModelFamilies {
    /// All families.
    public static let all: [any ModelShape.Type] = [
        GPTConfiguration.self, RecurrentConfiguration.self, EncoderDecoderConfiguration.self,
    ]

    /// The values of the key `architecture`.
    public static var architectures: [String] { all.flatMap { $0.architectures } }

    /// Those whose training can carry a state from window to window.
    public static var statefulArchitectures: [String] {
        architectures.filter { shape(defaultsOf: $0)?.carriedStateShape != nil }
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
