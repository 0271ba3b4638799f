extension JSONScanner {
    /// Passes a string whose opening quote is at the offset. O(its bytes).
    package mutating func scanString(_ bytes: Span<UInt8>) throws(JSONError) -> StringToken {
        let start = offset + 1
        var savedCount = 0
        offset = start
        while true {
            offset += Self.plainRunLength(bytes.extracting(droppingFirst: offset))
            guard let byte = next(bytes) else { throw fault(.endsEarly, bytes) }
            if byte == UInt8(ascii: "\"") {
                let range = start..<offset
                offset += 1
                return StringToken(range: range, decodedCount: range.count - savedCount)
            } else if byte >= 0x80 {
                throw fault(.invalidUTF8, bytes)
            } else if byte == UInt8(ascii: "\\") {
                let escape = try decodeEscape(bytes)
                offset += escape.byteCount
                savedCount += escape.byteCount - UTF8.width(escape.scalar)
            } else {
                throw fault(.controlCharacter(byte), bytes)
            }
        }
    }

    /// Number of bytes before the first that ends a string or must be looked at. O(count).
    package static func plainRunLength(_ bytes: Span<UInt8>) -> Int {
        let raw = unsafe bytes.bytes
        var place = 0
        // Most strings are short: keys, names, numbers.
        while place < 16, place &+ 8 <= bytes.count {
            // The condition of the loop is the bounds check.
            let hits = hits(
                in: UInt64(
                    littleEndian: unsafe raw.unsafeLoadUnaligned(
                        fromUncheckedByteOffset: place, as: UInt64.self)))
            if hits != 0 {
                let end = place &+ hits.trailingZeroBitCount / 8
                guard bytes[end] >= 0x80 else { return end }
                break
            }
            place &+= 8
        }
        return place + jsonRunLength(bytes, from: place)
    }

    /// The bytes among eight, the first lowest, that are not plain: the lowest bit that is set is
    /// the top bit of the first of them.
    ///
    /// Those are a quote, a backslash, below 0x20 or above 0x7F. A borrow can only spoil the bytes
    /// above a hit. Source: S. E. Anderson, Bit Twiddling Hacks, "hasless(x,n)".
    @inline(__always)
    static func hits(in word: UInt64) -> UInt64 {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let quotes = word ^ (ones &* 0x22)
        let backslashes = word ^ (ones &* 0x5C)
        let low = (word &- ones &* 0x20) & ~word
        return (((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | low | word)
            & (ones &* 0x80)
    }

    /// The character of the escape at the offset, and the length of the escape.
    @usableFromInline func decodeEscape(
        _ bytes: Span<UInt8>
    ) throws(JSONError) -> (scalar: Unicode.Scalar, byteCount: Int) {
        guard offset + 1 < bytes.count else {
            throw JSONError(reason: .endsEarly, offset: bytes.count)
        }
        switch bytes[offset + 1] {
        case UInt8(ascii: "n"): return ("\n", 2)
        case UInt8(ascii: "\""): return ("\"", 2)
        case UInt8(ascii: "\\"): return ("\\", 2)
        case UInt8(ascii: "/"): return ("/", 2)
        case UInt8(ascii: "t"): return ("\t", 2)
        case UInt8(ascii: "r"): return ("\r", 2)
        case UInt8(ascii: "b"): return ("\u{8}", 2)
        case UInt8(ascii: "f"): return ("\u{C}", 2)
        case UInt8(ascii: "u"): break
        default: throw fault(.badEscape, bytes)
        }
        let unit = try codeUnit(bytes, at: offset + 2)
        if let scalar = Unicode.Scalar(unit) { return (scalar, 6) }
        guard UTF16.isLeadSurrogate(unit), offset + 7 < bytes.count,
            bytes[offset + 6] == UInt8(ascii: "\\"), bytes[offset + 7] == UInt8(ascii: "u")
        else { return try loneSurrogate(bytes) }
        let trail = try codeUnit(bytes, at: offset + 8)
        guard UTF16.isTrailSurrogate(trail) else { return try loneSurrogate(bytes) }
        let value = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(trail) - 0xDC00)
        return (Unicode.Scalar(value)!, 12)
    }

    /// Replacement of one half of a surrogate pair without the other, or the error.
    private func loneSurrogate(
        _ bytes: Span<UInt8>
    ) throws(JSONError) -> (scalar: Unicode.Scalar, byteCount: Int) {
        guard replacesLoneSurrogates else { throw fault(.loneSurrogate, bytes) }
        return ("\u{FFFD}", 6)
    }

    /// The number that four hexadecimal digits at `place` write.
    private func codeUnit(_ bytes: Span<UInt8>, at place: Int) throws(JSONError) -> UInt16 {
        let digits = bytes.extracting(place..<min(place + 4, bytes.count))
        var unit: UInt32 = 0
        for index in digits.indices { unit = unit << 4 | hexadecimal(digits[index]) }
        guard unit <= 0xFFFF else { throw fault(.badEscape, bytes) }
        guard digits.count == 4 else {
            throw JSONError(reason: .endsEarly, offset: bytes.count)
        }
        return UInt16(truncatingIfNeeded: unit)
    }

    /// The value of a hexadecimal digit, or a bit that no four digits reach or shift away.
    private func hexadecimal(_ byte: UInt8) -> UInt32 {
        let decimal = byte &- UInt8(ascii: "0")
        if decimal < 10 { return UInt32(decimal) }
        let letter = (byte | 0x20) &- UInt8(ascii: "a")
        return letter < 6 ? UInt32(letter) + 10 : 0x1_0000
    }
}

extension JSONScanner {
    /// Passes a string whose opening quote is at the offset, and gives what it says. O(its bytes).
    package mutating func decodeString(_ bytes: Span<UInt8>) throws(JSONError) -> [UInt8] {
        offset += 1
        var scanner = self
        var fault: JSONError?
        // Decoded text is never longer than the string as written.
        let capacity = bytes.count - offset
        let text = unsafe [UInt8](unsafeUninitializedCapacity: capacity) { target, count in
            do throws(JSONError) {
                while try unsafe scanner.decodeRun(bytes, to: target, &count) {}
            } catch {
                fault = error
            }
        }
        if let fault { throw fault }
        self = scanner
        // A text is not to hold the memory of a line that has much else in it.
        return text.count * 5 / 4 < capacity ? Array(copying: text.span) : text
    }

    /// Decodes plain bytes, and the one thing behind them; false if that was the closing quote.
    private mutating func decodeRun(
        _ bytes: Span<UInt8>, to target: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int
    ) throws(JSONError) -> Bool {
        offset += unsafe decodeJSONText(bytes, from: offset, to: target, &count)
        guard let byte = next(bytes) else { throw fault(.endsEarly, bytes) }
        switch byte {
        case UInt8(ascii: "\""):
            offset += 1
            return false
        case UInt8(ascii: "\\"):
            let escape = try decodeEscape(bytes)
            offset += escape.byteCount
            for unit in UTF8.encode(escape.scalar)! {
                unsafe target[count] = unit
                count += 1
            }
            return true
        case 0x80...: throw fault(.invalidUTF8, bytes)
        default: throw fault(.controlCharacter(byte), bytes)
        }
    }

    /// Whether a string, scanned before, says `name`. O(count), without memory where it has no
    /// escapes.
    package func says(_ name: [UInt8], _ string: StringToken, _ bytes: Span<UInt8>) -> Bool {
        guard string.decodedCount == name.count else { return false }
        guard string.range.count == string.decodedCount else {
            return (try? text(of: string, bytes)) == name
        }
        for index in name.indices where name[index] != bytes[string.range.lowerBound + index] {
            return false
        }
        return true
    }

    /// Passes a string whose opening quote is at the offset, and leaves what it says in `text`.
    /// O(its bytes), without memory where `text` has room and the string no escapes.
    @usableFromInline package mutating func scanString(
        _ bytes: Span<UInt8>, into text: inout [UInt8]
    ) throws(JSONError) {
        let string = try scanString(bytes)
        text.removeAll(keepingCapacity: true)
        if string.range.count == string.decodedCount {
            text.append(copying: bytes.extracting(string.range))
        } else {
            text = try self.text(of: string, bytes)
        }
    }

    /// Decoded text of a string with escapes that was scanned before. O(count).
    private func text(of string: StringToken, _ bytes: Span<UInt8>) throws(JSONError) -> [UInt8] {
        var scanner = self
        scanner.offset = string.range.lowerBound - 1
        return try scanner.decodeString(bytes.extracting(..<(string.range.upperBound + 1)))
    }
}
