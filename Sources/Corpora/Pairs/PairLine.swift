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
    private let texts: [String: String]

    private struct Name: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: Name.self)
        var texts: [String: String] = [:]
        for key in values.allKeys {
            texts[key.stringValue] = try? values.decode(String.self, forKey: key)
        }
        self.texts = texts
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
        let isAlpaca = parsed.texts[fields.source] == nil || fields.source == "instruction"
        if isAlpaca, let instruction = parsed.texts["instruction"],
            let output = parsed.texts["output"]
        {
            let question = [instruction, parsed.texts["input"] ?? ""].filter { !$0.isEmpty }
            sides = (question.joined(separator: "\n\n"), output)
        } else if let source = parsed.texts[fields.source],
            let target = parsed.texts[fields.target]
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
