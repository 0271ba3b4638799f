import Testing

@testable import Compression

@Suite struct CompressionFormatTests {
    private let text = Array("the miller grinds the grain".utf8)

    private func encode(_ encoder: consuming (any StreamEncoder & ~Copyable)) throws -> [UInt8] {
        var result: [UInt8] = []
        try encoder.append(text.span, to: &result)
        try encoder.finish(into: &result)
        return result
    }

    @Test("what any encoder makes is recognised by its first bytes and decoded")
    func roundTrip() throws {
        for (format, data) in [
            (.zstandard, try encode(try ZstandardEncoder())),
            (.zstandard, try encode(try SeekableEncoder())), (.gzip, try encode(GzipEncoder())),
        ] as [(CompressionFormat, [UInt8])] {
            for name in ["a.gz", "a.zst", "a"] {
                let found = CompressionFormat(
                    firstBytes: data.span.extracting(first: 4), path: name)
                #expect(found == format)
            }
            #expect(try decompress(data, with: try format.makeDecoder()) == text)
        }
    }

    @Test("the name tells what first bytes do not")
    func names() {
        for (name, format, rest) in [
            ("a.txt.zst", .zstandard, "a.txt"), ("a.gz", .gzip, "a"), ("gz", nil, "gz"),
        ] as [(String, CompressionFormat?, String)] {
            #expect(CompressionFormat(firstBytes: text.span, path: name) == format)
            #expect(CompressionFormat.strip(name) == rest)
        }
    }

    @Test("errors name the format's parts and what to do")
    func messages() {
        #expect(
            "\(zstandard(.truncated(offset: 7)))"
                == "the zstd data ends inside the frame that begins at byte 7: it was cut short; "
                + "fetch or make the file again")
        #expect(
            "\(gzip(.checksumMismatch(offset: 7)))"
                == "the gzip member that begins at byte 7 does not match its checksum; "
                + "fetch or make the file again")
    }
}
