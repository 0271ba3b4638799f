import Foundation
import Testing

@testable import Corpora

/// A record of a web archive.
private func record(
    _ type: String, _ content: String?, _ text: String, _ more: [String] = [], end: String = "\r\n"
) -> String {
    var lines = ["WARC/1.0", "WARC-Type: \(type)"]
    if let content { lines.append("Content-Type: \(content)") }
    lines += more + ["content-length:  \(text.utf8.count)", ""]
    return lines.map { $0 + end }.joined() + text + end + end
}

/// An entry of a tar file.
private func entry(
    _ name: String, _ text: String, kind: Character = "0", isUstar: Bool = true, front: String = ""
) -> [UInt8] {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, at place: Int) {
        header.replaceSubrange(place..<place + text.utf8.count, with: Array(text.utf8))
    }
    func octal(_ number: Int, _ width: Int) -> String {
        let digits = String(number, radix: 8)
        return String(repeating: "0", count: width - digits.count) + digits
    }
    put(name, at: 0)
    put(octal(text.utf8.count, 11), at: 124)
    put(String(kind), at: 156)
    if isUstar { put("ustar\0" + "00", at: 257) }
    put(front, at: 345)
    put("        ", at: 148)
    put(octal(header.reduce(0) { $0 + Int($1) }, 6) + "\0 ", at: 148)
    let padding = (512 - text.utf8.count % 512) % 512
    return header + Array(text.utf8) + [UInt8](repeating: 0, count: padding)
}

private let tarEnd = [UInt8](repeating: 0, count: 1024)

