package import Bytes

/// A strict reader of JSON (RFC 8259) that hands out what it meets, in order, and builds no tree.
///
/// Written by hand because a vocabulary is a few hundred thousand short strings: they are read into
/// one scratch array instead of a dictionary of strings.
package struct JSONReader {
    let text: ByteView
    let path: String

    /// Where the next byte stands.
    var position = 0

    private var depth = 0

    /// Deeper nesting than this is refused, so that no input can exhaust the stack.
    private static let depthLimit = 64

    package init(_ text: ByteView, path: String) {
        self.text = text
        self.path = path
    }

    /// The error `reason` at the current place.
    package func failure(_ reason: String) -> TokenizationError {
        .malformed(path: path, offset: position, reason: reason)
    }

    /// The next byte that is not white space, without taking it; `nil` at the end.
    @inline(__always)
    package mutating func peek() -> UInt8? {
        // Most files are indented: eight spaces a step.
        while position + 8 <= text.count, text.word(at: position) == 0x2020_2020_2020_2020 {
            position += 8
        }
        while position < text.count {
            switch text[position] {
            case 0x20, 0x09, 0x0A, 0x0D: position += 1
            case let byte: return byte
            }
        }
        return nil
    }

    /// Takes `byte`, or says what stands there instead.
    @inline(__always)
    package mutating func take(_ byte: UInt8) throws(TokenizationError) {
        guard peek() == byte else { throw expected(byte) }
        position += 1
    }

    @inline(never)
    private mutating func expected(_ byte: UInt8) -> TokenizationError {
        failure("expected \(Self.name(of: byte)) but found \(Self.name(of: peek()))")
    }

    static func name(of byte: UInt8?) -> String {
        guard let byte else { return "the end of the file" }
        guard byte > 0x20, byte < 0x7F else { return "byte \(byte)" }
        return "'\(Character(Unicode.Scalar(byte)))'"
    }

    /// Reads an object, calling `member` with each key; it must read the value.
    package mutating func readObject(
        _ member: (inout JSONReader, String) throws(TokenizationError) -> Void
    ) throws(TokenizationError) {
        var keys: Set<String> = []
        try open(UInt8(ascii: "{"))
        while try next(until: UInt8(ascii: "}"), isFirst: keys.isEmpty) {
            let name = try readString()
            guard keys.insert(name).inserted else {
                throw failure("the key \"\(name)\" appears twice")
            }
            try take(UInt8(ascii: ":"))
            try member(&self, name)
        }
    }

    /// Reads an array, calling `element` before each element; it must read it.
    mutating func readArray(
        _ element: (inout JSONReader) throws(TokenizationError) -> Void
    ) throws(TokenizationError) {
        try open(UInt8(ascii: "["))
        var isFirst = true
        while try next(until: UInt8(ascii: "]"), isFirst: isFirst) {
            isFirst = false
            try element(&self)
        }
    }

    /// Takes the opening `bracket` of an object or array: ``next(until:isFirst:)`` follows.
    package mutating func open(_ bracket: UInt8) throws(TokenizationError) {
        try take(bracket)
        depth += 1
        guard depth <= Self.depthLimit else { throw failure("the nesting is too deep") }
    }

    /// Whether another element follows, having taken the comma before it, or else the closing
    /// `bracket`.
    @inline(__always)
    package mutating func next(until bracket: UInt8, isFirst: Bool) throws(TokenizationError)
        -> Bool
    {
        let next = peek()
        if next == bracket {
            position += 1
            depth -= 1
            return false
        }
        guard !isFirst else { return true }
        guard next == UInt8(ascii: ",") else {
            throw failure(
                "expected ',' or \(Self.name(of: bracket)) but found \(Self.name(of: next))")
        }
        position += 1
        guard peek() != bracket else {
            throw failure("nothing follows a comma")
        }
        return true
    }

    /// Throws unless nothing but white space is left.
    package mutating func finish() throws(TokenizationError) {
        guard peek() == nil else { throw failure("something follows the end of the value") }
    }
}
