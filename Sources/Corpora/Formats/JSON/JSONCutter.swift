import Bytes

/// Finds the values of a JSON file: the elements of an array, or objects one after another.
///
/// Brackets are counted and strings passed over; whether a value is good JSON is for its reader to
/// say. ``JSONScanner`` cannot do this: it is given a whole text, where this goes on in whatever
/// part of a value the last read ended, and keeps a number of brackets in place of a place in the
/// grammar.
struct JSONCutter: SegmentCutter {
    private enum Place {
        /// White space at most was seen.
        case start
        /// Before an element of the array, the first or another.
        case beforeElement(isFirst: Bool)
        /// Between objects that stand one after another.
        case betweenObjects
        /// Inside a value, with so many brackets open in it.
        case inValue(depth: Int, isElement: Bool)
        /// Behind the array.
        case behindArray
    }

    private var place = Place.start
    private var isInString = false
    /// The next byte is escaped, and ends no string.
    private var isEscaped = false
    /// Bytes of a byte order mark that were passed at the start.
    private var markCount = 0

    private static let mark: InlineArray<3, UInt8> = [0xEF, 0xBB, 0xBF]

    mutating func look(through bytes: Span<UInt8>) -> SegmentFinding {
        var index = 0
        while index < bytes.count {
            switch place {
            case .inValue(let depth, let isElement):
                return lookForEnd(bytes, depth, isElement)
            case .start:
                let byte = bytes[index]
                if markCount < 3, byte == Self.mark[markCount] {
                    markCount += 1
                } else if byte == UInt8(ascii: "[") {
                    place = .beforeElement(isFirst: true)
                } else if byte == UInt8(ascii: "{") {
                    place = .inValue(depth: 0, isElement: false)
                    return index == 0 ? lookForEnd(bytes, 0, false) : .before(index)
                } else if !isSpace(byte) {
                    return .fault(
                        offset: index,
                        reason: "expected an array of objects or strings, or objects")
                }
            case .beforeElement(let isFirst):
                let byte = bytes[index]
                if isFirst, byte == UInt8(ascii: "]") {
                    place = .behindArray
                } else if byte == UInt8(ascii: ",") || byte == UInt8(ascii: "]") {
                    return .fault(offset: index, reason: "expected an element of the array")
                } else if !isSpace(byte) {
                    place = .inValue(depth: 0, isElement: true)
                    return index == 0 ? lookForEnd(bytes, 0, true) : .before(index)
                }
            case .betweenObjects:
                let byte = bytes[index]
                if byte == UInt8(ascii: "{") {
                    place = .inValue(depth: 0, isElement: false)
                    return index == 0 ? lookForEnd(bytes, 0, false) : .before(index)
                } else if !isSpace(byte) {
                    return .fault(offset: index, reason: "expected another object")
                }
            case .behindArray:
                if !isSpace(bytes[index]) {
                    return .fault(offset: index, reason: "something follows the array")
                }
            }
            index += 1
        }
        return index > 0 ? .before(index) : .inside(kept: 0)
    }

    /// The fault of a file that ends here; nil if it may, or if its last value will be found cut
    /// short.
    var faultAtEnd: String? {
        switch place {
        case .start: "there is no JSON value in it"
        case .beforeElement, .inValue(_, isElement: true): "it ends inside its array"
        case .inValue, .betweenObjects, .behindArray: nil
        }
    }

    private mutating func lookForEnd(
        _ bytes: Span<UInt8>, _ outerDepth: Int, _ isElement: Bool
    ) -> SegmentFinding {
        var depth = outerDepth
        var index = 0
        while index < bytes.count {
            if isInString {
                if isEscaped {
                    isEscaped = false
                    index += 1
                    continue
                }
                let rest = bytes.extracting(droppingFirst: index)
                index += JSONScanner.plainRunLength(rest)
                guard index < bytes.count else { break }
                if bytes[index] == UInt8(ascii: "\\") { isEscaped = true }
                if bytes[index] == UInt8(ascii: "\"") { isInString = false }
                index += 1
                continue
            }
            switch bytes[index] {
            case UInt8(ascii: "\""):
                isInString = true
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
            case UInt8(ascii: ",") where depth == 0:
                place = .beforeElement(isFirst: false)
                return .end(index, next: index + 1)
            case UInt8(ascii: "]") where depth == 0:
                place = .behindArray
                return .end(index, next: index + 1)
            case UInt8(ascii: "}") where depth == 0:
                return .fault(offset: index, reason: "expected ',' or ']'")
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                depth -= 1
                if depth == 0, !isElement {
                    place = .betweenObjects
                    return .end(index + 1, next: index + 1)
                }
            default: break
            }
            index += 1
        }
        place = .inValue(depth: depth, isElement: isElement)
        return .inside(kept: 0)
    }

    private func isSpace(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09
    }
}
