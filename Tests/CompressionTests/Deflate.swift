import CZlib

@testable import Compression

/// A library that inflates.
enum Engine: CaseIterable {
    case zlib, isal

    /// Those that this machine has.
    static var available: [Engine] { ISALInflater() == nil ? [.zlib] : allCases }

    func makeDecoder() throws -> GzipDecoder {
        switch self {
        case .zlib: GzipDecoder(inflater: try ZlibInflater())
        case .isal: GzipDecoder(inflater: ISALInflater()!)
        }
    }

    func gunzip(_ bytes: [UInt8], chunk: Int = .max, room: Int = 4096) throws -> [UInt8] {
        try decompress(bytes, with: try makeDecoder(), chunk: chunk, room: room)
    }
}

/// A gzip member of `input`, as zlib makes it; a block of the data ends after each `block` bytes.
func gzip(
    _ input: [UInt8], level: Int32 = 6, strategy: Int32 = Z_DEFAULT_STRATEGY, block: Int = .max
) -> [UInt8] {
    var output = [UInt8](repeating: 0, count: 2 * input.count + 1000)
    var stream = z_stream()
    deflateInit2_(
        &stream, level, Z_DEFLATED, 15 + 16, 8, strategy, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size))
    let count = input.withUnsafeBufferPointer { source in
        output.withUnsafeMutableBufferPointer { target in
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(target.count)
            var start = 0
            repeat {
                let count = min(block, source.count - start)
                stream.next_in = UnsafeMutablePointer(mutating: source.baseAddress! + start)
                stream.avail_in = UInt32(count)
                start += count
                deflate(&stream, start == source.count ? Z_FINISH : Z_FULL_FLUSH)
            } while start < source.count
            return target.count - Int(stream.avail_out)
        }
    }
    deflateEnd(&stream)
    return Array(output[..<count])
}

/// Output of zlib's own reader for one gzip member; nil if that is bad or not all of `bytes`.
func zlibGunzip(_ bytes: [UInt8], room: Int = 1 << 16) -> [UInt8]? {
    var output = [UInt8](repeating: 0, count: room)
    var input = bytes
    var stream = z_stream()
    inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { inflateEnd(&stream) }
    let count = input.withUnsafeMutableBufferPointer { source -> Int? in
        output.withUnsafeMutableBufferPointer { target in
            stream.next_in = source.baseAddress
            stream.avail_in = UInt32(source.count)
            stream.next_out = target.baseAddress
            stream.avail_out = UInt32(target.count)
            guard inflate(&stream, Z_FINISH) == Z_STREAM_END, stream.avail_in == 0 else {
                return nil
            }
            return target.count - Int(stream.avail_out)
        }
    }
    return count.map { Array(output[..<$0]) }
}
