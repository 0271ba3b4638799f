import Bytes

/// A trial of a sweep: one combination of settings.
public struct SweepTrial: Sendable {
    /// A setting and its value, both as a setting spells them.
    public struct Setting: Codable, Equatable, Sendable, CustomStringConvertible {
        /// The key, such as "training.learning_rate".
        public var key: String
        /// The value, such as "0.001".
        public var value: String

        /// "training.learning_rate=0.001".
        public var description: String { key + "=" + value }
    }

    /// Its name, and that of its directory in the sweep's: "learning_rate-0.001_n_layer-4".
    public let name: String
    /// The settings in which it differs from others.
    public let settings: [Setting]
    /// The whole configuration.
    let configuration: PipelineConfiguration

    /// Bytes of a name that says all values in full.
    private static let longestNameByteCount = 120

    /// The name of a trial with these settings, whatever other trials there are. Keys are named
    /// without their section, unless two of `settings` have the same name.
    static func name(of settings: [Setting]) -> String {
        func last(_ key: String) -> String { String(key.split(separator: ".").last ?? "") }
        var isWhole = true
        let parts = settings.map { setting in
            let isAlone = settings.count { last($0.key) == last(setting.key) } == 1
            let value = String(
                setting.value.unicodeScalars.map { scalar -> Character in
                    let isSafe =
                        scalar.isASCII
                        && (scalar.properties.isAlphabetic
                            || "0123456789.+-_".unicodeScalars.contains(scalar))
                    if !isSafe { isWhole = false }
                    return isSafe ? Character(scalar) : "-"
                })
            return (isAlone ? last(setting.key) : setting.key) + "-" + value
        }
        let name = parts.joined(separator: "_")
        guard !isWhole || name.utf8.count > longestNameByteCount else { return name }
        // Other values may leave the same characters.
        let text = Array(settings.map(\.description).joined(separator: "\n").utf8)
        return String(name.prefix(longestNameByteCount)) + "-"
            + String(XXH64.hash(of: text.span), radix: 16)
    }
}
