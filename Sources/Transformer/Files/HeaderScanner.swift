/// Reads the small JSON that a safetensors header is, strictly: every byte is accounted for, and
/// nothing is guessed.
///
/// A scanner of our own, because the standard decoders keep one of two duplicate keys and do not
/// say so, which a hostile file can use.
struct HeaderScanner {
    /// Why and where the text is refused.
    struct Failure: Error {
        let reason: String
        let offset: Int
    }

    private let bytes: [UInt8]
    private(set) var offset = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    var isAtEnd: Bool { offset == bytes.count }

    func failure(_ reason: String) -> Failure { Failure(reason: reason, offset: offset) }

    mutating func skipSpace() {
        while offset < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[offset]) {
            offset += 1
        }
    }

    /// The next byte that is not space, not consumed.
    mutating func peek() throws(Failure) -> UInt8 {
        skipSpace()
        guard offset < bytes.count else { throw failure("the header ends too early") }
        return bytes[offset]
    }

    mutating func expect(_ character: Character) throws(Failure) {
        let byte = try peek()
        guard byte == character.asciiValue else {
            throw failure("'\(character)' is missing")
        }
        offset += 1
    }

    /// Calls `body` with each key of an object; it must read the value. Keys may not repeat.
    mutating func object(
        _ body: (inout HeaderScanner, String) throws(Failure) -> Void
    ) throws(Failure) {
        try expect("{")
        var keys: Set<String> = []
        if try peek() == UInt8(ascii: "}") {
            offset += 1
            return
        }
        while true {
            let key = try string()
            guard keys.insert(key).inserted else {
                throw failure("the key \"\(key)\" is there twice")
            }
            try expect(":")
            try body(&self, key)
            if try peek() == UInt8(ascii: ",") {
                offset += 1
            } else {
                try expect("}")
                return
            }
        }
    }

    /// An array of numbers without sign, fraction or exponent.
    mutating func numbers() throws(Failure) -> [Int] {
        try expect("[")
        var result: [Int] = []
        if try peek() == UInt8(ascii: "]") {
            offset += 1
            return result
        }
        while true {
            result.append(try number())
            if try peek() == UInt8(ascii: ",") {
                offset += 1
            } else {
                try expect("]")
                return result
            }
        }
    }

    private mutating func number() throws(Failure) -> Int {
        _ = try peek()
        let start = offset
        var value = 0
        while offset < bytes.count, (0x30...0x39).contains(bytes[offset]) {
            let (product, a) = value.multipliedReportingOverflow(by: 10)
            let (sum, b) = product.addingReportingOverflow(Int(bytes[offset] - 0x30))
            guard !a, !b else { throw failure("a number is too large") }
            value = sum
            offset += 1
        }
        guard offset > start, offset == start + 1 || bytes[start] != 0x30 else {
            throw failure("a number is not a plain count")
        }
        return value
    }

    /// Passes over a value of any kind.
    mutating func skipValue(depth: Int = 0) throws(Failure) {
        guard depth < 64 else { throw failure("the nesting is too deep") }
        switch try peek() {
        case UInt8(ascii: "\""): _ = try string()
        case UInt8(ascii: "{"):
            try object { (scanner, _) throws(Failure) in try scanner.skipValue(depth: depth + 1) }
        case UInt8(ascii: "["):
            try expect("[")
            if try peek() == UInt8(ascii: "]") { return try expect("]") }
            try skipValue(depth: depth + 1)
            while try peek() == UInt8(ascii: ",") {
                try expect(",")
                try skipValue(depth: depth + 1)
            }
            try expect("]")
        default:
            // A number or a word: what they mean does not matter here, only where they end.
            let start = offset
            while offset < bytes.count, Self.isPartOfWord(bytes[offset]) { offset += 1 }
            guard offset > start else { throw failure("a value is missing") }
        }
    }

    private static func isPartOfWord(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "E"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// A string, its escapes resolved.
    mutating func string() throws(Failure) -> String {
        try expect("\"")
        var result: [UInt8] = []
        while true {
            guard offset < bytes.count else { throw failure("a string does not end") }
            let byte = bytes[offset]
            offset += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: result, as: UTF8.self) else {
                    throw failure("a string is not UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): try escape(&result)
            case 0..<0x20: throw failure("a string holds a control character")
            default: result.append(byte)
            }
        }
    }

    private mutating func escape(_ result: inout [UInt8]) throws(Failure) {
        guard offset < bytes.count else { throw failure("a string does not end") }
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "n"): result.append(0x0A)
        case UInt8(ascii: "t"): result.append(0x09)
        case UInt8(ascii: "r"): result.append(0x0D)
        case UInt8(ascii: "b"): result.append(0x08)
        case UInt8(ascii: "f"): result.append(0x0C)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): result.append(byte)
        case UInt8(ascii: "u"):
            var unit = try hexadecimal()
            if (0xD800..<0xDC00).contains(unit), offset + 1 < bytes.count,
                bytes[offset] == UInt8(ascii: "\\"), bytes[offset + 1] == UInt8(ascii: "u")
            {
                offset += 2
                let low = try hexadecimal()
                guard (0xDC00..<0xE000).contains(low) else {
                    throw failure("half of a surrogate pair")
                }
                unit = 0x10000 + (unit - 0xD800) << 10 + (low - 0xDC00)
            }
            guard let scalar = Unicode.Scalar(unit) else {
                throw failure("half of a surrogate pair")
            }
            result.append(contentsOf: Array(String(Character(scalar)).utf8))
        default: throw failure("an unknown escape")
        }
    }

    private mutating func hexadecimal() throws(Failure) -> UInt32 {
        var value: UInt32 = 0
        for _ in 0..<4 {
            guard offset < bytes.count,
                let digit = Character(Unicode.Scalar(bytes[offset])).hexDigitValue
            else { throw failure("an escape is not four hexadecimal digits") }
            value = value << 4 | UInt32(digit)
            offset += 1
        }
        return value
    }
}
