import CKernels

/// The bytes from `start` on before the first that begins no well-formed UTF-8 sequence. O(count),
/// 64 at a time.
func utf8RunLength(_ bytes: Span<UInt8>, from start: Int) -> Int {
    precondition(start <= bytes.count, "the place is in the text")
    return unsafe bytes.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return 0 }
        return unsafe qk_text(qk_best_level()).pointee.utf8_run(bytes.count - start, base + start)
    }
}

/// The bytes from `start` on that stand for themselves in a string of JSON. O(count), 64 at a time.
func jsonRunLength(_ bytes: Span<UInt8>, from start: Int) -> Int {
    precondition(start <= bytes.count, "the place is in the text")
    return unsafe bytes.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress else { return 0 }
        return unsafe qk_text(qk_best_level()).pointee.json_run(bytes.count - start, base + start)
    }
}

/// Copies what a string of JSON says from `start` on to `target` from `count` on, as far as it has
/// bytes that stand for themselves and escapes of two; returns how many bytes of the string those
/// are. There is room for as many bytes as are left of the text. O(count), 64 at a time.
func decodeJSONText(
    _ bytes: Span<UInt8>, from start: Int, to target: UnsafeMutableBufferPointer<UInt8>,
    _ count: inout Int
) -> Int {
    precondition(start <= bytes.count, "the place is in the text")
    precondition(bytes.count - start <= target.count - count, "the target has room")
    return unsafe bytes.withUnsafeBufferPointer { bytes in
        guard let base = bytes.baseAddress, let room = target.baseAddress else { return 0 }
        var written = 0
        let passed = unsafe qk_text(qk_best_level()).pointee.json_text(
            bytes.count - start, base + start, room + count, &written)
        count += written
        return passed
    }
}