@Suite struct ArchiveTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func read(
        _ name: String, _ bytes: [UInt8], buffer: Int = 4096, limit: Int = 1 << 20,
        onError: CorpusErrorPolicy = .fail, keeping fields: [String] = []
    ) throws -> (documents: [Document], progress: CorpusProgress) {
        let path = try folder.write(name, bytes)
        var configuration = CorpusConfiguration(
            inputs: [path], onError: onError, maximumDocumentByteCount: limit)
        configuration.keptFields = fields
        var reader = try CorpusReader(configuration, sizes: .small(buffer))
        return (try readAll(&reader), reader.progress)
    }

    private func texts(_ documents: [Document]) -> [String] {
        documents.map { String(decoding: $0.text, as: UTF8.self) }
    }

    private let archive = [
        record("warcinfo", "application/warc-fields", "software: mill"),
        record(
            "conversion", "text/plain", "grain\r\n\r\nWARC/1.0\r\n", ["WARC-Target-URI: http://a"]),
        record("response", "application/http; msgtype=response", "<p>no</p>"),
        record("Conversion", nil, "flour", ["WARC-Target-URI:b", "  c"]),
        record("resource", "Text/Plain; charset=utf-8", "bran", end: "\n"),
        record("resource", "image/png", "PNG"), record("conversion", "text/plain", ""),
    ].joined()

    @Test func `texts of a web archive are read, compressed or not, at any size of reads`() throws {
        let bytes = Array(archive.utf8)
        // Members of one record each, as Common Crawl writes them, are members of any bytes.
        let members = stride(from: 0, to: bytes.count, by: 100).flatMap {
            gzip(Array(bytes[$0..<min(bytes.count, $0 + 100)]))
        }
        for (name, stored) in [("a.warc", bytes), ("a.wet.gz", members)] {
            for buffer in [4, 100, 4096] {
                let found = try read(name, stored, buffer: buffer)
                #expect(texts(found.documents) == ["grain\r\n\r\nWARC/1.0\r\n", "flour", "bran"])
                #expect(found.documents.map(\.origin.position.number) == [2, 4, 5])
                #expect(found.progress.emptyDocuments == 1)
            }
        }
    }

    @Test func `lines of a record's header are kept by name`() throws {
        let found = try read(
            "a.wet", Array(archive.utf8), keeping: ["warc-target-uri", "WARC-Date"])
        #expect(
            found.documents.map { String(decoding: $0.fields, as: UTF8.self) } == [
                #""warc-target-uri":"http://a""#, #""warc-target-uri":"b c""#, "",
            ])
    }

    private static let badArchives: [(String, String)] = {
        let text = record("conversion", nil, "a")
        let long = String(repeating: "a", count: 1 << 16)
        return [
            ("x" + text, "byte 1: expected a record"),
            (text + "WARC?", "byte 65: expected a record"),
            ("WARC/1.0\r\nWARC-Type: x\r\n\r\na", "byte 1: the record has no Content-Length"),
            ("WARC/1.0\r\nContent-Length: -1\r\n\r\na", "byte 1: the record has no Content-Length"),
            ("WARC/1.0\r\nContent-Length: 9999999999999999999\r\n\r\n", "has no Content-Length"),
            ("WARC/1.0\r\nContent-Length: 9223372036854775807\r\n\r\na", "ends inside record 1"),
            ("WARC/1.0\r\nWARC-Type: x", "ends inside the header of record 1"),
            (text + "WARC/", "ends inside the header of record 2"),
            ("WARC/1.0\r\nA: " + long, "byte 1: the header of a"),
            (String(record("conversion", nil, "grain").dropLast(4)), "ends inside record 1"),
            (record("response", nil, "a"), "none of its 1 records is plain text"),
        ]
    }()

    @Test(arguments: badArchives)
    func `what is no web archive is refused with its place`(text: String, reason: String) throws {
        let error = #expect(throws: CorpusError.self) { try read("a.warc", Array(text.utf8)) }
        #expect("\(error, default: "")".contains(reason))
        let found = try read("a.warc", Array(text.utf8), onError: .skip)
        #expect(found.progress.brokenFileCount == 1)
    }

    @Test func `the texts among the files of a tar file are read, at any size of reads`() throws {
        let long = String(repeating: "mill/", count: 30) + "long.txt"
        let pax = "path=\(long)\n"
        let files =
            entry("pax", "\(pax.count + 4) \(pax)", kind: "x")
            + entry("short.txt", String(repeating: "grain ", count: 500))
            + entry("././@LongLink", long + "\0", kind: "L") + entry("cut", "flour", isUstar: false)
            + entry("a.jpg", "JFIF") + entry("a.json", "{}") + entry("b", "", kind: "5")
            + entry("._a.txt", "no") + entry("a.txt.gz", "no") + entry("link.txt", "", kind: "2")
            + entry("B.MD", "# bran", front: "there") + entry("empty.txt", "") + tarEnd
            + Array("what lies behind is not read".utf8)
        for (name, stored) in [("a.tar", files), ("a.tgz", gzip(files)), ("a.tar.gz", gzip(files))]
        {
            for buffer in [4, 600, 4096] {
                let found = try read(name, stored, buffer: buffer, keeping: ["name"])
                #expect(
                    texts(found.documents) == [
                        String(repeating: "grain ", count: 500), "flour", "# bran",
                    ])
                #expect(found.documents.map(\.origin.position.number) == [1, 2, 7])
                #expect(
                    found.documents.map { String(decoding: $0.fields, as: UTF8.self) }
                        == [long, long, "there/B.MD"].map { "\"name\":\"\($0)\"" })
                #expect(found.progress.emptyDocuments == 1)
            }
        }
    }

    @Test func `what is no tar file is refused with its place`() throws {
        var wrong = entry("a.txt", "grain")
        wrong[0] = 0x62
        let cases: [([UInt8], String)] = [
            (wrong, "byte 1: expected the header of an entry"),
            (entry("a.txt", "grain") + wrong, "byte 1025: expected the header of an entry"),
            (Array(entry("a.txt", "grain").dropLast(510)), "ends inside entry 1"),
            (Array(entry("a.txt", "grain")[..<600]), "ends inside entry 1"),
            (entry("a.txt", "grain") + [1, 2, 3], "ends inside the header of entry 2"),
            (entry("a.txt", "grain", kind: "S"), "a file with holes (sparse)"),
            (entry("pax", "8 path=a\n", kind: "x"), "expected records of an extended header"),
            (entry("pax", "99999 path=a\n", kind: "x"), "expected records of an extended header"),
            (entry("a.jpg", "JFIF") + tarEnd, "none of its 1 files is a text by its name (a.jpg)"),
        ]
        for (bytes, reason) in cases {
            let error = #expect(throws: CorpusError.self) { try read("a.tar", bytes) }
            #expect("\(error, default: "")".contains(reason))
        }
    }

    @Test func `a text above the limit is a fault of its own`() throws {
        let bytes = entry("a.txt", String(repeating: "a", count: 9_000)) + entry("b.txt", "bran")
        let tar = try read("a.tar", bytes + tarEnd, limit: 5_000, onError: .skip)
        #expect(texts(tar.documents) == ["bran"] && tar.progress.skippedLines == 1)
        let records =
            record("conversion", nil, String(repeating: "a", count: 90_000))
            + record("conversion", nil, "bran")
        let warc = try read("a.warc", Array(records.utf8), limit: 5_000, onError: .skip)
        #expect(texts(warc.documents) == ["bran"] && warc.progress.skippedLines == 1)
    }
}
