import Foundation
import Storage
import Testing

@Suite struct MemoryLimitTests {
    @Test(
        "sizes are read and written",
        arguments: [
            ("1", 1, "1"), ("1000", 1_000, "1000"), ("64K", 65_536, "64K"),
            ("512M", 512 << 20, "512M"), ("512mb", 512 << 20, "512M"),
            ("2GiB", 2 << 30, "2G"), ("1024M", 1 << 30, "1G"), ("3t", 3 << 40, "3T"),
        ])
    func sizes(text: String, byteCount: Int, description: String) throws {
        let limit = try #require(MemoryLimit(text))
        #expect(limit.byteCount == byteCount)
        #expect("\(limit)" == description)
        let json = try JSONEncoder().encode([limit])
        #expect(try JSONDecoder().decode([MemoryLimit].self, from: json) == [limit])
    }

    @Test(
        "what is no size is refused",
        arguments: ["", "M", "-1", "0", "1.5G", "1 G", "12X", "9999999999999999T"])
    func refused(text: String) {
        #expect(MemoryLimit(text) == nil)
    }

    @Test("a number of bytes is a size in JSON, and a sentence is not")
    func json() throws {
        let limits = try JSONDecoder().decode([MemoryLimit].self, from: Data("[1048576]".utf8))
        #expect(limits == [MemoryLimit(byteCount: 1 << 20)])
        #expect(throws: DecodingError.self) {
            try JSONDecoder().decode([MemoryLimit].self, from: Data("[\"much\"]".utf8))
        }
    }
}
