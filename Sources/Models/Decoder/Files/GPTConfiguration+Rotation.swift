extension GPTConfiguration {
    /// Object that says how positions turn: `rope_parameters`, or `rope_scaling` in older files.
    struct Rotation: Decodable {
        var rope_type: String?
        var type: String?  // as older files call it
        var rope_theta: Double?
        var factor: Double?
        var original_max_position_embeddings: Int?
        var low_freq_factor: Double?
        var high_freq_factor: Double?
        var attention_factor: Double?
        var beta_fast: Double?
        var beta_slow: Double?
        var mscale: Double?
        var mscale_all_dim: Double?
        var truncate: Bool?
        var partial_rotary_factor: Double?

        /// The rules that are known, with the keys that each reads.
        private static let ownKeys: [String: Set<String>] = [
            "default": [], "linear": ["factor"], "dynamic": ["factor"],
            "llama3": ["factor", "low_freq_factor", "high_freq_factor"],
            "yarn": [
                "factor", "attention_factor", "beta_fast", "beta_slow", "mscale", "mscale_all_dim",
                "truncate",
            ],
        ]

        var isEmpty: Bool {
            rope_type == nil && type == nil && rope_theta == nil && factor == nil
        }

        var rule: String { rope_type ?? type ?? "default" }

        /// The keys that its rule reads. Where a model's positions began is read by some rules and
        /// ignored by the others.
        var keys: Set<String> {
            Set(["rope_type", "type", "rope_theta", "original_max_position_embeddings"])
                .union(Self.ownKeys[rule] ?? [])
        }

        /// The scaling that it describes, of a model with so many positions; nil for none.
        ///
        /// - Parameters:
        ///   - positionCount: positions of the model.
        ///   - original: positions that it has first learned, where that stands outside.
        func scaling(
            positionCount: Int, original: Int?
        ) throws(Unsupported) -> RotaryScaling? {
            let original = original ?? original_max_position_embeddings ?? positionCount
            func required(_ value: Double?, _ name: String) throws(Unsupported) -> Double {
                guard let value else {
                    throw Unsupported("its rule \(rule) of rotary positions has no \(name)")
                }
                return value
            }
            switch rule {
            case "default": return nil
            case "dynamic": return .dynamic(factor: try required(factor, "factor"))
            case "linear": return .linear(factor: try required(factor, "factor"))
            case "llama3":
                return .llama3(
                    .init(
                        factor: try required(factor, "factor"),
                        lowFrequencyFactor: try required(low_freq_factor, "low_freq_factor"),
                        highFrequencyFactor: try required(high_freq_factor, "high_freq_factor"),
                        originalPositionCount: original))
            case "yarn":
                var rule = RotaryScaling.YaRN(
                    factor: factor ?? Double(positionCount) / Double(max(original, 1)),
                    originalPositionCount: original)
                rule.attentionFactor = attention_factor
                if let beta_fast, beta_fast != 0 { rule.fastTurns = beta_fast }
                if let beta_slow, beta_slow != 0 { rule.slowTurns = beta_slow }
                if let mscale, let mscale_all_dim, mscale != 0, mscale_all_dim != 0 {
                    rule.lengthScales = .init(own: mscale, all: mscale_all_dim)
                }
                rule.roundsBorders = truncate ?? true
                return .yarn(rule)
            case let other:
                throw Unsupported("its rotary positions are scaled by the rule \(other)")
            }
        }
    }
}

extension RotaryScaling {
    /// The members of `rope_parameters` besides the base, in the order of their names.
    var members: [(key: String, value: String)] {
        var members: [(key: String, value: String)] = []
        func add(_ key: String, _ value: Double?) {
            if let value { members.append((key, "\(value)")) }
        }
        switch self {
        case .dynamic(let factor):
            add("factor", factor)
            members.append(("rope_type", "\"dynamic\""))
        case .linear(let factor):
            add("factor", factor)
            members.append(("rope_type", "\"linear\""))
        case .llama3(let rule):
            add("factor", rule.factor)
            add("high_freq_factor", rule.highFrequencyFactor)
            add("low_freq_factor", rule.lowFrequencyFactor)
            members.append(
                ("original_max_position_embeddings", "\(rule.originalPositionCount)"))
            members.append(("rope_type", "\"llama3\""))
        case .yarn(let rule):
            add("attention_factor", rule.attentionFactor)
            if rule.fastTurns != 32 { add("beta_fast", rule.fastTurns) }
            if rule.slowTurns != 1 { add("beta_slow", rule.slowTurns) }
            add("factor", rule.factor)
            add("mscale", rule.lengthScales?.own)
            add("mscale_all_dim", rule.lengthScales?.all)
            members.append(
                ("original_max_position_embeddings", "\(rule.originalPositionCount)"))
            members.append(("rope_type", "\"yarn\""))
            if !rule.roundsBorders { members.append(("truncate", "false")) }
        }
        return members
    }
}
