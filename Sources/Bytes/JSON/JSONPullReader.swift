/// An error that can say why and where a JSON text was refused.
@usableFromInline package protocol JSONFailure: Error {
    /// The error of the text in the file at `path`.
    init(_ error: JSONError, path: String)
}

extension JSONError: JSONFailure {
    @inlinable package init(_ error: JSONError, path: String) { self = error }
}

/// A reader of JSON that hands out what it meets, in order, and builds no tree.
///
/// A structure over ``JSONScanner``, for texts whose keys the caller knows: no key of an object may
/// appear twice, of which decoders of trees keep one and do not say so. A vocabulary is a few
/// hundred thousand short strings: ``next(until:isFirst:)`` and ``readString(into:)`` take them
/// without memory for each.
@usableFromInline package struct JSONPullReader<Failure: JSONFailure> {
    /// Text that is read.
    @usableFromInline package let text: ByteView
    @usableFromInline let path: String
    @usableFromInline var scanner = JSONScanner()
    @usableFromInline var depth = 0

    /// Deeper nesting than this is refused, so that no input can exhaust the stack.
    @inlinable static var depthLimit: Int { 64 }

    /// A reader of `text`, which errors call the file at `path`.
    @inlinable package init(_ text: ByteView, path: String = "") {
        self.text = text
        self.path = path
    }

    /// Calls `body` with a reader of `bytes`.
    @inlinable package static func with<Result>(
        _ bytes: Span<UInt8>, _ body: (inout Self) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try ByteView.with(bytes) { text throws(Failure) in
            var reader = Self(text)
            return try body(&reader)
        }
    }

    /// Offset of the next byte.
    @inlinable package var position: Int {
        @inline(__always) get { scanner.offset }
        @inline(__always) set { scanner.offset = newValue }
    }

    /// The error `reason` at the current place.
    @inlinable package func failure(_ reason: String) -> Failure {
        Failure(JSONError(reason: .refused(reason), offset: position), path: path)
    }

    /// Lets `body` scan the text from the current place on.
    @inline(__always) @inlinable
    package mutating func scan<Result>(
        _ body: (inout JSONScanner, Span<UInt8>) throws(JSONError) -> Result
    ) throws(Failure) -> Result {
        do throws(JSONError) {
            return try text.withSpan { bytes throws(JSONError) in try body(&scanner, bytes) }
        } catch {
            throw Failure(error, path: path)
        }
    }

    /// The next byte that is not white space, without taking it; `nil` at the end.
    @inline(__always) @inlinable package mutating func peek() -> UInt8? {
        text.withSpan { bytes in
            scanner.skipWhitespace(bytes)
            return scanner.next(bytes)
        }
    }

    /// Takes `byte`, or says what stands there instead.
    @inline(__always) @inlinable package mutating func take(_ byte: UInt8) throws(Failure) {
        guard peek() == byte else {
            throw Failure(text.withSpan { scanner.fault(wanting: byte, $0) }, path: path)
        }
        position &+= 1
    }

    /// Reads an object, calling `member` with each key; it must read the value.
    @inlinable package mutating func readObject(
        _ member: (inout Self, String) throws(Failure) -> Void
    ) throws(Failure) {
        var keys: Set<ExactName> = []
        try open(UInt8(ascii: "{"))
        while try next(until: UInt8(ascii: "}"), isFirst: keys.isEmpty) {
            let key = try readKey(&keys)
            try member(&self, key)
        }
    }

    /// Reads the key of a member and its colon; it must not be among `keys`.
    @inlinable package mutating func readKey(
        _ keys: inout Set<ExactName>
    ) throws(Failure) -> String {
        _ = peek()
        let start = position
        let key = try readString()
        guard keys.insert(ExactName(key)).inserted else {
            throw Failure(JSONError(reason: .duplicateKey(key), offset: start), path: path)
        }
        try take(UInt8(ascii: ":"))
        return key
    }

    /// Reads an array, calling `element` before each element; it must read it.
    @inlinable package mutating func readArray(
        _ element: (inout Self) throws(Failure) -> Void
    ) throws(Failure) {
        try open(UInt8(ascii: "["))
        var isFirst = true
        while try next(until: UInt8(ascii: "]"), isFirst: isFirst) {
            isFirst = false
            try element(&self)
        }
    }

    /// Takes the opening `bracket` of an object or array: ``next(until:isFirst:)`` follows.
    @inlinable package mutating func open(_ bracket: UInt8) throws(Failure) {
        try take(bracket)
        depth += 1
        guard depth <= Self.depthLimit else {
            let reason = JSONError.Reason.tooDeep(limit: Self.depthLimit)
            throw Failure(JSONError(reason: reason, offset: position), path: path)
        }
    }

    /// Whether another element follows, having taken the comma before it, or else the closing
    /// `bracket`.
    @inline(__always) @inlinable package mutating func next(
        until bracket: UInt8, isFirst: Bool
    ) throws(Failure) -> Bool {
        let next = peek()
        if next == bracket {
            position &+= 1
            depth -= 1
            return false
        }
        guard !isFirst else { return true }
        guard next == UInt8(ascii: ",") else {
            throw Failure(text.withSpan { scanner.fault(wantingCommaOr: bracket, $0) }, path: path)
        }
        let comma = position
        position &+= 1
        guard peek() != bracket else {
            throw Failure(JSONError(reason: .commaBeforeEnd, offset: comma), path: path)
        }
        return true
    }

    /// Throws unless nothing but white space is left.
    @inlinable package mutating func finish() throws(Failure) {
        guard peek() == nil else {
            throw Failure(JSONError(reason: .trailingBytes, offset: position), path: path)
        }
    }
}

