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
}
