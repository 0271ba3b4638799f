import Foundation
import Testing
import Work

@testable import Bytes

/// The lexer of JSON on texts of chance, against ``PlainJSON``.
@Suite struct JSONFuzzTests {
    /// Nesting that the scanner is told to accept here.
    private static let limit = 6

    /// Bytes that mean something in JSON, or are nearly such.
    private static let alphabet = Array(
        "{}[]:,\"\\/ \t\n\r0123456789+-.eEtruefalsnbd\u{0}\u{1F}\u{7F}é€😀\u{FEFF}".utf8)

    private func depth(of value: JSONValue) -> Int {
        switch value {
        case .array(let elements): 1 + (elements.map(depth).max() ?? 0)
        case .object(let members): 1 + (members.map { depth(of: $0.value) }.max() ?? 0)
        default: 0
        }
    }

    private func hasKeyTwice(_ value: JSONValue) -> Bool {
        switch value {
        case .array(let elements): elements.contains(where: hasKeyTwice)
        case .object(let members):
            Set(members.map(\.key)).count < members.count
                || members.contains { hasKeyTwice($0.value) }
        default: false
        }
    }

    /// Result of `body` reading all of `bytes`; an error must point into them.
    private func pull<Value>(
        _ bytes: [UInt8],
        _ body: (inout JSONPullReader<JSONError>) throws(JSONError) -> Value
    ) -> Value? {
        do throws(JSONError) {
            return try JSONPullReader.with(bytes.span) { (reader) throws(JSONError) in
                let value = try body(&reader)
                try reader.finish()
                return value
            }
        } catch {
            #expect((0...bytes.count).contains(error.offset))
            return nil
        }
    }

    /// Result of `body` on `bytes` behind their white space, up to their end.
    private func scan<Value>(
        _ bytes: [UInt8],
        _ body: (inout JSONScanner, Span<UInt8>) throws(JSONError) -> Value
    ) -> Result<Value, JSONError> {
        var scanner = JSONScanner()
        do throws(JSONError) {
            scanner.skipWhitespace(bytes.span)
            let value = try body(&scanner, bytes.span)
            scanner.skipWhitespace(bytes.span)
            guard scanner.offset == bytes.count else {
                throw JSONError(reason: .trailingBytes, offset: scanner.offset)
            }
            return .success(value)
        } catch {
            #expect((0...bytes.count).contains(error.offset))
            return .failure(error)
        }
    }

    /// Compares every way of reading `bytes` with the plain one, and says whether they are JSON.
    @discardableResult private func check(_ bytes: [UInt8]) -> Bool {
        let plain = PlainJSON.value(of: bytes)
        let shown = String(decoding: bytes, as: UTF8.self)
        let depth = plain.map(depth) ?? 0
        let passed = scan(bytes) { (scanner, text) throws(JSONError) in
            try scanner.skipValue(text, depth: 0, limit: Self.limit)
        }
        #expect(((try? passed.get()) != nil) == (plain != nil && depth <= Self.limit), "\(shown)")

        let wanted = plain.flatMap { hasKeyTwice($0) || depth > 64 ? nil : $0 }
        #expect(pull(bytes) { (reader) throws(JSONError) in try reader.readValue() } == wanted)
        let isSkipped: Void? = pull(bytes) { (reader) throws(JSONError) in try reader.skipValue() }
        #expect((isSkipped != nil) == (wanted != nil), "\(shown)")

        if bytes.first(where: { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }) == UInt8(ascii: "\"") {
            // The two passes over a string agree, to the place and the reason of a fault.
            let decoded = scan(bytes) { (scanner, text) throws(JSONError) in
                try scanner.decodeString(text)
            }
            let copied = scan(bytes) { (scanner, text) throws(JSONError) in
                var copy: [UInt8] = []
                try scanner.scanString(text, into: &copy)
                return copy
            }
            #expect(decoded == copied, "\(shown)")
            #expect((try? decoded.get()) == plain?.string.map { Array($0.utf8) }, "\(shown)")
        }
        return plain != nil
    }

