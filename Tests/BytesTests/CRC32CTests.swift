import Bytes
import Testing

@Suite struct CRC32CTests {
    @Test("the published values: RFC 3720, appendix B.4, and the check of \"123456789\"")
    func published() {
        #expect(CRC32C.checksum(of: Array("123456789".utf8)) == 0xE306_9283)
        #expect(CRC32C.checksum(of: [UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
        #expect(CRC32C.checksum(of: [UInt8](repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(CRC32C.checksum(of: Array(0..<32)) == 0x46DD_794E)
        #expect(CRC32C.checksum(of: []) == 0)
    }

    @Test("every single flipped bit changes the check")
    func flips() {
        let bytes = Array("The mill turns.".utf8)
        let check = CRC32C.checksum(of: bytes)
        for bit in 0..<bytes.count * 8 {
            var other = bytes
            other[bit / 8] ^= 1 << (bit % 8)
            #expect(CRC32C.checksum(of: other) != check)
        }
    }
}
