/// An encoding other than UTF-8, told by a text's first bytes: UTF-16 and UTF-32.
///
/// A byte-order mark tells them (Unicode Standard, section 23.8); so do, in UTF-16 without a mark,
/// Latin letters, whose every second byte is NUL.
struct TextEncodingMark: Equatable {
    /// Bytes that are looked at.
    static let byteCount = 64

    /// The encoding for a person.
    let name: String
    /// The encoding as iconv(1) knows it.
    let iconvName: String

    private static let marks: [(bytes: [UInt8], name: String, iconvName: String)] = [
        ([0xFF, 0xFE, 0, 0], "UTF-32", "utf-32"), ([0, 0, 0xFE, 0xFF], "UTF-32", "utf-32"),
        ([0xFF, 0xFE], "UTF-16", "utf-16"), ([0xFE, 0xFF], "UTF-16", "utf-16"),
    ]

    /// Refuses an input whose text begins with `bytes` in such an encoding.
    static func refuse(_ bytes: [UInt8], path: String) throws(CorpusError) {
        guard let mark = TextEncodingMark(of: bytes) else { return }
        throw .malformedFile(
            path: path,
            reason: "it is \(mark.name), and text is read as UTF-8; convert it: "
                + "iconv -f \(mark.iconvName) -t utf-8")
    }

    /// The encoding of a text that begins with `bytes`; nil for UTF-8 and what cannot be told.
    init?(of bytes: [UInt8]) {
        if let mark = Self.marks.first(where: { bytes.starts(with: $0.bytes) }) {
            (name, iconvName) = (mark.name, mark.iconvName)
            return
        }
        let isNull = bytes.map { $0 == 0 }
        // Eight letters: fewer may be what a program left.
        guard bytes.count >= 16, isNull[0] != isNull[1] else { return nil }
        for place in 2..<bytes.count where isNull[place] != isNull[place - 2] { return nil }
        (name, iconvName) =
            isNull[0]
            ? ("UTF-16, big-endian", "utf-16be") : ("UTF-16, little-endian", "utf-16le")
    }
}