    /// A document of chance, with `depth` levels at most.
    private func document(_ depth: Int, _ random: inout RandomGenerator) -> String {
        func pick(_ choices: [String]) -> String { choices.randomElement(using: &random)! }
        func space() -> String { pick(["", "", "", " ", "\n", "\t\r\n", "\n          "]) }
        func string() -> String {
            let parts = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                pick([
                    "a", "grain and millstones", #"\n"#, #"\""#, #"\\"#, #"\/"#, #"\b\f\r\t"#,
                    #"\u00e9"#, #"\u0000"#, #"\uD83D\ude00"#, "π", "€", "😀", "\u{7F}",
                ])
            }
            return "\"" + parts.joined() + "\""
        }
        switch Int.random(in: depth > 0 ? 0...5 : 2...5, using: &random) {
        case 0, 1:
            let isObject = Bool.random(using: &random)
            let elements = (0..<Int.random(in: 0...3, using: &random)).map { _ in
                let key = isObject ? pick([string(), "\"a\"", "\"b\""]) + space() + ":" : ""
                return space() + key + space() + document(depth - 1, &random) + space()
            }
            let inside = elements.isEmpty ? space() : elements.joined(separator: ",")
            return isObject ? "{" + inside + "}" : "[" + inside + "]"
        case 2, 3: return string()
        case 4: return pick(["0", "-0", "12", "1.5", "-20.25e3", "1E+2", "98765432109876543210"])
        default: return pick(["true", "false", "null"])
        }
    }

    @Test("documents of chance are read, and mutated are read or refused as by a plain reader")
    func documents() {
        var random = RandomGenerator(seed: 17)
        var refused = 0
        for round in 0..<4_000 {
            var bytes = Array(document(round % 9, &random).utf8)
            #expect(check(bytes))
            for _ in 0...Int.random(in: 0...2, using: &random) where !bytes.isEmpty {
                let place = Int.random(in: bytes.indices, using: &random)
                let byte =
                    Bool.random(using: &random)
                    ? Self.alphabet.randomElement(using: &random)!
                    : UInt8.random(in: 0...255, using: &random)
                switch Int.random(in: 0..<5, using: &random) {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(byte, at: place)
                case 2: bytes.removeLast(bytes.count - place)
                case 3: bytes.insert(contentsOf: bytes[place...].prefix(9), at: place)
                default: bytes[place] = byte
                }
            }
            if !check(bytes) { refused += 1 }
        }
        #expect(refused > 1_000 && refused < 4_000)
    }

    @Test("random bytes, and all short strings of the grammar's signs, are read or refused alike")
    func bytes() {
        var random = RandomGenerator(seed: 18)
        for _ in 0..<4_000 {
            let count = Int.random(in: 0...20, using: &random)
            check((0..<count).map { _ in Self.alphabet.randomElement(using: &random)! })
            check((0..<count).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
        var strings: [[UInt8]] = [[]]
        for _ in 0..<4 {
            strings = strings.flatMap { front in "{}[],:\"\\1 ".utf8.map { front + [$0] } }
            for string in strings { check(string) }
        }
    }

    @Test("nesting is accepted up to the limits and not beyond")
    func nesting() {
        var random = RandomGenerator(seed: 19)
        for depth in [5, 6, 7, 63, 64, 65, 66, 511, 100_000] {
            let isObject = (0..<depth).map { _ in Bool.random(using: &random) }
            let opening = isObject.map { $0 ? "{\"a\":" : "[" }.joined()
            let closing = isObject.reversed().map { $0 ? "}" : "]" }.joined()
            let text = Array((opening + "0" + closing).utf8)
            let value = pull(text) { (reader) throws(JSONError) in try reader.readValue() }
            #expect((value != nil) == (depth <= 64))
            let passed = scan(text) { (scanner, text) throws(JSONError) in
                try scanner.skipValue(text, depth: 0, limit: 511)
            }
            #expect(((try? passed.get()) != nil) == (depth <= 511))
        }
    }

    @Test("whole numbers are read as the standard library reads them")
    func wholeNumbers() {
        var texts = ["4294967295", "4294967296", "\(Int.max)", "9223372036854775808"]
        var front = [""]
        for _ in 0..<4 {
            front = front.flatMap { text in "029.e-+".map { text + String($0) } }
            texts += front
        }
        for text in texts {
            let isPlain =
                text.allSatisfy(\.isNumber) && (text == "0" || text.first != "0")
            let bytes = Array(text.utf8)
            let number = pull(bytes) { (reader) throws(JSONError) in
                try reader.readWholeNumber()
            }
            #expect(number == (isPlain ? Int(text) : nil), "\(text)")
            let id = pull(bytes) { (reader) throws(JSONError) in try reader.readID() }
            #expect(id == (isPlain ? UInt32(text) : nil), "\(text)")
        }
    }

    @Test("halves of pairs are replaced as the standard library replaces them")
    func surrogates() throws {
        var random = RandomGenerator(seed: 20)
        for _ in 0..<2_000 {
            let units = (0..<Int.random(in: 0...6, using: &random)).map { _ in
                [0x61, 0xE9, 0xD7FF, 0xD800, 0xDBFF, 0xDC00, 0xDFFF, 0xE000, 0xFFFF]
                    .randomElement(using: &random)! as UInt16
            }
            let escapes = units.map { #"\u"# + String(0x1_0000 + Int($0), radix: 16).dropFirst() }
            let text = Array(("\"" + escapes.joined() + "\"").utf8)
            var scanner = JSONScanner(replacesLoneSurrogates: true)
            let decoded = try scanner.decodeString(text.span)
            #expect(decoded == Array(String(decoding: units, as: UTF16.self).utf8), "\(units)")
            check(text)
        }
    }

    @Test("text that is written as a string is read again, here and by Foundation")
    func writing() throws {
        var random = RandomGenerator(seed: 21)
        for round in 0..<500 {
            let scalars = (0..<Int.random(in: 0...12, using: &random)).map { _ in
                Unicode.Scalar(UInt32.random(in: 0...0x2FF, using: &random))!
            }
            let text = String(String.UnicodeScalarView(scalars))
            var bytes: [UInt8] = []
            JSONString.append(
                text.utf8Span.span, to: &bytes, usesShortEscapes: round.isMultiple(of: 2))
            #expect(check(bytes))
            #expect(PlainJSON.value(of: bytes)?.string?.utf8.elementsEqual(text.utf8) == true)
            let foundation = try JSONSerialization.jsonObject(
                with: Data(bytes), options: .fragmentsAllowed)
            #expect((foundation as? String)?.utf8.elementsEqual(text.utf8) == true)
        }
    }
}
