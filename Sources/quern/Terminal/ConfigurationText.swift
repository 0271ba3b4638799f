import Bytes
import Pipeline
import Work

/// Keys of a configuration for a person: a table, or one in full.
enum ConfigurationText {
    /// The keys under the name of each section: key, type, default, meaning.
    ///
    /// On a terminal a meaning goes on in further lines, which are below its column, or below the
    /// key where that column would be narrow.
    static func table(_ sections: [ConfigurationSection]) -> String {
        table(sections, width: Terminal.resultScreen.isTerminal ? Terminal.resultColumns : .max)
    }

    /// The fewest columns in which a meaning is easy to read.
    private static let leastMeaningWidth = 36

    /// The same in lines of at most `width` columns, where words and names allow that.
    static func table(_ sections: [ConfigurationSection], width: Int) -> String {
        // The columns of all sections begin at the same places.
        let rows = sections.map { section in section.keys.map(row) }
        let widths = (0..<3).map { column in rows.joined().map { $0[column].count }.max() ?? 0 }
        let indent = widths.reduce(2) { $0 + $1 + 2 }
        let isBeside = width - indent >= leastMeaningWidth
        let tables = zip(sections, rows).map { section, rows in
            let lines = rows.flatMap { row in
                let cells = zip(row, widths).map { $0.padded(columns: $1) }
                let front = "  " + cells.joined(separator: "  ") + "  "
                let margin = String(repeating: " ", count: isBeside ? indent : 6)
                let meaning = wrapped(row[3], columns: width - margin.count)
                guard isBeside else {
                    return ["  " + row.prefix(3).joined(separator: "  ")]
                        + meaning.map { margin + $0 }
                }
                return meaning.enumerated().map { ($0 == 0 ? front : margin) + $1 }
            }
            return ([section.place.isEmpty ? "pipeline.json" : section.place] + lines)
                .joined(separator: "\n")
        }
        return tables.joined(separator: "\n\n") + "\n"
    }

    /// The words of a text in lines.
    private static func wrapped(_ text: String, columns: Int) -> [String] {
        var lines: [String] = []
        for word in text.split(separator: " ") {
            if let last = lines.last, last.count + 1 + word.count <= columns {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(String(word))
            }
        }
        return lines.isEmpty ? [""] : lines
    }

    private static func row(_ key: ConfigurationKey) -> [String] {
        let description = key.description
        return [
            description.name, description.kind.name, standards(key, short: true),
            description.summary,
        ]
    }

    /// Everything about keys, which are one or of one name; those that differ in their defaults
    /// alone are told together.
    static func full(_ keys: [ConfigurationKey]) -> String {
        var groups: [[ConfigurationKey]] = []
        for key in keys {
            func isSame(_ other: ConfigurationKey) -> Bool {
                var description = other.description
                description.standard = key.description.standard
                return description == key.description
            }
            if let index = groups.firstIndex(where: { isSame($0[0]) }) {
                groups[index].append(key)
            } else {
                groups.append([key])
            }
        }
        return groups.map(text).joined(separator: "\n")
    }

    private static func text(_ keys: [ConfigurationKey]) -> String {
        let key = keys[0]
        let description = key.description
        var rows = [["type", description.kind.name]]
        if let values = description.kind.values { rows.append(["values", values]) }
        if description.isOptional { rows[rows.count - 1][1] += ", or null" }
        if !description.unit.isEmpty { rows.append(["unit", description.unit]) }
        rows += keys.map { other in
            let place = keys.count > 1 ? " of \(other.section)" : ""
            return ["default" + place, standards(other, short: false)]
        }
        if let relevance = description.relevance {
            rows.append(["matters", "only if \(relevance)"])
        }
        for variant in key.variants where variant.description.meaning != description.meaning {
            rows.append([
                "for " + variant.architectures.joined(separator: ", "),
                variant.description.meaning,
            ])
        }
        if !key.variants.isEmpty {
            let known = key.variants.flatMap(\.architectures)
            rows.append(["known to", known.joined(separator: ", ")])
        }
        if !description.aliases.isEmpty {
            rows.append(["elsewhere", description.aliases.joined(separator: ", ")])
        }
        let example = literal(description.exampleValue)
        rows.append(["example", inFile(key, example)])
        if !key.section.contains("[]"), !example.contains("'") {
            let value = "\(key.path)=\(example)"
            let isPlain = value.allSatisfy { $0.isLetter || $0.isNumber || "._-=/".contains($0) }
            rows.append(["", "--set " + (isPlain ? value : "'\(value)'")])
        }
        return keys.map(\.path).joined(separator: "\n") + "\n  " + description.meaning + "\n\n"
            + Table.text(rows, indent: 2)
    }

    /// The default; in the section "model" that of each architecture, where they differ.
    private static func standards(_ key: ConfigurationKey, short: Bool) -> String {
        let own = literal(key.description.standard)
        let others = key.variants.filter { literal($0.description.standard) != own }
        guard !short, !others.isEmpty else { return own }
        let texts = others.map {
            "\(literal($0.description.standard)) for \($0.architectures.joined(separator: ", "))"
        }
        return "\(own); " + texts.joined(separator: "; ")
    }

    /// The key with a value as it stands in the file.
    private static func inFile(_ key: ConfigurationKey, _ value: String) -> String {
        let places = key.section.split(separator: ".").reversed()
        return places.reduce("\"\(key.description.name)\": \(value)") { inner, place in
            place.hasSuffix("[]")
                ? "\"\(place.dropLast(2))\": [{\(inner)}]" : "\"\(place)\": {\(inner)}"
        }
    }

    private static func literal(_ literal: SettingLiteral) -> String {
        var text = JSONText(isCompact: true)
        text.value(nil, literal.json)
        return String(decoding: text.bytes, as: UTF8.self)
    }

    /// The keys as JSON.
    static func json(_ keys: [ConfigurationKey]) -> String {
        var text = JSONText()
        text.object { whole in
            whole.array("keys") { list in
                for key in keys {
                    list.object { object in write(key.description, path: key.path, to: &object) }
                }
            }
        }
        return String(decoding: text.bytes, as: UTF8.self) + "\n"
    }

    private static func write(
        _ description: SettingDescription, path: String, to object: inout JSONText
    ) {
        object.string("key", path)
        object.string("type", description.kind.name)
        if case .choice(let words) = description.kind {
            object.value("values", .array(words.map { .string($0) }))
        } else if let values = description.kind.values {
            object.string("values", values)
        }
        object.value("nullable", .bool(description.isOptional))
        if !description.unit.isEmpty { object.string("unit", description.unit) }
        object.value("default", description.standard.json)
        object.string("meaning", description.meaning)
        if let relevance = description.relevance { object.string("matters_if", relevance) }
        object.value("example", description.exampleValue.json)
        object.value("elsewhere", .array(description.aliases.map { .string($0) }))
    }
}
