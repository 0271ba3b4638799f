package import Bytes

/// Tokens in the order of a file, before they are put in the order of their numbers.
package struct ListedTokens: ~Copyable {
    /// The largest number that a token may have; it also keeps small files from asking for large
    /// tables.
    package static let maximumID = UInt32(TokenTable.maximumCount - 1)

    /// The bytes of all tokens, one after another.
    package var bytes: ByteArena

    /// The number of each token, and where its bytes end.
    private var entries: [(id: UInt32, end: UInt32)] = []

    /// No tokens yet.
    ///
    /// - Parameter byteCount: how long the text is that they will be read from, at most 4 GiB.
    package init(fileSize byteCount: Int = 0) {
        // Room that is not used costs nothing, and growing means copying.
        bytes = ByteArena(capacity: 256 + byteCount / 2)
        entries.reserveCapacity(byteCount / 8)
    }

    /// Number of tokens.
    package var count: Int { entries.count }

    /// The last bytes, from the end of the token before, are the token `id`.
    @inline(__always)
    package mutating func endToken(_ id: UInt32) {
        entries.append((id, UInt32(bytes.count)))
    }

    /// Appends a token.
    package mutating func append(_ token: [UInt8], id: UInt32) {
        bytes.append(token)
        endToken(id)
    }

    /// The number of the first listed token that is `bytes`; `nil` if there is none. O(size).
    package func id(of token: [UInt8]) -> UInt32? {
        for (place, entry) in entries.enumerated() {
            let range = range(of: UInt32(place))
            if range.count == token.count,
                bytes.bytes.hasPrefix(token, at: range.lowerBound)
            {
                return entry.id
            }
        }
        return nil
    }

    /// The table of the tokens and of `specials`. Numbers that neither has stay unused.
    ///
    /// - Parameters:
    ///   - byteFallback: see `TokenTable`.
    ///   - rules: say how tokens are spelled. Where that is in characters, the table has the parts
    ///     of which merging makes them.
    ///   - check: called with each special token and what is listed under its number, which the
    ///     special token then replaces. Returns whether the token is one that text becomes, too.
    package func table(
        specials: [SpecialToken], byteFallback: [UInt32] = [], rules: TextRules = TextRules(),
        check: (SpecialToken, [UInt8]?) throws(TokenizationError) -> Bool
    ) throws(TokenizationError) -> TokenTable {
        let specials = specials.sorted { $0.id < $1.id }
        let contents = specials.map {
            let content = Array($0.content.utf8)
            return rules.isOfCharacters ? TextRules.bytes(ofSpelled: content) : content
        }
        let places = try places(specials: specials)
        var hidden: [UInt32] = []
        for special in specials {
            let place = places[special.id.index]
            let range = place == .max ? nil : range(of: place)
            let isOrdinary = try check(
                special, range.map { bytes.bytes.array(from: $0.lowerBound, to: $0.upperBound) })
            if !isOrdinary { hidden.append(special.id.rawValue) }
        }
        let offsets = OwnedBuffer<UInt32>(repeating: 0, count: places.count + 1)
        var special = 0
        var size = 0
        for (id, place) in places.enumerated() {
            if special < specials.count, Int(specials[special].id.rawValue) == id {
                size += contents[special].count
                special += 1
            } else if place != .max {
                size += range(of: place).count
            }
            guard size <= Int(UInt32.max) else {
                throw .invalidVocabulary(reason: "its tokens are longer than 4 GiB together")
            }
            offsets.view[id + 1] = UInt32(size)
        }
        var arena = ByteArena(capacity: size)
        special = 0
        for (id, place) in places.enumerated() {
            if special < specials.count, Int(specials[special].id.rawValue) == id {
                arena.append(contents[special])
                special += 1
            } else if place != .max {
                let range = range(of: place)
                arena.append(bytes.bytes, from: range.lowerBound, to: range.upperBound)
            }
        }
        let parts =
            rules.isOfCharacters
            ? CharacterParts.parts(of: arena.bytes, offsets.view, outside: hidden + byteFallback)
            : []
        return try TokenTable(
            arena: arena.takeBuffer(), offsets: offsets, specialIDs: hidden,
            byteFallback: byteFallback, parts: parts)
    }

    private func range(of place: UInt32) -> Range<Int> {
        let start = place == 0 ? 0 : entries[Int(place) - 1].end
        return Int(start)..<Int(entries[Int(place)].end)
    }

    /// The place in the list of each number, `UInt32.max` for numbers that are not listed.
    private func places(specials: [SpecialToken]) throws(TokenizationError) -> [UInt32] {
        var largest: UInt32 = 0
        for entry in entries { largest = max(largest, entry.id) }
        if let last = specials.last { largest = max(largest, last.id.rawValue) }
        guard largest <= Self.maximumID else {
            throw .invalidVocabulary(
                reason: "it has a token with the number \(largest); the most is \(Self.maximumID)")
        }
        var places = [UInt32](repeating: .max, count: Int(largest) + 1)
        for (place, entry) in entries.enumerated() {
            guard places[Int(entry.id)] == .max else {
                throw .invalidVocabulary(reason: "two tokens have the number \(entry.id)")
            }
            guard !range(of: UInt32(place)).isEmpty else {
                throw .invalidVocabulary(reason: "the token with the number \(entry.id) is empty")
            }
            places[Int(entry.id)] = UInt32(place)
        }
        for (special, next) in zip(specials, specials.dropFirst()) where special.id == next.id {
            throw .invalidVocabulary(reason: "two special tokens have the number \(special.id)")
        }
        return places
    }
}
