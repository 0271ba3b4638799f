import Testing

@testable import Tokenization

/// Decoding as its definition says: the bytes of each token, one after another.
private func naiveDecoding(_ ids: [TokenID], _ vocabulary: Vocabulary) -> [UInt8] {
    ids.flatMap { vocabulary.bytes(of: $0) }
}

@Suite struct DecodingTests {
    /// Tokens of every length from one to far beyond what an entry of the table holds.
    private let vocabulary: Vocabulary

    init() throws {
        let words = (1...40).map { String(repeating: "qrst", count: $0) }
        let text = Array((words + words).joined(separator: " ").utf8)
        vocabulary = try Samples.vocabulary(
            of: [text], size: 400,
            specials: ["<|endoftext|>", "<|a special token of many bytes|>"])
        let lengths = Set(
            (0..<vocabulary.count).map { vocabulary.bytes(of: TokenID($0)).count })
        #expect(lengths.isSuperset(of: [1, 13, 33]))
        #expect(!lengths.isDisjoint(with: 14...16))
    }

    private func decode(_ ids: [TokenID], after start: [UInt8] = []) throws -> [UInt8] {
        var text = start
        try vocabulary.append(ids, to: &text)
        var other = start
        try vocabulary.append(ids.map { UInt16($0.rawValue) }, to: &other)
        #expect(other == text)
        return text
    }

    @Test("every token, and every pair of tokens of different lengths, gives its bytes")
    func pairs() throws {
        let ids = (0..<vocabulary.count).map { TokenID($0) }
        for id in ids {
            #expect(try decode([id]) == naiveDecoding([id], vocabulary))
        }
        var byLength: [Int: TokenID] = [:]
        for id in ids { byLength[vocabulary.bytes(of: id).count] = id }
        for first in byLength.values {
            for second in byLength.values {
                let pair = [first, second, first]
                #expect(try decode(pair, after: [7]) == [7] + naiveDecoding(pair, vocabulary))
            }
        }
    }

    @Test(
        "any number of ids is decoded as one by one, into a text of any capacity",
        arguments: [0, 1, 2, 4095, 4096, 4097, 8192, 20_000])
    func many(count: Int) throws {
        var generator = SeededGenerator(UInt64(count))
        let limit = vocabulary.count
        let ids = (0..<count).map { _ in TokenID(Int.random(in: 0..<limit, using: &generator)) }
        let expected = naiveDecoding(ids, vocabulary)
        #expect(try decode(ids) == expected)
        var text: [UInt8] = [1, 2, 3]
        text.reserveCapacity(expected.count / 2)
        #expect(try decode(ids, after: text) == [1, 2, 3] + expected)
    }

    @Test(
        "an id that does not exist is named wherever it stands, and the text stays as it was",
        arguments: [0, 1, 4095, 4096, 5000])
    func unknown(place: Int) throws {
        var ids = [TokenID](repeating: 300, count: 5001)
        for wrong in [TokenID(vocabulary.count), 65_535, 65_536, .ignored] {
            ids[place] = wrong
            ids[5000] = wrong
            let expected = TokenizationError.unknownToken(
                id: wrong, vocabularyCount: vocabulary.count)
            var text: [UInt8] = [1, 2]
            #expect(throws: expected) { try vocabulary.append(ids, to: &text) }
            #expect(text == [1, 2])
            guard wrong < 65_536 else { continue }
            let narrow = ids.map { UInt16($0.rawValue) }
            #expect(throws: expected) { try vocabulary.append(narrow, to: &text) }
            #expect(text == [1, 2])
        }
    }
}
