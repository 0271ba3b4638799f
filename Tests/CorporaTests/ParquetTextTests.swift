import Compression
import Files
import Foundation
import Parquet
import Testing

@testable import Corpora

/// A Parquet file of these columns, `perGroup` rows in each row group; names with dots lie in
/// groups.
func parquet(_ columns: [(name: String, values: [String?])], perGroup: Int = 3) throws -> [UInt8] {
    try parquet(columns.map { ($0.name, $0.values.map { $0.map { Array($0.utf8) } }) }, perGroup)
}

func parquet(_ columns: [(name: String, values: [[UInt8]?])], _ perGroup: Int) throws -> [UInt8] {
    let table = ParquetTable(
        columns.map { column in
            var made = ParquetTable.Column(column.name, isOptional: true)
            made.path = column.name.split(separator: ".").map(String.init)
            return made
        })
    var footer = ParquetFooter(table)
    var bytes = ParquetFooter.magic
    var encoder = try ZstandardEncoder()
    let count = columns.map(\.values.count).max() ?? 0
    for start in stride(from: 0, to: count, by: perGroup) {
        let rows = start..<min(count, start + perGroup)
        let group = try ParquetRowGroup(
            columns.map { .optionalStrings(Array($0.values[rows])) }, of: table, encoder: &encoder)
        bytes += group.bytes
        footer.append(group)
    }
    return bytes + footer.encoded
}

