import Bytes
import Testing

@Suite struct XXH64Tests {
    /// The sanity buffer of the reference implementation: bytes of a multiplicative generator.
    static func sanityBuffer(count: Int) -> [UInt8] {
        var generator: UInt64 = 2_654_435_761
        return (0..<count).map { _ in
            let byte = UInt8(truncatingIfNeeded: generator >> 56)
            generator = generator &* 11_400_714_785_074_694_797
            return byte
        }
    }

    @Test(
        "the values that the reference implementation publishes for its sanity buffer",
        arguments: [
            (0, 0, 0xEF46_DB37_51D8_E999),
            (0, 2_654_435_761, 0xAC75_FDA2_929B_17EF),
            (1, 0, 0xE934_A84A_DB05_2768),
            (1, 2_654_435_761, 0x5014_6076_43A9_B4C3),
            (4, 0, 0x9136_A0DC_A574_57EE),
            (14, 0, 0x8282_DCC4_994E_35C8),
            (222, 0, 0xB641_AE8C_B691_C174),
        ] as [(Int, UInt64, UInt64)])
    func publishedValues(count: Int, seed: UInt64, expected: UInt64) {
        #expect(XXH64.hash(of: Self.sanityBuffer(count: count).span, seed: seed) == expected)
    }

    @Test("any cut of the input gives the same hash")
    func cuts() {
        let bytes = Self.sanityBuffer(count: 101)
        let whole = XXH64.hash(of: bytes.span)
        for cut in 0...bytes.count {
            var hash = XXH64()
            hash.update(Array(bytes[..<cut]).span.bytes)
            hash.update(Array(bytes[cut...]).span.bytes)
            #expect(hash.digest() == whole)
        }
    }
}
