import Foundation
import Tokenization

extension Probe {
    /// Encodes texts from standard input and writes their ids to standard output.
    ///
    /// A text comes as its byte count and its bytes, its ids go as their count and themselves; all
    /// numbers are little-endian and of 32 bits. Every text must come back from its ids, unless the
    /// vocabulary changes texts; for one that it refuses, the answer is the largest number alone.
    static func encode(_ arguments: [String]) throws {
        let vocabulary = try Vocabulary(directory: arguments[0])
        let policy = SpecialTokenPolicy(arguments[1])
        try policy.validate(for: vocabulary)
        let encoder = BytePairEncoder(vocabulary)
        var ids: [TokenID] = []
        var back: [UInt8] = []
        try answerTexts { text in
            ids.removeAll(keepingCapacity: true)
            encoder.encode(text.span, specials: policy, into: &ids)
            do throws(TokenizationError) { try encoder.check() } catch { return [.max] }
            back.removeAll(keepingCapacity: true)
            try vocabulary.decode(ids.span, into: &back)
            guard back == text || vocabulary.changesTexts else {
                throw ProbeError(
                    "the text \(String(decoding: text, as: UTF8.self)) does not come back from its "
                        + "ids"
                )
            }
            return ids.map(\.rawValue)
        }
    }

    /// Decodes lists of ids, each a list of numbers as ``encode(_:)`` writes them, and answers with
    /// the bytes of the texts.
    static func decode(_ arguments: [String]) throws {
        let vocabulary = try Vocabulary(directory: arguments[0])
        try answerTexts { bytes in
            let ids = stride(from: 0, to: bytes.count - 3, by: 4).map { place in
                TokenID((0..<4).reduce(0) { $0 | UInt32(bytes[place + $1]) << (8 * $1) })
            }
            return try vocabulary.decodeText(ids).map(UInt32.init)
        }
    }

    /// Answers each text on standard input with the numbers that `body` gives for it.
    static func answerTexts(_ body: ([UInt8]) throws -> [UInt32]) throws {
        let input = [UInt8](try FileHandle.standardInput.readToEnd() ?? Data())
        var output: [UInt8] = []
        var place = 0
        while place < input.count {
            guard place + 4 <= input.count else { throw ProbeError("the input ends in a number") }
            let count = (0..<4).reduce(0) { $0 | Int(input[place + $1]) << (8 * $1) }
            let end = place + 4 + count
            guard end <= input.count else { throw ProbeError("the input ends in a text") }
            let numbers = try body(Array(input[place + 4..<end]))
            for number in CollectionOfOne(UInt32(numbers.count)) + numbers {
                for shift in stride(from: UInt32(0), to: 32, by: 8) {
                    output.append(UInt8(truncatingIfNeeded: number >> shift))
                }
            }
            place = end
        }
        FileHandle.standardOutput.write(Data(output))
    }
}
