/// The columns of a file: the leaves of the tree that its footer lists, depth first.
struct Schema {
    /// A column.
    struct Leaf: Equatable {
        /// The names from the root, which has none, to the column.
        var path: [String]
        /// The place of the column's element in the footer.
        var offset: Int
        /// The physical type.
        var type: Int
        /// The type of what the values mean by the older list, if it is given.
        var convertedType: Int?
        /// The same by the newer list.
        var logicalType: Int?
        /// The greatest definition level: how many of the names stand for what may be missing.
        var maximumDefinition: Int
        /// How many of them stand for lists.
        var maximumRepetition: Int

        /// The names with dots between.
        var name: String { path.joined(separator: ".") }
    }

    /// An element of the list.
    struct Element {
        var offset = 0
        var type: Int?
        var repetition: Int?
        var name: [UInt8] = []
        var childCount: Int?
        var convertedType: Int?
        var logicalType: Int?

        /// Reads an element.
        init(_ reader: inout ThriftReader) throws(ThriftReader.Fault) {
            offset = reader.offset
            var found = Element()
            try reader.structure { reader, field throws(ThriftReader.Fault) in
                switch field.id {
                case 1: found.type = try reader.integer(field)
                case 3: found.repetition = try reader.integer(field)
                case 4: found.name = try reader.binary(field)
                case 5: found.childCount = try reader.integer(field)
                case 6: found.convertedType = try reader.integer(field)
                case 10:
                    // A union: a structure with one field, whose number says which it is.
                    try reader.expectStructure(field)
                    try reader.structure { _, member in
                        found.logicalType = member.id
                        return false
                    }
                default: return false
                }
                return true
            }
            found.offset = offset
            self = found
        }

        private init() {}
    }

    /// Groups within each other at most.
    static let nestingLimit = 64

    let leaves: [Leaf]

    /// The columns of a footer's elements. O(elements).
    init(_ elements: [Element]) throws(ParquetFault) {
        guard let root = elements.first else {
            throw ParquetFault("the footer has no schema")
        }
        /// A group whose children are being looked at.
        struct Group {
            var leftCount: Int
            var path: [String]
            var definition = 0
            var repetition = 0
        }
        var leaves: [Leaf] = []
        var groups = [Group(leftCount: try Self.childCount(root), path: [])]
        for element in elements.dropFirst() {
            while let last = groups.last, last.leftCount == 0 { groups.removeLast() }
            guard var group = groups.last else {
                throw ParquetFault("the schema has elements in no group", at: element.offset)
            }
            groups[groups.count - 1].leftCount -= 1
            guard let name = String(validating: element.name, as: UTF8.self) else {
                throw ParquetFault("the name of a column is not UTF-8", at: element.offset)
            }
            group.path.append(name)
            switch element.repetition {
            case 0: break
            case 1: group.definition += 1
            case 2:
                group.definition += 1
                group.repetition += 1
            default:
                throw ParquetFault(
                    "the schema has no known repetition for \"\(name)\"", at: element.offset)
            }
            guard let type = element.type else {
                group.leftCount = try Self.childCount(element)
                guard groups.count < Self.nestingLimit else {
                    throw ParquetFault(
                        "the schema has groups deeper than \(Self.nestingLimit)",
                        at: element.offset)
                }
                groups.append(group)
                continue
            }
            guard (0...7).contains(type), element.childCount ?? 0 == 0 else {
                throw ParquetFault(
                    "the schema has no known type for \"\(name)\": \(type)", at: element.offset)
            }
            leaves.append(
                Leaf(
                    path: group.path, offset: element.offset, type: type,
                    convertedType: element.convertedType, logicalType: element.logicalType,
                    maximumDefinition: group.definition, maximumRepetition: group.repetition))
        }
        while let last = groups.last, last.leftCount == 0 { groups.removeLast() }
        guard groups.isEmpty else {
            throw ParquetFault("the schema ends inside a group", at: root.offset)
        }
        self.leaves = leaves
    }

    private static func childCount(_ element: Element) throws(ParquetFault) -> Int {
        guard let count = element.childCount, count >= 0 else {
            throw ParquetFault(
                "the schema has a group of \(element.childCount.map { "\($0)" } ?? "no") columns",
                at: element.offset)
        }
        return count
    }

    /// The number of the column at `names`; of columns with dots in their names, of the one whose
    /// name it is as a whole. Nil if there is none.
    func index(of names: [String]) -> Int? {
        let whole = names.joined(separator: ".")
        return leaves.firstIndex { $0.path == names } ?? leaves.firstIndex { $0.name == whole }
    }
}

extension Schema.Leaf {
    private static let typeNames = [
        "truth values", "32-bit numbers", "64-bit numbers", "96-bit times", "float32 numbers",
        "float64 numbers", "strings", "bytes of a fixed length",
    ]

    /// Checks that the column holds strings, one in each row.
    func checkStrings() throws(ParquetFault) {
        guard maximumRepetition == 0 else {
            throw .unsupported(
                "the column \"\(name)\" is in a list (it is repeated), and such columns are not "
                    + "read", at: offset)
        }
        guard type == 6 else {
            throw .unsupported(
                "the column \"\(name)\" holds \(Self.typeNames[type]) and no strings", at: offset)
        }
        let meaning: String? =
            switch (logicalType, convertedType) {
            case (5, _), (nil, 5): "decimal numbers"
            case (13, _), (nil, 20): "BSON"
            default: nil
            }
        if let meaning {
            throw .unsupported(
                "the column \"\(name)\" holds \(meaning) and no strings", at: offset)
        }
    }
}
