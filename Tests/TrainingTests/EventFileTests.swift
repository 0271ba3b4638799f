import Bytes
import Files
import Foundation
import Testing

@testable import Training

@Suite struct EventFileTests {
    @Test("numbers of Protocol Buffers, by hand")
    func protobuf() {
        var message = ProtobufMessage()
        message.append(1, integer: 150)
        #expect(message.bytes == [0x08, 0x96, 0x01])
        message = ProtobufMessage()
        message.append(2, text: "testing")
        #expect(message.bytes == [0x12, 0x07] + Array("testing".utf8))
        message = ProtobufMessage()
        message.append(2, integer: -1)
        #expect(message.bytes == [0x10] + [UInt8](repeating: 0xFF, count: 9) + [0x01])
        message = ProtobufMessage()
        message.append(1, double: 1)
        message.append(2, float: -2)
        #expect(message.bytes == [0x09, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 0x15, 0, 0, 0, 0xC0])
        var outer = ProtobufMessage()
        outer.append(3, message: message)
        #expect(outer.bytes == [0x1A, 14] + message.bytes)
        message = ProtobufMessage()
        message.append(16, text: String(repeating: "x", count: 300))
        #expect(message.bytes.prefix(4) == [0x82, 0x01, 0xAC, 0x02])
    }

    @Test("a record is its length, a check, the data, a check")
    func record() {
        // "foo" checked and masked, as in the test of TensorFlow's record writer.
        let record = EventFile.record(of: Array("foo".utf8))
        #expect(record.count == 8 + 4 + 3 + 4)
        #expect(record[..<8] == [3, 0, 0, 0, 0, 0, 0, 0])
        #expect(Array(record[12..<15]) == Array("foo".utf8))
        func masked(_ bytes: [UInt8]) -> UInt32 {
            let check = CRC32C.checksum(of: bytes)
            return (check >> 15 | check << 17) &+ 0xA282_EAD8
        }
        #expect(Array(record[8..<12]) == littleEndianBytes(of: masked(Array(record[..<8]))))
        #expect(Array(record[15...]) == littleEndianBytes(of: masked(Array("foo".utf8))))
    }

    @Test("a run that begins removes what an earlier one left; one that goes on adds a file")
    func files() throws {
        let directory = NSTemporaryDirectory() + "quern-events-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        _ = try EventFile(directory: directory, completedSteps: 0)
        _ = try EventFile(directory: directory, completedSteps: 0)
        #expect(try EventFile.files(in: directory).count == 1)
        _ = try EventFile(directory: directory, completedSteps: 5)
        _ = try EventFile(directory: directory, completedSteps: 9)
        #expect(try EventFile.files(in: directory).count == 3)
        _ = try EventFile(directory: directory, completedSteps: 0)
        #expect(try EventFile.files(in: directory).count == 1)
    }

    @Test func `a clock that was set back changes neither the order of files nor that of times`()
        throws
    {
        let directory = NSTemporaryDirectory() + "quern-events-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        var times: [[Double]] = []
        var known: Set<String> = []
        for (steps, now) in [(0, 1_800_000_000.5), (5, 1_700_000_000.25), (9, 1_800_000_000.75)] {
            let file = try EventFile(directory: directory, completedSteps: steps) { now }
            try file.append(.sampled(step: steps + 1, texts: ["a"]))
            let names = try EventFile.files(in: directory)
            // What was added is the last by name.
            #expect(Set(names.dropLast()) == known)
            known = Set(names)
            times.append(Self.times(try Data(contentsOf: URL(fileURLWithPath: names.last!))))
        }
        #expect(
            times == [
                [1_800_000_000.5, 1_800_000_000.5],
                [1_800_000_000.5, 1_800_000_000.5, 1_800_000_000.5],
                [1_800_000_000.75, 1_800_000_000.75, 1_800_000_000.75],
            ])
    }

    @Test func `names and contents from elsewhere are no times`() throws {
        let directory = NSTemporaryDirectory() + "quern-events-" + UUID().uuidString
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: directory) }
        for (name, bytes) in [
            ("9223372036854775807.x", [UInt8](repeating: 0xFF, count: 64)), ("x", []),
            ("7.x", EventFile.record(of: [9, 255, 255, 255, 255, 255, 255, 239, 127])),
        ] {
            try Data(bytes).write(
                to: URL(fileURLWithPath: directory + "/" + EventFile.namePrefix + name))
        }
        _ = try EventFile(directory: directory, completedSteps: 3) { 1_700_000_000 }
        let names = try EventFile.files(in: directory)
        #expect(names.count == 4)
        #expect(names.contains { $0.contains(".1700000000.") })
    }

    /// The time of each event.
    private static func times(_ data: Data) -> [Double] {
        var (rest, times) = (data[...], [Double]())
        while rest.count > 16 {
            let length = rest.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
            let bits = rest.dropFirst(13).prefix(8).reversed().reduce(0 as UInt64) {
                $0 << 8 | UInt64($1)
            }
            times.append(Double(bitPattern: bits))
            rest = rest.dropFirst(16 + length)
        }
        return times
    }
}
