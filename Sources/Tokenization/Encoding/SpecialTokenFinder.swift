/// Finds special tokens in a text: the leftmost, and the longest of those that start there.
struct SpecialTokenFinder {
    /// The contents looked for, longest first.
    private let contents: [(bytes: [UInt8], id: UInt32)]

    /// Whether some content starts with each byte.
    private let isFirstByte: [Bool]

    /// A finder of those of the vocabulary's special tokens that `policy` allows; `nil` if that is
    /// none.
    init?(_ vocabulary: Vocabulary, _ policy: SpecialTokenPolicy) {
        let allowed = vocabulary.specialTokens.filter { special in
            switch policy {
            case .none: false
            case .all: true
            case .only(let contents): contents.contains(special.content)
            }
        }
        guard !allowed.isEmpty else { return nil }
        contents = allowed.map { (Array($0.content.utf8), $0.id.rawValue) }
            .sorted { $0.bytes.count > $1.bytes.count }
        var isFirstByte = [Bool](repeating: false, count: 256)
        for content in contents { isFirstByte[Int(content.bytes[0])] = true }
        self.isFirstByte = isFirstByte
    }

    /// The first special token at or after `start`. O(distance).
    func next(in text: ByteView, from start: Int) -> (range: Range<Int>, id: UInt32)? {
        var index = start
        while index < text.count {
            if isFirstByte[Int(text[index])] {
                for content in contents where text.hasPrefix(content.bytes, at: index) {
                    return (index..<index + content.bytes.count, content.id)
                }
            }
            index += 1
        }
        return nil
    }
}
