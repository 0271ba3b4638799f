import Bytes
import Files
internal import Foundation

/// An object of JSON that holds a pair, in one of the forms that data sets come in.
struct PairLine: Decodable {
    /// The reason why an object is no pair.
    struct Fault: Error, Equatable {
        let reason: String
    }

    /// The texts of the object's fields; nil for a value that is no text.
    private var texts: [String: String] = [:]
    /// The objects in it, by their fields.
    private var objects: [String: PairLine] = [:]

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Objects within objects that are looked into.
    private static let deepest = 8

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Name.self)
        for key in values.allKeys {
            if let text = try? values.decode(String.self, forKey: key) {
                texts[key.stringValue] = text
            } else if decoder.codingPath.count < Self.deepest,
                let object = try? values.decode(PairLine.self, forKey: key)
            {
                objects[key.stringValue] = object
            }
        }
    }

    /// The text of a field, whose name is taken as it is or, with dots, for the way into objects.
    private func text(_ field: String) -> String? {
        if let text = texts[field] { return text }
        let names = FieldPath(field).names.map { String(decoding: $0, as: UTF8.self) }
        let last = names.dropLast().reduce(self as PairLine?) { $0?.objects[$1] }
        return last?.texts[names[names.count - 1]]
    }

    /// Both sides of the pair in `line`, neither of which is empty. O(count).
    static func sides(
        of line: [UInt8], _ fields: PairFields
    ) throws(Fault) -> (source: String, target: String) {
        let parsed: PairLine
        do {
            parsed = try StrictJSON.decode(PairLine.self, from: Data(line))
        } catch {
            throw Fault(reason: decodingReason(error))
        }
        let sides: (String, String)
        let isAlpaca = parsed.text(fields.source) == nil || fields.source == "instruction"
        if isAlpaca, let instruction = parsed.texts["instruction"],
            let output = parsed.texts["output"]
        {
            let question = [instruction, parsed.texts["input"] ?? ""].filter { !$0.isEmpty }
            sides = (question.joined(separator: "\n\n"), output)
        } else if let source = parsed.text(fields.source),
            let target = parsed.text(fields.target)
        {
            sides = (source, target)
        } else {
            throw Fault(
                reason: """
                    it has neither the texts "\(fields.source)" and "\(fields.target)" nor \
                    "instruction" and "output"
                    """)
        }
        guard !sides.0.isEmpty, !sides.1.isEmpty else { throw Fault(reason: "a side is empty") }
        return sides
    }
}
