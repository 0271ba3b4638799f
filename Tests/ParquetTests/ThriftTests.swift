import Testing

@testable import Parquet

@Suite struct ThriftTests {
    /// A structure with a field of each kind, which the writer does not have all of.
    private static let everyKind: [UInt8] = {
        var bytes: [UInt8] = [0x11, 0x12, 0x13, 0x05, 0x14, 0x06, 0x15, 0x07, 0x16, 0x08]
        bytes += [0x17, 1, 2, 3, 4, 5, 6, 7, 8, 0x18, 2, 65, 66]
        // Lists of 2 numbers, of 2 truth values, and of 20 bytes; a set; maps.
        bytes += [0x19, 0x25, 1, 3, 0x19, 0x21, 1, 2, 0x19, 0xF3, 20] + (0..<20)
        bytes += [0x1A, 0x18, 1, 65, 0x1B, 1, 0x85, 1, 65, 9, 0x1B, 0]
        // A structure, and a field with its whole number.
        return bytes + [0x1C, 0x15, 2, 0, 0x05, 200, 1, 84, 0]
    }()

    @Test func `fields of every kind are passed over`() throws {
        var reader = ThriftReader(Self.everyKind, Self.everyKind.indices)
        var ids: [Int] = []
        var last = 0
        try reader.structure { reader, field throws(ThriftReader.Fault) in
            ids.append(field.id)
            guard field.id == 100 else { return false }
            last = try reader.integer(field)
            return true
        }
        #expect(ids == Array(1...15) + [100])
        #expect(last == 42)
        #expect(reader.offset == Self.everyKind.count)
    }

    @Test func `a structure that is cut short asks for more`() {
        for count in 0..<Self.everyKind.count {
            var reader = ThriftReader(Self.everyKind, 0..<count)
            #expect(throws: ThriftReader.Fault.endsEarly) {
                try reader.structure { _, _ in false }
            }
        }
    }

    @Test func `nesting, counts and numbers are bounded`() {
        func fault(_ bytes: [UInt8]) -> ThriftReader.Fault? {
            var reader = ThriftReader(bytes, bytes.indices)
            do throws(ThriftReader.Fault) {
                try reader.structure { _, _ in false }
                return nil
            } catch {
                return error
            }
        }
        let deep = [UInt8](repeating: 0x1C, count: 100_000)
        guard case .malformed(_, let reason)? = fault(deep) else {
            Issue.record("it was not refused")
            return
        }
        #expect(reason.contains("nested deeper"))
        #expect(fault([0x19, 0x1C] + [UInt8](repeating: 0x19, count: 99)) != nil)
        let large = [UInt8](repeating: 0xFF, count: 9) + [0x01]
        #expect(fault([0x18] + large) == .endsEarly)
        #expect(fault([0x19, 0xF3] + large) == .endsEarly)
        #expect(fault([0x1B] + large + [0x33]) == .endsEarly)
        for bytes in [[0x1D], [0x15] + [UInt8](repeating: 0xFF, count: 10), [0x05, 1, 0]] {
            guard case .malformed = fault(bytes + [0, 0]) else {
                Issue.record("\(bytes) was not refused")
                continue
            }
        }
    }

    @Test func `what is written is read`() throws {
        for value in [0, 1, -1, 63, 64, -65, Int.max, Int.min] {
            let bytes = ThriftWriter.structure { writer in
                writer.field(3, int64: value)
                writer.field(40, [1, 2, 3])
                writer.field(41, structures: Array(0..<20)) { $0.field(1, int32: $1) }
                writer.field(42, true)
            }
            var reader = ThriftReader(bytes, bytes.indices)
            var (found, list) = (0, [Int]())
            var (binary, truth) = ([UInt8](), false)
            try reader.structure { reader, field throws(ThriftReader.Fault) in
                switch field.id {
                case 3: found = try reader.integer(field)
                case 40: binary = try reader.binary(field)
                case 41:
                    try reader.list(of: .structure, in: field) {
                        reader, _ throws(ThriftReader.Fault) in
                        try reader.structure { reader, field throws(ThriftReader.Fault) in
                            list.append(try reader.integer(field))
                            return true
                        }
                    }
                default: truth = try reader.boolean(field)
                }
                return true
            }
            #expect(found == value)
            #expect(list == Array(0..<20))
            #expect(binary == [1, 2, 3])
            #expect(truth)
        }
    }
}
