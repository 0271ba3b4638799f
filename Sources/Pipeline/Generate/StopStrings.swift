/// Ends a text where one of a few strings comes, of which nothing is handed on.
///
/// Bytes that may be the beginning of such a string are held back until the next ones decide, so
/// that it is found wherever tokens cut it.
///
/// ```swift
/// var stops = StopStrings(["\n\n", "END"])
/// stops.append(Array("one EN".utf8))  // "one "
/// stops.append(Array("D two".utf8))   // "", and hasStopped
/// ```
struct StopStrings {
    private let strings: [[UInt8]]
    private var held: [UInt8] = []
    /// Whether one of the strings has come.
    private(set) var hasStopped = false

    /// Strings that end a text; none of them is empty.
    init(_ strings: [String]) {
        precondition(!strings.contains(""), "an empty string would end every text at once")
        self.strings = strings.map { Array($0.utf8) }
    }

    /// Takes the next bytes of the text, and returns those that are certainly before its end.
    /// O(bytes · strings).
    mutating func append(_ bytes: [UInt8]) -> [UInt8] {
        guard !hasStopped else { return [] }
        held += bytes
        for start in held.indices {
            let rest = held[start...]
            if strings.contains(where: { rest.starts(with: $0) }) {
                hasStopped = true
                defer { held = [] }
                return Array(held[..<start])
            }
            if strings.contains(where: { $0.starts(with: rest) }) {
                defer { held.removeFirst(start) }
                return Array(held[..<start])
            }
        }
        defer { held = [] }
        return held
    }

    /// Bytes that are still held back, at the end of a text that did not stop.
    mutating func finish() -> [UInt8] {
        defer { held = [] }
        return held
    }
}
