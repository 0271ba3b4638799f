import Bytes
import Files

/// Scalars of a TensorBoard event file, whichever program has written it, along their steps.
///
/// A record is its length, the check of the length, the data and their check; the data are a
/// message `Event` of TensorFlow's `event.proto`. Scalars are `simple_value`, as PyTorch's writer
/// has them, and tensors of one number, as TensorFlow 2 has them. Everything else is passed over.
///
/// Reading is total: a record whose check fails ends it, since no length behind it can be trusted,
/// and ``fault`` says so. Neither records nor tags can take more than a bounded amount of memory.
public struct EventScalars: Sendable {
    /// Curves by their tags.
    private(set) var curves: [String: BoundedSeries] = [:]
    /// Events that were read.
    public private(set) var eventCount = 0
    /// What was left out or damaged, in a sentence; nil if nothing was.
    public private(set) var fault: String?
    /// Seconds between the first event and the last.
    public private(set) var duration = 0.0

    private var firstTime: Double?

    /// The most tags that are kept.
    static let tagLimit = 512
    private static let tagByteLimit = 512
    /// Bytes of a record that is looked into; a scalar takes less than a hundred, a picture more.
    static let recordByteLimit = 1 << 20

    /// Nothing yet.
    public init() {}

    /// Tags that were found, in their order.
    public var tags: [String] { curves.keys.sorted() }

    /// Adds what the file at `path` holds. O(bytes).
    public mutating func read(_ path: String) throws {
        let file = try MappedFile(path: path)
        file.withBytes { bytes in
            var place = 0
            while place < bytes.byteCount {
                guard let record = EventRecord(bytes, at: place) else {
                    // A file that is being written ends inside of a record.
                    note("\(path) is damaged, or not whole, from byte \(place) on")
                    return
                }
                place = record.end
                guard record.data.count <= Self.recordByteLimit else { continue }
                let data = unsafe bytes.extracting(record.data).withUnsafeBytes {
                    unsafe Array($0)
                }
                guard EventRecord.check(of: data) == record.check else {
                    note("\(path) is damaged from byte \(record.data.lowerBound) on")
                    return
                }
                add(event: data[...])
            }
        }
    }

    private mutating func note(_ text: String) { fault = fault ?? text }

    // MARK: Messages

    private mutating func add(event: ArraySlice<UInt8>) {
        var (step, summary, time): (Int64, ArraySlice<UInt8>?, Double?) = (0, nil, nil)
        for (field, value) in ProtobufFields(event) {
            switch (field, value) {
            case (1, .eight(let bits)): time = Double(bitPattern: bits)
            case (2, .variable(let number)): step = Int64(bitPattern: number)
            case (5, .counted(let bytes)): summary = bytes
            default: break
            }
        }
        eventCount += 1
        if let time, time.isFinite {
            firstTime = firstTime ?? time
            duration = max(duration, time - (firstTime ?? time))
        }
        guard let summary, (0...1 << 50).contains(step) else { return }
        for case (1, .counted(let bytes)) in ProtobufFields(summary) {
            add(value: bytes, step: Double(step))
        }
    }

    private mutating func add(value: ArraySlice<UInt8>, step: Double) {
        var (tag, number): (String?, Double?) = (nil, nil)
        for (field, value) in ProtobufFields(value) {
            switch (field, value) {
            case (1, .counted(let bytes)) where bytes.count <= Self.tagByteLimit:
                tag = String(decoding: bytes, as: UTF8.self)
            case (2, .four(let bits)): number = Double(Float(bitPattern: bits))
            case (8, .counted(let bytes)): number = Self.scalar(ofTensor: bytes)
            default: break
            }
        }
        guard let tag, let number else { return }
        guard curves[tag] != nil || curves.count < Self.tagLimit else {
            return note("there are more than \(Self.tagLimit) tags, and the others are left out")
        }
        // Steps that a resumed run has done again are there twice.
        if let last = curves[tag]?.last, step <= last.x { return }
        curves[tag, default: BoundedSeries()].add(step, number)
    }

    /// The number of a tensor that has one; nil for any other.
    private static func scalar(ofTensor bytes: ArraySlice<UInt8>) -> Double? {
        var (type, content, list): (UInt64, ArraySlice<UInt8>?, ProtobufFields.Value?)
        (type, content, list) = (0, nil, nil)
        for (field, value) in ProtobufFields(bytes) {
            switch (field, value) {
            case (1, .variable(let number)): type = number
            case (2, .counted(let shape)):
                // Each dimension of a tensor of one number is 1.
                for case (2, .counted(let dimension)) in ProtobufFields(shape) {
                    for case (1, .variable(let size)) in ProtobufFields(dimension) where size != 1 {
                        return nil
                    }
                }
            case (4, .counted(let bytes)): content = bytes
            case (5, _), (6, _), (7, _), (10, _): list = value
            default: break
            }
        }
        if let content { return number(content, ofType: type) }
        return switch list {
        case .four(let bits)?: Double(Float(bitPattern: bits))
        case .eight(let bits)?: Double(bitPattern: bits)
        case .variable(let number)?: Double(Int64(bitPattern: number))
        case .counted(let bytes)?: number(bytes, ofType: type)
        case nil: nil
        }
    }

    /// The number whose bytes these are: DT_FLOAT, DT_DOUBLE, DT_INT32 or DT_INT64.
    private static func number(_ bytes: ArraySlice<UInt8>, ofType type: UInt64) -> Double? {
        let bits = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return switch (type, bytes.count) {
        case (1, 4): Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case (2, 8): Double(bitPattern: bits)
        case (3, 4): Double(Int32(truncatingIfNeeded: bits))
        case (9, 8): Double(Int64(bitPattern: bits))
        // Numbers side by side, each of as many bytes as it needs.
        case (3, _), (9, _): variable(bytes)
        default: nil
        }
    }

    private static func variable(_ bytes: ArraySlice<UInt8>) -> Double? {
        // As a field whose key is 1.
        var fields = ProtobufFields([8] + bytes)
        guard case (_, .variable(let number))? = fields.next() else { return nil }
        return Double(Int64(bitPattern: number))
    }
}

/// Place of a record in an event file.
struct EventRecord {
    /// Bytes of the data.
    let data: Range<Int>
    /// Check of the data as it is stored.
    let check: UInt32
    /// Place of the next record.
    let end: Int

    /// The record at `place`; nil where there is no whole one, or its length is not what its check
    /// says.
    init?(_ bytes: RawSpan, at place: Int) {
        func number(_ offset: Int, _ count: Int) -> UInt64 {
            (0..<count).reversed().reduce(0) { sum, index in
                sum << 8
                    | UInt64(
                        unsafe bytes.unsafeLoadUnaligned(
                            fromByteOffset: offset + index, as: UInt8.self))
            }
        }
        let room = bytes.byteCount - place - 16
        guard room >= 0, let length = Int(exactly: number(place, 8)), length <= room else {
            return nil
        }
        let head = (0..<8).map { UInt8(truncatingIfNeeded: number(place + $0, 1)) }
        guard Self.check(of: head) == UInt32(number(place + 8, 4)) else { return nil }
        data = place + 12..<place + 12 + length
        check = UInt32(number(place + 12 + length, 4))
        end = place + 16 + length
    }

    /// The check of `bytes` as it is stored among the data.
    static func check(of bytes: [UInt8]) -> UInt32 {
        let check = CRC32C.checksum(of: bytes)
        return (check >> 15 | check << 17) &+ 0xA282_EAD8
    }
}
