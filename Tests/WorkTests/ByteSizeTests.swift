import Foundation
import Testing
import Work

@Suite struct ByteSizeTests {
    @Test(
        "sizes are read and written",
        arguments: [
            ("1", 1), ("1000", 1_000), ("64K", 64_000), ("64KiB", 65_536), ("64Ki", 65_536),
            ("512M", 512_000_000), ("512mb", 512_000_000), ("512mib", 512 << 20),
            ("1.5GiB", 3 << 29), ("0.5k", 500), ("2 GB", 2_000_000_000), ("3t", 3_000_000_000_000),
            ("7b", 7), ("9007199254740993", 9_007_199_254_740_993),
        ])
    func sizes(text: String, byteCount: Int) throws {
        let limit = try #require(ByteSize(text))
        #expect(limit.byteCount == byteCount)
        // A message prints what was typed.
        #expect("\(limit)" == text)
        let json = try JSONEncoder().encode([limit])
        #expect(try JSONDecoder().decode([ByteSize].self, from: json) == [limit])
    }

    @Test(
        "a number of bytes is described exactly",
        arguments: [
            (1, "1"), (1_000, "1KB"), (1_001, "1001"), (2_048, "2KiB"), (512 << 20, "512MiB"),
            (512_000_000, "512MB"), (3 << 29, "1536MiB"), (5_000_000_000, "5GB"), (1 << 40, "1TiB"),
        ])
    func descriptions(byteCount: Int, description: String) {
        let size = ByteSize(byteCount: byteCount)
        #expect("\(size)" == description)
        #expect(ByteSize(description) == size)
    }

    @Test("two spellings of a size are equal and written as one")
    func spellings() throws {
        let sizes = try #require([ByteSize("1024KiB"), ByteSize("1MiB")] as? [ByteSize])
        #expect(sizes[0] == sizes[1])
        #expect(Set(sizes).count == 1)
        let json = try sizes.map { String(decoding: try JSONEncoder().encode([$0]), as: UTF8.self) }
        #expect(json == [#"["1MiB"]"#, #"["1MiB"]"#])
    }

    @Test(
        "what is no size is refused",
        arguments: [
            "", "M", "-1", "0", "1.5.5G", "1e3", "12X", "1KK", "1iB", "12ib", "9999999999999999T",
        ])
    func refused(text: String) {
        #expect(ByteSize(text) == nil)
    }

    @Test("a number of bytes is a size in JSON, and a sentence is not")
    func json() throws {
        let limits = try JSONDecoder().decode([ByteSize].self, from: Data("[1048576]".utf8))
        #expect(limits == [ByteSize(byteCount: 1 << 20)])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([ByteSize].self, from: Data("[\"much\"]".utf8))
        }
    }
}
