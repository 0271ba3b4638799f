/// Kind of a file that a command writes, known by its first and last bytes.
///
/// A command that is repeated replaces its own file; one of another kind, which a slip of the pen
/// would lose, stays. An empty file is of every kind.
///
/// ```swift
/// let claim = try OutputClaim("heads.svg", .replaced, making: .file(.svg))
/// ```
public struct FileKind: Sendable {
    /// Name for a person, with its article.
    public let name: String
    private let recognises: @Sendable (_ front: ArraySlice<UInt8>, _ end: ArraySlice<UInt8>) -> Bool

    /// Bytes that are looked at, at either end.
    private static let edgeByteCount = 4_096

    /// A kind of file.
    ///
    /// - Parameters:
    ///   - name: for a person, with its article: "a table of counts".
    ///   - recognises: whether a file with these bytes at its front and its end is one; 4 KiB of
    ///     each, or all of a smaller file.
    public init(
        _ name: String,
        recognises:
            @escaping @Sendable (
                _ front: ArraySlice<UInt8>, _ end: ArraySlice<UInt8>
            ) -> Bool
    ) {
        self.name = name
        self.recognises = recognises
    }

    /// A kind of file that begins with one of `fronts`.
    public init(_ name: String, fronts: [String]) {
        let fronts = fronts.map { Array($0.utf8) }
        self.init(name) { front, _ in fronts.contains { front.starts(with: $0) } }
    }

    /// Drawings as Quern writes them.
    public static let svg = FileKind(
        "an SVG drawing", fronts: ["<svg xmlns=\"http://www.w3.org/2000/svg\""])

    /// Throws ``FileError/otherKind(path:wanted:)`` if a file at `path` is of another kind.
    package func check(_ path: String) throws(FileError) {
        guard FileIdentity(path: path, followsLinks: true)?.isRegular == true else { return }
        let file = try MappedFile(path: path)
        let matches = file.withBytes { bytes in
            let count = min(bytes.byteCount, Self.edgeByteCount)
            let (front, end) = (bytes.extracting(first: count), bytes.extracting(last: count))
            return count == 0 || recognises(Self.array(front)[...], Self.array(end)[...])
        }
        guard matches else { throw .otherKind(path: path, wanted: name) }
    }

    private static func array(_ bytes: RawSpan) -> [UInt8] {
        unsafe bytes.withUnsafeBytes { unsafe Array($0) }
    }
}
