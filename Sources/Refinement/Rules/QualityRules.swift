import Work

/// The rules of quality that a configuration asks for, and their limits.
///
/// They are asked for by a list of names: that of a family for all its rules, that of a rule for
/// one, `NAME=LIMIT` for one with another limit than the published one, and `NAME=off` for all of a
/// family but one. Families are asked in the order in which the list names them first, and the
/// rules of each in the order of ``QualityRule``.
struct QualityRules: Sendable, Equatable {
    /// The families, in the order in which they are asked.
    private(set) var families: [QualityRule.Family] = []
    /// For each rule its limit; NaN for one that has none, `nil` for one that is not asked for.
    private var limits = [Double?](repeating: nil, count: QualityRule.allCases.count)

    /// The key of the list.
    static let key = RefinementConfiguration.CodingKeys.rules.rawValue

    private static let numbers = Dictionary(
        uniqueKeysWithValues: QualityRule.allCases.enumerated().map { ($1, $0) })

    /// No rules.
    init() {}

    /// The rules that `list` names.
    init(_ list: [String]) throws(RefinementError) {
        for entry in list {
            let parts = entry.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = String(parts[0])
            if let family = QualityRule.Family(rawValue: name) {
                guard parts.count == 1 else {
                    throw Self.fault("\(entry): \(name) has no limit, its rules have")
                }
                note(family)
                for rule in family.rules { set(rule, rule.publishedLimit ?? .nan) }
            } else if let rule = QualityRule(rawValue: name) {
                note(rule.family)
                guard parts.count == 2 else {
                    set(rule, rule.publishedLimit ?? .nan)
                    continue
                }
                if parts[1] == "off" {
                    set(rule, nil)
                    continue
                }
                guard rule.publishedLimit != nil else {
                    throw Self.fault("\(entry): \(name) has no limit; it can be off")
                }
                guard let limit = Double(parts[1]), limit.isFinite, limit >= 0 else {
                    throw Self.fault("\(entry): a limit is a number from 0 on, or off")
                }
                set(rule, limit)
            } else {
                throw Self.fault(Self.wish(unknown: name))
            }
        }
        families = families.filter { $0.rules.contains(where: has) }
    }

    private mutating func note(_ family: QualityRule.Family) {
        if !families.contains(family) { families.append(family) }
    }

    private mutating func set(_ rule: QualityRule, _ limit: Double?) {
        limits[Self.numbers[rule]!] = limit
    }

    private static func fault(_ reason: String) -> RefinementError {
        .badValue(key: key, wish: "cannot be read: " + reason)
    }

    private static func wish(unknown name: String) -> String {
        let names = QualityRule.Family.allCases.map(\.rawValue)
        let near = Spelling.nearest(to: name, among: names + QualityRule.allCases.map(\.rawValue))
        return "there is no rule \(name)"
            + (near.map { "; did you mean \($0)?" }
                ?? "; there are \(names.joined(separator: ", ")), and each of their rules")
    }

    /// The limit of a rule that is asked for, NaN if it has none; `nil` for another.
    func limit(of rule: QualityRule) -> Double? { limits[Self.numbers[rule]!] }

    /// Whether a rule is asked for.
    func has(_ rule: QualityRule) -> Bool { limit(of: rule) != nil }

    /// Nothing is asked for.
    var isEmpty: Bool { families.isEmpty }

    /// The rules that are asked for, in the order in which they are asked.
    var rules: [QualityRule] { families.flatMap(\.rules).filter(has) }
}
