internal import CKernels

/// CRC-32: the 32-bit cyclic redundancy check of gzip, PNG and Parquet. Source: RFC 1952,
/// section 8.
package enum CRC32 {
    /// The check of the bytes that `value` covers and of `bytes` behind them. O(count).
    package static func checksum(of bytes: Span<UInt8>, after value: UInt32 = 0) -> UInt32 {
        guard qk_inflater_is_available() != 0 else { return crc32(value, bytes) }
        return unsafe bytes.withUnsafeBufferPointer { bytes in
            unsafe qk_inflater_checksum(value, bytes.baseAddress, UInt64(bytes.count))
        }
    }
}
