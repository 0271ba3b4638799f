import Compression
import Testing

@Suite struct CorpusPackTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func decompress(_ bytes: [UInt8]) throws -> String {
        var decoder = try ZstandardDecoder()
        var room = [UInt8](repeating: 0, count: 1 << 20)
        var text: [UInt8] = []
        var used = 0
        while used < bytes.count || decoder.hasMoreOutput {
            var target = room.mutableSpan
            let step = try decoder.decode(
                bytes.span.extracting(droppingFirst: used), into: &target)
            used += step.consumedCount
            text += room[..<step.producedCount]
        }
        try decoder.finish()
        return String(decoding: text, as: UTF8.self)
    }

    @Test func `a corpus becomes lines in frames, the same for any number of threads`() async throws
    {
        try folder.write("a.txt", "one \"quoted\" \\ text|two\nlines\t|\u{1}|Grütze")
        let arguments = ["corpus", "pack", "--text-separator", "|", "--frame-size", "10", "a.txt"]
        for threads in ["1", "3"] {
            let result = try await Program.succeed(
                arguments + ["--output", "\(threads).jsonl.zst", "--threads", threads], in: folder)
            #expect(result.text.contains("frames"))
        }
        let bytes = try folder.bytes("1.jsonl.zst")
        #expect(try folder.bytes("3.jsonl.zst") == bytes)
        #expect(
            try decompress(bytes) == #"""
                {"text":"one \"quoted\" \\ text"}
                {"text":"two\nlines\t"}
                {"text":"\u0001"}
                {"text":"Grütze"}

                """#)
        let footer = bytes.span.extracting(droppingFirst: bytes.count - SeekTable.footerByteCount)
        let tableByteCount = SeekTable.byteCount(footer: footer)
        let tableStart = bytes.count - (try #require(tableByteCount))
        let table = SeekTable(
            bytes.span.extracting(droppingFirst: tableStart), precedingByteCount: tableStart)
        #expect(table?.frames.count == 3)
    }

    @Test func `bytes that JSON cannot hold are an error, and no file is left`() async throws {
        try folder.write("a.txt", [0x61, 0xFF])
        let result = try await Program.run(
            ["corpus", "pack", "--output", "b.jsonl.zst", "a.txt"], in: folder)
        #expect(result.status == 1)
        #expect(result.messages.contains("a.txt, document 1"))
        #expect(!folder.exists("b.jsonl.zst") && !folder.exists("b.jsonl.zst.partial"))
    }
}
