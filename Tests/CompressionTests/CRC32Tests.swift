import Testing

@testable import Compression

@Suite struct CRC32Tests {
    @Test func `the published check value is that of the digits`() {
        #expect(CRC32.checksum(of: Array("123456789".utf8).span) == 0xCBF4_3926)
        let nothing: [UInt8] = []
        #expect(CRC32.checksum(of: nothing.span) == 0)
    }

    @Test func `a check goes on where another ended, as zlib's does`() {
        let bytes = (0..<1_000).map { UInt8(truncatingIfNeeded: $0 * $0) }
        for cut in [0, 1, 7, 500, 1_000] {
            let first = CRC32.checksum(of: bytes.span.extracting(first: cut))
            let both = CRC32.checksum(of: bytes.span.extracting(droppingFirst: cut), after: first)
            #expect(both == crc32(0, bytes.span))
        }
    }
}
