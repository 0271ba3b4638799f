import Bytes

/// The canonical form of a vocabulary on its way into a hash.
struct FingerprintForm: ~Copyable {
    private var hasher = XXH64()
    private var waiting = ByteArena(capacity: 1 << 14)

    /// Appends a number.
    mutating func append(_ value: Int) {
        waiting.append(word: UInt64(value))
        if waiting.count >= 1 << 13 { flush() }
    }

    /// Appends a text and its length.
    mutating func append(_ text: String) {
        append(text.utf8.count)
        waiting.append(Array(text.utf8))
    }

    /// Appends the bytes of `source` from `start` up to `end`.
    mutating func append(_ source: ByteView, from start: Int, to end: Int) {
        waiting.append(source, from: start, to: end)
    }

    private mutating func flush() {
        waiting.bytes.update(&hasher)
        waiting.truncate(to: 0)
    }

    /// The hash of everything appended.
    consuming func hash() -> UInt64 {
        flush()
        return hasher.digest()
    }
}
