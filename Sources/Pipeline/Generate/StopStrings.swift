/// Ends a text where one of a few strings comes, of which nothing is handed on.
///
/// Every string is followed wherever it may begin, and the first that is complete ends the text; of
/// several that are complete with the same byte it is the longest. So the end does not depend on
/// how tokens cut the text. Bytes that may be the beginning of a string are held back until the
/// next ones decide.
///
/// ```swift
/// var stops = StopStrings(["\n\n", "END"])
/// stops.append(Array("one EN".utf8))  // "one "
/// stops.append(Array("D two".utf8))   // "", and hasStopped
/// ```
package struct StopStrings: Sendable {
    private let strings: [[UInt8]]
    /// The end of the text so far, as much of it as a string may begin with.
    private var held: [UInt8] = []
    /// Whether one of the strings has come.
    package private(set) var hasStopped = false

    /// Strings that end a text; none of them is empty.
    package init(_ strings: [String]) {
        precondition(!strings.contains(""), "an empty string would end every text at once")
        // The longest first, which is the one that counts where several end.
        self.strings = strings.map { Array($0.utf8) }.sorted { $0.count > $1.count }
    }

    /// Takes the next bytes of the text, and returns those that are certainly before its end.
    /// O(bytes · length of all strings).
    package mutating func append(_ bytes: [UInt8]) -> [UInt8] {
        guard !hasStopped else { return [] }
        let knownCount = held.count
        held += bytes
        for end in held.indices.dropFirst(knownCount) {
            let seen = held[...end]
            guard let string = strings.first(where: { seen.ends(with: $0) }) else { continue }
            hasStopped = true
            defer { held = [] }
            return Array(seen.dropLast(string.count))
        }
        let openCount = openCount
        defer { held.removeFirst(held.count - openCount) }
        return Array(held.dropLast(openCount))
    }

    /// Bytes that are still held back, at the end of a text that did not stop.
    package mutating func finish() -> [UInt8] {
        defer { held = [] }
        return held
    }

    /// Number of the last bytes that are the beginning of a string.
    private var openCount: Int {
        let most = min(held.count, (strings.first?.count ?? 1) - 1)
        return stride(from: most, to: 0, by: -1).first { count in
            let rest = held.suffix(count)
            return strings.contains { $0.count > count && $0.starts(with: rest) }
        } ?? 0
    }
}

extension ArraySlice<UInt8> {
    /// Whether the last bytes are `bytes`.
    fileprivate func ends(with bytes: [UInt8]) -> Bool {
        bytes.count <= count && suffix(bytes.count).elementsEqual(bytes)
    }
}