extension JSONPullReader {
    /// Reads a string.
    @inlinable package mutating func readString() throws(Failure) -> String {
        var bytes: [UInt8] = []
        try readString(into: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads a string, leaving its UTF-8 in `bytes`. O(length).
    @inlinable package mutating func readString(into bytes: inout [UInt8]) throws(Failure) {
        guard peek() == UInt8(ascii: "\"") else { return try take(UInt8(ascii: "\"")) }
        try scan { (scanner, text) throws(JSONError) in
            try scanner.scanString(text, into: &bytes)
        }
    }

    /// The character of an escape at `index`, and the length of the escape; `nil` if there is no
    /// good one. The place stays as it is.
    @inlinable package func escape(at index: Int) -> (scalar: Unicode.Scalar, byteCount: Int)? {
        var scanner = scanner
        scanner.offset = index
        return text.withSpan { bytes in try? scanner.decodeEscape(bytes) }
    }

    /// Reads a whole number from 0 to `limit`.
    @inlinable mutating func readWholeNumber(
        limit: Int = .max
    ) throws(Failure) -> Int {
        _ = peek()
        return try scan { (scanner, text) throws(JSONError) in
            try scanner.scanWholeNumber(text, limit: limit)
        }
    }

    /// Reads an array of whole numbers.
    @inlinable package mutating func readWholeNumbers() throws(Failure) -> [Int] {
        var numbers: [Int] = []
        try readArray { (reader) throws(Failure) in numbers.append(try reader.readWholeNumber()) }
        return numbers
    }

    /// Reads a whole number from 0 to 2³² − 1.
    @inlinable package mutating func readID() throws(Failure) -> UInt32 {
        UInt32(truncatingIfNeeded: try readWholeNumber(limit: Int(UInt32.max)))
    }

    /// Reads `true` or `false`.
    @inlinable package mutating func readBool() throws(Failure) -> Bool {
        guard case .bool(let value) = try readValue() else {
            throw failure("expected true or false")
        }
        return value
    }

    /// Reads any value as a tree. For the small parts of a file.
    @inlinable package mutating func readValue() throws(Failure) -> JSONValue {
        switch peek() {
        case UInt8(ascii: "{"):
            var members: [JSONValue.Member] = []
            try readObject { (reader, key) throws(Failure) in
                members.append(JSONValue.Member(key: key, value: try reader.readValue()))
            }
            return .object(members)
        case UInt8(ascii: "["):
            var elements: [JSONValue] = []
            try readArray { (reader) throws(Failure) in elements.append(try reader.readValue()) }
            return .array(elements)
        case UInt8(ascii: "\""): return .string(try readString())
        default:
            return try scan { (scanner, text) throws(JSONError) in try scanner.scanScalar(text) }
        }
    }

    /// Reads any value and forgets it. O(length).
    @inlinable package mutating func skipValue() throws(Failure) {
        switch peek() {
        case UInt8(ascii: "{"):
            try readObject { (reader, _) throws(Failure) in try reader.skipValue() }
        case UInt8(ascii: "["):
            try readArray { (reader) throws(Failure) in try reader.skipValue() }
        default:
            try scan { (scanner, text) throws(JSONError) in
                // A string, a number or a word: nothing is open in it.
                try scanner.skipValue(text, depth: 0, limit: 1)
            }
        }
    }
}