@Suite struct ParquetTextTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private let texts: [String?] = ["grain", "flour", nil, " \n", "bran", "Grütze", "husk"]

    private func read(
        _ input: String, field: String = "text", onError: CorpusErrorPolicy = .fail,
        format: CorpusFormat = .auto, limit: Int = 1 << 20
    ) throws -> (documents: [Document], progress: CorpusProgress) {
        var configuration = CorpusConfiguration(
            inputs: [input], format: format, textField: field, onError: onError,
            maximumDocumentByteCount: limit)
        configuration.quarantinePath = folder.path + "/kept"
        var reader = try CorpusReader(configuration)
        return (try readAll(&reader), reader.progress)
    }

    @Test func `a column is read by its name, and a row is a document's place`() throws {
        let path = try folder.write(
            "a.parquet",
            try parquet([("id", texts.map { _ in "x" }), ("meta.text", texts.map { $0 ?? "" })]))
        let found = try read(path, field: "meta.text")
        #expect(
            found.documents.map { String(decoding: $0.text, as: UTF8.self) }
                == ["grain", "flour", "bran", "Grütze", "husk"])
        #expect(found.documents.map(\.origin.position) == [1, 2, 5, 6, 7].map { .row($0) })
        #expect("\(found.documents[2].origin)" == "\(path), row 5")
        #expect(found.progress.emptyDocuments == 2)
        #expect(found.progress.bytesRead == found.progress.totalBytes)
    }

    @Test func `nulls have the policy of records that cannot be read`() throws {
        let path = try folder.write("a.parquet", try parquet([("text", texts)]))
        #expect(
            throws: CorpusError.malformedLine(
                origin: DocumentOrigin(path: path, position: .row(3)), column: nil,
                reason: "the column \"text\" is null in this row")
        ) { try read(path) }
        let found = try read(path, onError: .skip)
        #expect(found.documents.count == 5)
        #expect(found.progress.skippedLines == 1)
        #expect(found.progress.emptyDocuments == 1)
    }

    @Test func `limits, bytes that are not UTF-8 and the quarantine are those of all formats`()
        throws
    {
        let values: [[UInt8]?] = [[0x61, 0xFF], [0x62], Array(repeating: 0x63, count: 20), nil]
        let path = try folder.write("a.parquet", try parquet([("text", values)], 2))
        let found = try read(path, onError: .quarantine, limit: 10)
        #expect(found.documents.map(\.text) == [[0x61, 0xFF], [0x62]])
        #expect(found.progress.invalidUTF8Documents == 1)
        #expect(found.progress.quarantinedLines == 2)
        let kept = try String(contentsOfFile: folder.path + "/kept", encoding: .utf8)
        #expect(kept == "cccccccccc\n")
        let reasons = try String(
            contentsOfFile: folder.path + "/kept.reasons.jsonl", encoding: .utf8)
        #expect(reasons.contains("\"row\":3,"))
        #expect(reasons.contains("\"row\":4,"))
    }

    @Test func `folders and patterns have Parquet beside other formats`() throws {
        let bytes = try parquet([("text", ["grain"])])
        try folder.write("in/b.PARQUET", bytes)
        try folder.write("in/c.jsonl", "{\"text\":\"flour\"}\n")
        try folder.write("in/README.md", "what it is")
        #expect(try read(folder.path + "/in").documents.count == 2)
        #expect(try read(folder.path + "/in/*.PARQUET").documents.count == 1)
        #expect(try read(folder.path + "/in", format: .parquet).documents.count == 1)
        // Where every file is text, one of columns is binary.
        let all = try CorpusConfiguration(inputs: [folder.path + "/in"], format: .text).findInputs()
        #expect(all.leftOut.binaries == [folder.path + "/in/b.PARQUET"])
        #expect(all.paths.count == 2)
    }

    @Test func `what cannot be read at any place is refused with the reason`() throws {
        let bytes = try parquet([("text", ["grain"])])
        let path = try folder.write("a.parquet.gz", gzip(bytes))
        #expect(throws: CorpusError.notSeekable(path: path, isCompressed: true)) { try read(path) }
        #expect(throws: CorpusError.notSeekable(path: "-", isCompressed: false)) {
            try read("-", format: .parquet)
        }
    }

    @Test func `a file that is none names the byte, and is left out where that is asked for`()
        throws
    {
        let good = try parquet([("text", ["grain", "flour"])], perGroup: 1)
        var bytes = good
        // The last page, before the footer, whose length stands before the last four bytes.
        let length = Int(bytes[bytes.count - 8]) | Int(bytes[bytes.count - 7]) << 8
        bytes[bytes.count - 8 - length - 1] ^= 1
        try folder.write("in/a.parquet", bytes)
        try folder.write("in/b.parquet", good)
        do throws(CorpusError) {
            var reader = try CorpusReader(CorpusConfiguration(inputs: [folder.path + "/in"]))
            while try reader.next() != nil {}
            Issue.record("it was read")
        } catch {
            #expect("\(error)".contains("a.parquet: byte "))
            #expect("\(error)".contains("does not match its checksum"))
        }
        let found = try read(folder.path + "/in", onError: .skip)
        #expect(found.documents.map(\.origin.position) == [.row(1), .row(1), .row(2)])
        #expect(found.progress.brokenFileCount == 1)
        #expect("\(found.progress.brokenFiles[0])".contains("1 documents are kept, up to row 1"))
    }

    @Test func `a column that is not there is an error that names those that are`() throws {
        let path = try folder.write(
            "a.parquet", try parquet((0..<40).map { ("column\($0)", ["x"]) }))
        do throws(CorpusError) {
            var reader = try CorpusReader(
                CorpusConfiguration(inputs: [path], onError: .skip))
            _ = try reader.next()
            Issue.record("it was read")
        } catch {
            #expect("\(error)".contains("there is no column \"text\", only \"column0\", "))
            #expect("\(error)".contains("\"column29\" and 10 others; name one with"))
        }
    }

    @Test func `a page above the limit names the key that raises it`() {
        let error = CorpusError(
            .pageTooLarge(path: "a.parquet", offset: 4, byteCount: 300, limit: 200))
        #expect(
            "\(error)"
                == "a.parquet: byte 4: the page that begins here has 300 bytes, and 200 are the "
                + "most; corpus.max_document_bytes raises that")
        #expect(error.isOfOneFile)
    }
}
