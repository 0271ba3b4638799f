/// CRC-32C: the 32-bit cyclic redundancy check with Castagnoli's polynomial, as iSCSI, ext4 and
/// TensorFlow's record files use it. Source: RFC 3720, section 12.1.
public enum CRC32C {
    /// The check of `bytes`. O(bytes).
    public static func checksum(of bytes: [UInt8]) -> UInt32 {
        var crc = ~(0 as UInt32)
        for byte in bytes {
            crc = table[Int((crc ^ UInt32(byte)) & 0xFF)] ^ crc >> 8
        }
        return ~crc
    }

    /// The check of each byte, for taking a byte at a time; the polynomial with its bits reversed.
    private static let table: [UInt32] = (0..<256).map { byte in
        (0..<8).reduce(UInt32(byte)) { crc, _ in
            crc & 1 == 1 ? crc >> 1 ^ 0x82F6_3B78 : crc >> 1
        }
    }
}
