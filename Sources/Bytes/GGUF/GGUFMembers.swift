/// Keys and values of a GGUF file, as the file's bytes.
///
/// Source: the GGUF specification, `docs/gguf.md` of ggml, version 3. All numbers are
/// little-endian.
///
/// ```swift
/// var members = GGUFMembers()
/// members.add("general.architecture", "llama")
/// members.add("llama.block_count", UInt32(4))
/// ```
public struct GGUFMembers: Sendable, Equatable {
    /// Number of keys.
    public private(set) var count = 0
    /// Their bytes, one key and its value after the other.
    public private(set) var bytes: [UInt8] = []

    /// No keys.
    public init() {}

    /// Adds a number.
    public mutating func add(_ key: String, _ value: UInt32) {
        begin(key, .uint32)
        Self.append(value, to: &bytes)
    }

    /// Adds a number.
    public mutating func add(_ key: String, _ value: Float) {
        begin(key, .float32)
        Self.append(value.bitPattern, to: &bytes)
    }

    /// Adds a truth.
    public mutating func add(_ key: String, _ value: Bool) {
        begin(key, .bool)
        bytes.append(value ? 1 : 0)
    }

    /// Adds a text.
    public mutating func add(_ key: String, _ value: String) {
        begin(key, .string)
        Self.append(value, to: &bytes)
    }

    /// Adds a list of texts. O(size).
    public mutating func add(_ key: String, _ values: [String]) {
        beginArray(key, .string, count: values.count)
        for value in values { Self.append(value, to: &bytes) }
    }

    /// Adds a list of truths. O(count).
    public mutating func add(_ key: String, _ values: [Bool]) {
        beginArray(key, .bool, count: values.count)
        for value in values { bytes.append(value ? 1 : 0) }
    }

    /// Adds a list of numbers. O(count).
    public mutating func add(_ key: String, _ values: [Int32]) {
        beginArray(key, .int32, count: values.count)
        for value in values { Self.append(value, to: &bytes) }
    }

    /// Adds all of `other`, whose keys are different. O(size).
    public mutating func add(_ other: GGUFMembers) {
        count += other.count
        bytes += other.bytes
    }

    private mutating func begin(_ key: String, _ kind: GGUFKind) {
        count += 1
        Self.append(key, to: &bytes)
        Self.append(kind.rawValue, to: &bytes)
    }

    private mutating func beginArray(_ key: String, _ kind: GGUFKind, count: Int) {
        begin(key, .array)
        Self.append(kind.rawValue, to: &bytes)
        Self.append(UInt64(count), to: &bytes)
    }

    /// Appends a number as the format has it.
    public static func append(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
        for shift in stride(from: 0, to: value.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> shift))
        }
    }

    /// Appends a text as the format has it: its length in 8 bytes, then its UTF-8.
    public static func append(_ value: String, to bytes: inout [UInt8]) {
        append(UInt64(value.utf8.count), to: &bytes)
        bytes += value.utf8
    }
}
