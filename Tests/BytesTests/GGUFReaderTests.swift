import Testing

@testable import Bytes

@Suite struct GGUFReaderTests {
    /// A file with a value of most kinds, and arrays.
    private static func sample() -> [UInt8] {
        var members = GGUFMembers()
        members.add("a.text", "grain")
        members.add("a.list", ["x", "", "yz"])
        members.add("a.number", 7 as UInt32)
        members.add("a.factor", 0.5 as Float)
        members.add("a.flag", true)
        members.add("a.kinds", [1, 3, -1] as [Int32])
        let tensors = [
            GGUFTensorInformation(name: "t", shape: [2, 3], typeCode: 0, byteCount: 24),
            GGUFTensorInformation(name: "u", shape: [5], typeCode: 0, byteCount: 20),
        ]
        return GGUFHead.bytes(members, tensors: tensors)
    }

    /// The keys, and the strings that were read of them.
    private func read(_ bytes: [UInt8]) throws(GGUFError) -> (keys: [String], texts: [[UInt8]]) {
        var keys: [String] = []
        var texts: [[UInt8]] = []
        try ByteView.with(bytes.span) { view throws(GGUFError) in
            var reader = GGUFReader<GGUFError>(view)
            try reader.readMembers { (reader, key, kind) throws(GGUFError) in
                keys.append(key)
                if kind == .string { texts.append(try reader.readString()) }
                guard kind == .array else { return }
                let head = try reader.readArrayHead()
                for _ in 0..<head.count where head.kind == .string {
                    texts.append(try reader.readString())
                }
            }
        }
        return (keys, texts)
    }

    @Test("what is written is read")
    func roundTrip() throws {
        let bytes = Self.sample()
        let (keys, texts) = try read(bytes)
        #expect(keys == ["a.text", "a.list", "a.number", "a.factor", "a.flag", "a.kinds"])
        #expect(texts == ["grain", "x", "", "yz"].map { Array($0.utf8) })
        #expect(bytes.count % GGUFHead.alignment == 0)
        // The second tensor begins at the next multiple of the alignment, and is described last.
        let end = bytes.lastIndex { $0 != 0 }
        #expect(end.map { bytes[$0] } == 32)
    }

    @Test("a fault has its place and its reason")
    func faults() {
        var bytes = Self.sample()
        bytes[4] = 9
        #expect(throws: GGUFError(reason: .unsupportedVersion(9), offset: 8)) { try read(bytes) }
        #expect(throws: GGUFError(reason: .malformed("it is no GGUF file"), offset: 0)) {
            try read([])
        }
        #expect(throws: GGUFError(reason: .malformed("the file ends too early"), offset: 8)) {
            try read(Array(Self.sample().prefix(15)))
        }
    }

    @Test("a head with changed or missing bytes is read or refused, never a trap")
    func mutations() {
        let original = Self.sample()
        var state: UInt64 = 3
        func random(_ count: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % count
        }
        var refused = 0
        for _ in 0..<20_000 {
            var bytes = original
            for _ in 0...random(3) { bytes[random(bytes.count)] = UInt8(random(256)) }
            // A large count is what a reader is most likely to believe.
            if random(4) == 0 { bytes[random(bytes.count)] = 0xFF }
            if random(4) == 0 { bytes.removeLast(random(bytes.count)) }
            if (try? read(bytes)) == nil { refused += 1 }
        }
        #expect(refused > 1_000 && refused < 20_000)
    }
}
