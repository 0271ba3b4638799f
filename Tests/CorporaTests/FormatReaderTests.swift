import Files
import Foundation
import Testing

@testable import Corpora

/// A made-up format of columns, read as such formats are: from its footer to its groups of rows.
///
///     "ROWS" | groups: for each row i32 length of its text, -1 for none, and the text
///     | footer: for each group u32 offset, u32 number of rows | u32 number of groups | "ROWS"
private struct FooterReader: FormatReader, ~Copyable {
    /// Rows that stand together.
    private struct Group {
        var range: Range<Int>
        /// The number of its first row in the file, from 1.
        var firstRow: Int
    }

    private static let magic = Array("ROWS".utf8)

    private let file: OpenFile
    private let limit: Int
    private let frontByteCount: Int
    /// The groups that are still to be read, the next one last.
    private var groups: [Group] = []
    /// The bytes of the group at hand from the next row on.
    private var bytes: ArraySlice<UInt8> = []
    private var row = 0
    private var text: ArraySlice<UInt8>?
    private var storedByteCount = 0

    /// Opens a file.
    ///
    /// - Parameter share: The groups that are read, as those of one of several processes.
    init(_ input: FormatInput, share: Range<Int>? = nil) throws(CorpusError) {
        let file = try input.openFile()
        let groups: [Group]
        do throws(FileError) {
            groups = try Self.groups(of: file)
        } catch {
            throw .file(error)
        }
        self.file = file
        limit = input.limit
        frontByteCount = input.frontByteCount
        self.groups = groups[share ?? 0..<groups.count].reversed()
    }

    private static func groups(of file: OpenFile) throws(FileError) -> [Group] {
        let byteCount = try file.byteCount
        let tail = try read(file, max(0, byteCount - 8)..<byteCount)
        guard tail.count == 8, tail.suffix(4) == magic[...] else {
            throw .failed(operation: "read", path: file.path, reason: "it has no footer")
        }
        let start = byteCount - 8 - 8 * number(tail)
        var footer = try read(file, start..<byteCount - 8)
        var groups: [Group] = []
        var row = 1
        while !footer.isEmpty {
            let offset = number(footer)
            if let last = groups.popLast() {
                groups.append(
                    Group(range: last.range.lowerBound..<offset, firstRow: last.firstRow))
            }
            groups.append(Group(range: offset..<start, firstRow: row))
            row += number(footer.dropFirst(4))
            footer = footer.dropFirst(8)
        }
        return groups
    }

    mutating func advance() throws(CorpusError) -> FormatStep {
        while bytes.isEmpty {
            guard let group = groups.popLast() else { return .end }
            do throws(FileError) { bytes = try Self.read(file, group.range) } catch {
                throw .file(error)
            }
            row = group.firstRow - 1
            storedByteCount += bytes.count
        }
        row += 1
        let length = Int(Int32(truncatingIfNeeded: Self.number(bytes)))
        bytes = bytes.dropFirst(4)
        text = length < 0 ? nil : bytes.prefix(length)
        bytes = bytes.dropFirst(max(0, length))
        return length > limit
            ? .tooLarge(.row(row), front: Array(text!.prefix(frontByteCount))) : .record(.row(row))
    }

    mutating func takeText(repairing: Bool) throws(RecordFault) -> [UInt8] {
        guard let text else { throw RecordFault(reason: "the field is null") }
        return Array(text)
    }

    mutating func takeStoredByteCount() -> Int {
        defer { storedByteCount = 0 }
        return storedByteCount
    }

    private static func read(
        _ file: OpenFile, _ range: Range<Int>
    ) throws(FileError) -> ArraySlice<UInt8> {
        var bytes = [UInt8](repeating: 0, count: range.count)
        bytes.removeLast(range.count - (try file.read(into: &bytes, at: range.lowerBound)))
        return bytes[...]
    }

    private static func number(_ bytes: ArraySlice<UInt8>) -> Int {
        bytes.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
    }

    /// The file of these groups of texts.
    static func file(_ groups: [[[UInt8]?]]) -> [UInt8] {
        func word(_ number: Int) -> [UInt8] {
            (0..<4).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        }
        var file = magic
        var footer: [UInt8] = []
        for group in groups {
            footer += word(file.count) + word(group.count)
            for text in group { file += word(text?.count ?? -1) + (text ?? []) }
        }
        return file + footer + word(groups.count) + magic
    }
}

