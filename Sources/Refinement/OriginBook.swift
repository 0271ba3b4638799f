internal import Corpora

/// The places of documents as numbers, of which many fit into memory.
///
/// Memory is that of the paths, which the list of inputs holds as well.
final class OriginBook {
    /// A place: the file's number, how it is counted, and the count.
    struct Code: Hashable, BitwiseCopyable, Sendable {
        let rawValue: UInt64

        /// The number of the file, in the order in which files were first told of.
        var file: Int {
            Int(rawValue >> (OriginBook.countBits + OriginBook.kindBits))
        }
    }

    private var paths: [String] = []
    private var numbers: [String: UInt64] = [:]
    private var latest: (path: String, number: UInt64)?

    private static let countBits: UInt64 = 40
    private static let kindBits: UInt64 = 2

    /// A book without places.
    init() {}

    /// A book of the places in these files, by their numbers.
    init(paths: [String]) { self.paths = paths }

    /// The number that stands for a place.
    func code(for origin: DocumentOrigin) -> Code {
        let number = number(of: origin.path)
        let (kind, count): (UInt64, Int) =
            switch origin.position {
            case .line(let count): (0, count)
            case .part(let count): (1, count)
            case .item(let count): (2, count)
            case .row(let count): (3, count)
            }
        return Code(
            rawValue: number << (Self.countBits + Self.kindBits) | kind << Self.countBits
                | UInt64(count))
    }

    /// The place that a number stands for.
    func origin(of code: Code) -> DocumentOrigin {
        let count = Int(code.rawValue & (1 << Self.countBits - 1))
        let kind = code.rawValue >> Self.countBits & (1 << Self.kindBits - 1)
        let position: DocumentOrigin.Position =
            switch kind {
            case 0: .line(count)
            case 1: .part(count)
            case 2: .item(count)
            default: .row(count)
            }
        return DocumentOrigin(
            path: paths[code.file], position: position)
    }

    private func number(of path: String) -> UInt64 {
        if let latest, latest.path == path { return latest.number }
        let number = numbers[path] ?? UInt64(paths.count)
        if number == paths.count {
            paths.append(path)
            numbers[path] = number
        }
        latest = (path, number)
        return number
    }
}
