import Foundation
import Testing

@testable import Reports

/// Event files as other programs write them, byte by byte. That TensorBoard's own writer is read is
/// checked beside it, in Tests/Conformance.
@Suite struct EventScalarsTests {
    private static func variable(_ value: Int) -> [UInt8] {
        var (rest, bytes) = (UInt64(bitPattern: Int64(value)), [UInt8]())
        while rest >= 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func little<Value: FixedWidthInteger>(_ value: Value) -> [UInt8] {
        (0..<Value.bitWidth / 8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    private static func counted(_ field: UInt8, _ bytes: [UInt8]) -> [UInt8] {
        [field << 3 | 2] + variable(bytes.count) + bytes
    }

    static func record(_ data: [UInt8]) -> [UInt8] {
        var bytes = little(UInt64(data.count))
        bytes += little(EventRecord.check(of: bytes))
        bytes += data
        bytes += little(EventRecord.check(of: data))
        return bytes
    }

    static func event(_ step: Int, _ tag: String, _ value: [UInt8], time: Double = 100) -> [UInt8] {
        let scalar = counted(1, Array(tag.utf8)) + value
        var data: [UInt8] = [9]
        data += little(time.bitPattern)
        data.append(16)
        data += variable(step)
        data += counted(5, counted(1, scalar))
        return record(data)
    }

    static func simple(_ value: Float) -> [UInt8] { [21] + little(value.bitPattern) }

    static func tensor(_ type: Int, _ rest: [UInt8]) -> [UInt8] {
        var bytes: [UInt8] = [8]
        bytes += variable(type)
        bytes += counted(2, [])
        bytes += rest
        return counted(8, bytes)
    }

    private func read(_ bytes: [UInt8]) throws -> EventScalars {
        let folder = try TemporaryFolder()
        var scalars = EventScalars()
        try scalars.read(try folder.write("events.out.tfevents.1.a", bytes))
        return scalars
    }

    @Test func `plain values and tensors of one number are read`() throws {
        let four = Self.little(Float(3).bitPattern)
        let eight = Self.little(Double(4).bitPattern)
        var bytes = Self.event(0, "a", Self.simple(2.5))
        bytes += Self.event(7, "a", Self.simple(1.5), time: 160)
        bytes += Self.event(1, "float", Self.tensor(1, Self.counted(4, four)))
        bytes += Self.event(1, "double", Self.tensor(2, [49] + eight))
        bytes += Self.event(1, "list", Self.tensor(1, Self.counted(5, four)))
        bytes += Self.event(1, "int", Self.tensor(3, Self.counted(7, Self.variable(-6))))
        bytes += Self.event(1, "text", Self.tensor(7, Self.counted(8, Array("x".utf8))))
        let scalars = try read(bytes)
        #expect(scalars.fault == nil)
        #expect(scalars.eventCount == 7)
        #expect(scalars.duration == 60)
        #expect(scalars.tags == ["a", "double", "float", "int", "list"])
        #expect(scalars.curves["a"]?.points() == [.init(x: 0, y: 2.5), .init(x: 7, y: 1.5)])
        #expect(scalars.curves["float"]?.last?.y == 3)
        #expect(scalars.curves["double"]?.last?.y == 4)
        #expect(scalars.curves["list"]?.last?.y == 3)
        #expect(scalars.curves["int"]?.last?.y == -6)
    }

    @Test func `steps that were done again are taken once`() throws {
        let scalars = try read(
            [1, 2, 3, 2, 3, 4].flatMap { Self.event($0, "a", Self.simple(Float($0))) })
        #expect(scalars.curves["a"]?.points().map(\.x) == [1, 2, 3, 4])
    }

    @Test func `no byte that is changed or missing does more than end the file`() throws {
        let bytes = (1...3).flatMap { Self.event($0, "loss", Self.simple(Float($0))) }
        for place in bytes.indices {
            var other = bytes
            other[place] ^= 0x81
            let scalars = try read(other)
            #expect(scalars.fault != nil, "byte \(place)")
            let values = scalars.curves["loss"]?.points().map(\.y) ?? []
            #expect([[], [1], [1, 2]].contains(values), "byte \(place)")
            let cut = try read(Array(bytes.prefix(place)))
            #expect((cut.curves["loss"]?.count ?? 0) == place * 3 / bytes.count)
        }
    }

    @Test func `tags are bounded in number`() throws {
        let bytes = (0..<EventScalars.tagLimit + 20).flatMap {
            Self.event(1, "t\($0)", Self.simple(1))
        }
        let scalars = try read(bytes)
        #expect(scalars.curves.count == EventScalars.tagLimit)
        #expect(scalars.fault?.contains("tags") == true)
    }

    @Test func `a length beyond the file allocates nothing`() throws {
        let length = Self.little(UInt64.max)
        let scalars = try read(length + Self.little(EventRecord.check(of: length)) + [1, 2, 3, 4])
        #expect(scalars.eventCount == 0 && scalars.fault != nil)
    }
}
