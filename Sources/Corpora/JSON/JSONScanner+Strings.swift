extension JSONScanner {
    /// Passes a string whose opening quote is at the offset. O(its bytes).
    mutating func scanString(_ bytes: Span<UInt8>) throws(JSONLineFault) -> StringToken {
        let start = offset + 1
        var savedCount = 0
        offset = start
        while true {
            offset = endOfPlainRun(bytes, from: offset)
            guard let byte = next(bytes) else { throw fault(.endsEarly, bytes) }
            if byte == UInt8(ascii: "\"") {
                let range = start..<offset
                offset += 1
                return StringToken(range: range, decodedCount: range.count - savedCount)
            } else if byte >= 0x80 {
                try skipMultibyteRun(bytes)
            } else if byte == UInt8(ascii: "\\") {
                let escape = try decodeEscape(bytes)
                offset += escape.byteCount
                savedCount += escape.byteCount - UTF8.width(escape.scalar)
            } else {
                throw fault(.controlCharacter(byte), bytes)
            }
        }
    }

    /// The bytes of a string that was scanned, without its escapes. O(count).
    func decoded(_ string: StringToken, _ bytes: Span<UInt8>) -> [UInt8] {
        let range = string.range
        if range.count == string.decodedCount {
            return Array(copying: bytes.extracting(range))
        }
        var result = [UInt8](repeating: 0, count: string.decodedCount)
        var count = 0
        var scanner = JSONScanner(offset: range.lowerBound)
        while scanner.offset < range.upperBound {
            if bytes[scanner.offset] == UInt8(ascii: "\\") {
                // It was decoded before without a fault.
                guard let escape = try? scanner.decodeEscape(bytes) else { break }
                count += write(escape.scalar, to: &result, at: count)
                scanner.offset += escape.byteCount
            } else {
                let rest = bytes.extracting(scanner.offset..<range.upperBound)
                let run = firstOffset(of: UInt8(ascii: "\\"), in: rest) ?? rest.count
                copyBytes(rest.extracting(first: run), to: &result, at: count)
                count += run
                scanner.offset += run
            }
        }
        return result
    }

    /// Puts the UTF-8 of `scalar` into `bytes` at `place` and says how long it is.
    private func write(_ scalar: Unicode.Scalar, to bytes: inout [UInt8], at place: Int) -> Int {
        let value = scalar.value
        let count = UTF8.width(scalar)
        if count == 1 {
            bytes[place] = UInt8(truncatingIfNeeded: value)
            return 1
        }
        var rest = value
        for index in stride(from: count - 1, to: 0, by: -1) {
            bytes[place + index] = 0x80 | UInt8(truncatingIfNeeded: rest & 0x3F)
            rest >>= 6
        }
        // The first byte begins with as many ones as there are bytes.
        bytes[place] = ~(0xFF >> UInt8(count)) | UInt8(truncatingIfNeeded: rest)
        return count
    }

    /// The place of the first byte from `start` on that ends a string or must be looked at.
    ///
    /// Eight bytes at a time: in each byte of `hits` the top bit is set if it is a quote, a
    /// backslash, below 0x20 or above 0x7F. A borrow can only spoil the bytes above a hit, and the
    /// lowest hit is what counts. Source: S. E. Anderson, Bit Twiddling Hacks, "hasless(x,n)".
    private func endOfPlainRun(_ bytes: Span<UInt8>, from start: Int) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let raw = unsafe bytes.bytes
        var place = start
        while place &+ 8 <= bytes.count {
            // The condition of the loop is the bounds check.
            let word = UInt64(
                littleEndian: unsafe raw.unsafeLoadUnaligned(
                    fromUncheckedByteOffset: place, as: UInt64.self))
            let quotes = word ^ (ones &* 0x22)
            let backslashes = word ^ (ones &* 0x5C)
            let low = (word &- ones &* 0x20) & ~word
            let hits =
                (((quotes &- ones) & ~quotes) | ((backslashes &- ones) & ~backslashes) | low
                    | word) & tops
            if hits != 0 { return place &+ hits.trailingZeroBitCount / 8 }
            place &+= 8
        }
        while place < bytes.count {
            let byte = bytes[place]
            if byte < 0x20 || byte > 0x7F || byte == 0x22 || byte == 0x5C { break }
            place += 1
        }
        return place
    }

    /// Passes characters of two to four bytes up to the next ASCII byte.
    private mutating func skipMultibyteRun(_ bytes: Span<UInt8>) throws(JSONLineFault) {
        while offset < bytes.count, bytes[offset] >= 0x80 {
            let length = multibyteLength(bytes, at: offset)
            guard length > 0 else { throw fault(.invalidUTF8, bytes) }
            offset &+= length
        }
    }

    /// The character of the escape at the offset, and the length of the escape.
    private func decodeEscape(
        _ bytes: Span<UInt8>
    ) throws(JSONLineFault) -> (scalar: Unicode.Scalar, byteCount: Int) {
        guard offset + 1 < bytes.count else {
            throw JSONLineFault(reason: .endsEarly, offset: bytes.count)
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
        else { throw fault(.loneSurrogate, bytes) }
        let trail = try codeUnit(bytes, at: offset + 8)
        guard UTF16.isTrailSurrogate(trail) else { throw fault(.loneSurrogate, bytes) }
        let value = 0x10000 + (UInt32(unit) - 0xD800) << 10 + (UInt32(trail) - 0xDC00)
        return (Unicode.Scalar(value)!, 12)
    }

    /// The number that four hexadecimal digits at `place` write.
    private func codeUnit(_ bytes: Span<UInt8>, at place: Int) throws(JSONLineFault) -> UInt16 {
        let digits = bytes.extracting(place..<min(place + 4, bytes.count))
        var unit: UInt32 = 0
        for index in digits.indices { unit = unit << 4 | hexadecimal(digits[index]) }
        guard unit <= 0xFFFF else { throw fault(.badEscape, bytes) }
        guard digits.count == 4 else {
            throw JSONLineFault(reason: .endsEarly, offset: bytes.count)
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
