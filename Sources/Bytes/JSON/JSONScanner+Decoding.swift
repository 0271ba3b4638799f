extension JSONScanner {
    /// Passes a string whose opening quote is at the offset, and gives what it says. O(its bytes).
    ///
    /// Each byte is looked at once: it is copied with the word in which it is found to be plain.
    package mutating func decodeString(_ bytes: Span<UInt8>) throws(JSONError) -> [UInt8] {
        offset += 1
        var scanner = self
        var fault: JSONError?
        // Decoded text is never longer than the string as written; eight bytes more, since whole
        // words are stored at its end.
        let capacity = bytes.count - offset + 8
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

    /// Decodes plain bytes and the one thing behind them; false if that was the closing quote.
    private mutating func decodeRun(
        _ bytes: Span<UInt8>, to target: UnsafeMutableBufferPointer<UInt8>, _ count: inout Int
    ) throws(JSONError) -> Bool {
        let raw = unsafe bytes.bytes
        let base = UnsafeMutableRawPointer(target.baseAddress!)
        // The conditions of the loops are the bounds checks; the target has room for as much as is
        // left of the line, and for a word more.
        while true {
            guard offset &+ 8 <= bytes.count else {
                while offset < bytes.count, Self.isPlain(bytes[offset]) {
                    unsafe base.storeBytes(
                        of: bytes[offset], toByteOffset: count, as: UInt8.self)
                    offset &+= 1
                    count &+= 1
                }
                break
            }
            let word = unsafe raw.unsafeLoadUnaligned(
                fromUncheckedByteOffset: offset, as: UInt64.self)
            unsafe base.storeBytes(of: word, toByteOffset: count, as: UInt64.self)
            let hits = Self.hits(in: UInt64(littleEndian: word))
            let plainCount = hits == 0 ? 8 : hits.trailingZeroBitCount / 8
            offset &+= plainCount
            count &+= plainCount
            if hits != 0 { break }
        }
        guard let byte = next(bytes) else { throw fault(.endsEarly, bytes) }
        switch byte {
        case UInt8(ascii: "\""):
            offset += 1
            return false
        case UInt8(ascii: "\\"):
            let escape = try decodeEscape(bytes)
            offset += escape.byteCount
            for unit in UTF8.encode(escape.scalar)! {
                unsafe base.storeBytes(of: unit, toByteOffset: count, as: UInt8.self)
                count &+= 1
            }
        case 0x80...:
            while offset < bytes.count, bytes[offset] >= 0x80 {
                let length = multibyteLength(bytes, at: offset)
                guard length > 0 else { throw fault(.invalidUTF8, bytes) }
                for distance in 0..<length {
                    unsafe base.storeBytes(
                        of: bytes[offset &+ distance], toByteOffset: count &+ distance,
                        as: UInt8.self)
                }
                offset &+= length
                count &+= length
            }
        default:
            throw fault(.controlCharacter(byte), bytes)
        }
        return true
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
