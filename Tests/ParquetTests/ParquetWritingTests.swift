import Compression
import Files
import Foundation
import Testing

@testable import Parquet

@Suite struct ParquetWritingTests {
    private let table = ParquetTable([
        .init("text"), .init("source", "path"),
        .init("source", "row", kind: .integer, isOptional: true),
    ])

    private func bytes(
        _ groups: [(texts: [[UInt8]], paths: [[UInt8]], rows: [Int?])]
    ) throws -> [UInt8] {
        var encoder = try ZstandardEncoder()
        var bytes = ParquetFooter.magic
        var footer = ParquetFooter(table)
        for group in groups {
            let made = try ParquetRowGroup(
                [.strings(group.texts), .strings(group.paths), .integers(group.rows)], of: table,
                encoder: &encoder)
            bytes += made.bytes
            footer.append(made)
            #expect(footer.byteCount == bytes.count)
        }
        #expect(footer.groupCount == groups.count)
        return bytes + footer.encoded
    }

    @Test func `what is written is read`() throws {
        let folder = try TemporaryFolder()
        var draw = SeededGenerator(1)
        let groups = [200, 1, 30].map { count in
            let texts = strings(count, nullShare: 0, &draw).map { $0! }
            return (
                texts, texts.map { Array($0.prefix(3)) },
                (0..<count).map { $0 % 3 == 0 ? nil : $0 }
            )
        }
        let path = try folder.write(try bytes(groups))
        let file = try ParquetFile(path: path)
        #expect(file.columnNames == ["text", "source.path", "source.row"])
        #expect(file.rowCount == 231)
        #expect(try file.column("text").rowGroupCount == 3)
        #expect(try readAll(path) == expected(groups.flatMap(\.0)))
        #expect(try readAll(path, ["source", "path"]) == expected(groups.flatMap(\.1)))
    }

    @Test func `pages end at their size`() throws {
        let folder = try TemporaryFolder()
        let texts = (0..<9).map { [UInt8](repeating: UInt8($0), count: 400_000) }
        let path = try folder.write(
            try bytes([(texts, texts.map { _ in [] }, texts.map { _ in nil })]))
        #expect(try readAll(path) == expected(texts))
        // A page of 3 texts is above 1 MiB, and no page has to be decoded beyond.
        let limits = ParquetLimits(valueByteCount: 1 << 20)
        #expect(try readAll(path, limits: limits) == expected(texts))
    }

    @Test func `a file without rows is one`() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(try bytes([]))
        #expect(try readAll(path) == [])
    }
}