@Suite struct FormatReaderTests {
    private let folder: TemporaryFolder
    private let path: String

    /// Two groups of rows: texts, a blank one, one that is not UTF-8, none, and one of 20 bytes.
    init() throws {
        folder = try TemporaryFolder()
        path = try folder.write(
            "a.rows",
            FooterReader.file([
                [Array("grain".utf8), Array(" \n".utf8), [0x61, 0xFF, 0x62]],
                [nil, Array(repeating: 0x78, count: 20), Array("flour".utf8)],
            ]))
    }

    private func input(
        _ path: String, invalidUTF8: InvalidUTF8Policy = .keep, limit: Int = 10
    ) throws -> FormatInput {
        var configuration = CorpusConfiguration(
            inputs: [path], format: .text, invalidUTF8: invalidUTF8, onError: .quarantine,
            maximumDocumentByteCount: limit)
        configuration.quarantinePath = folder.path + "/kept"
        let source = try #require(try SourceList(configuration).sources.first)
        return FormatInput(source: source, configuration: configuration, sizes: ReadingSizes())
    }

    /// The outcomes of all rows, each as its place in the file and its text or what is wrong with
    /// it.
    private func read(_ input: FormatInput, share: Range<Int>? = nil) throws -> [String] {
        var source = DocumentSource(input, reader: try FooterReader(input, share: share))
        var found: [String] = []
        while true {
            switch try source.next() {
            case .document(let document, let hasInvalidUTF8):
                let text = String(decoding: document.text, as: UTF8.self)
                #expect(document.origin.path == input.path)
                found.append(
                    "\(document.origin.position.number) \(text)" + (hasInvalidUTF8 ? "!" : ""))
            case .blank: found.append("blank")
            case .refused(let error, let bytes):
                let name = String("\(error)".drop { $0 != "," }.dropFirst(2))
                found.append("\(name) [\(bytes.map { "\($0.count)" } ?? "")]")
            case .end:
                #expect(source.takeStoredByteCount() > 0 && source.takeStoredByteCount() == 0)
                return found
            }
        }
    }

    @Test("a format that is read from its end has rows for places and the policies of all formats")
    func policies() throws {
        let rest = [
            "row 4: the field is null []",
            "row 5 is larger than 10 bytes; raise corpus.max_document_bytes, or cut the text into "
                + "documents (corpus.documents, corpus.text_separator) [10]",
            "6 flour",
        ]
        #expect(try read(input(path)) == ["1 grain", "blank", "3 a\u{FFFD}b!"] + rest)
        #expect(
            try read(input(path, invalidUTF8: .replace))
                == ["1 grain", "blank", "3 a\u{FFFD}b!"] + rest)
        #expect(
            try read(input(path, invalidUTF8: .fail)) == [
                "1 grain", "blank",
                "row 3, byte 2: this is not valid UTF-8; corpus.invalid_utf8 says what to do about "
                    + "it [3]",
            ] + rest)
    }

    @Test("groups of rows can be shared out, and each row keeps its place")
    func shares() throws {
        let input = try input(path, limit: 100)
        let whole = try read(input)
        #expect(try read(input, share: 0..<1) + read(input, share: 1..<2) == whole)
        #expect(try read(input, share: 1..<2).last == "6 flour")
    }

    @Test("what cannot be read at any place is refused, with the reason")
    func notSeekable() throws {
        func refusal(_ path: String) throws -> String? {
            let input = try input(path)
            let error = #expect(throws: CorpusError.self) { try input.openFile() }
            return error?.description
        }
        let compressed = try folder.write("b.rows.zst", try compress("ROWS"))
        #expect(try refusal(compressed)?.hasSuffix("stands at its end: decompress it") == true)
        let packed = try folder.write("b.rows", gzip(Array("ROWS".utf8)))
        #expect(try refusal(packed)?.hasSuffix("stands at its end: decompress it") == true)
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        for path in ["-", pipe] {
            let text = try #require(try refusal(path))
            #expect(text.hasPrefix(path == "-" ? "standard input is read" : path))
            #expect(text.hasSuffix("write it to a file, and name that"))
        }
    }
}
