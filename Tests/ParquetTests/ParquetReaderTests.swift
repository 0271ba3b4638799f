import Files
import Foundation
import Testing

@testable import Parquet

@Suite struct ParquetReaderTests {
    private let folder: TemporaryFolder
    private let good = TestPage(valueCount: 1, content: plainValue([65]))

    init() throws { folder = try TemporaryFolder() }

    @Test(arguments: TestEncoding.allCases, [1, 2])
    func `every encoding is read in every codec and version of pages`(
        encoding: TestEncoding, version: Int
    ) throws {
        var draw = SeededGenerator(UInt64(version))
        for codec in [PageCodec.none, .snappy, .gzip, .zstandard, .lz4] {
            for nullShare in [nil, 0, 2, 8] as [Int?] {
                let groups = [1, 300, 77].map {
                    strings($0, nullShare: nullShare ?? 0, &draw)
                }
                let file = TestFile(repetition: nullShare == nil ? 0 : 1, codec: codec)
                let path = try folder.write(
                    try file.bytes(
                        groups.map {
                            encoding.pages(
                                $0, version: version, isOptional: nullShare != nil, pageSize: 50)
                        }))
                #expect(
                    try readAll(path) == expected(groups.flatMap { $0 }),
                    "\(codec) \(nullShare as Int?)")
            }
        }
    }

    @Test func `a column in groups is had by the names on the way`() throws {
        let file = TestFile(groups: ["meta", "body"], repetition: 1)
        // Level 0: no meta, 1: no body, 2: no text.
        let levels = runs([0, 3, 1, 3, 2], width: 2)
        let page = TestPage(
            valueCount: 5, levels: word(levels.count) + levels,
            content: plainValue(Array("a".utf8)) + plainValue(Array("b".utf8)))
        let path = try folder.write(try file.bytes([[page]]))
        #expect(
            try readAll(path, ["meta", "body", "text"])
                == [.null, .bytes(Array("a".utf8)), .null, .bytes(Array("b".utf8)), .null])
        #expect(try ParquetFile(path: path).columnNames == ["meta.body.text"])
    }

    @Test func `a name with dots is that of a column too`() throws {
        let path = try folder.write(
            try TestFile(name: "meta.text").bytes([[good]]))
        #expect(try readAll(path, ["meta", "text"]) == [.bytes([65])])
    }

    @Test func `row groups are read by themselves, and rows keep their numbers`() throws {
        let groups: [[[UInt8]?]] = [[[1], [2]], [[3]], [[4], [5], [6]]]
        let path = try folder.write(
            try TestFile().bytes(
                groups.map {
                    TestEncoding.plain.pages($0, version: 1, isOptional: false, pageSize: 2)
                }))
        let file = try ParquetFile(path: path)
        let ranges = try #require(try file.rowGroupRanges())
        #expect(ranges.count == 3 && ranges[0].lowerBound == 4)
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.upperBound == $1.lowerBound })
        let column = try file.column("text")
        #expect(column.rowGroupCount == 3)
        var reader = ParquetReader(column, rowGroups: 1..<3)
        var rows: [Int] = []
        while let value = try reader.next() {
            rows.append(reader.row)
            #expect(value == .bytes([UInt8(reader.row)]))
        }
        #expect(rows == [3, 4, 5, 6])
        #expect(reader.takeStoredByteCount() > 0)
        #expect(reader.takeStoredByteCount() == 0)
    }

    @Test(arguments: [1, 2, 5])
    func `threads read row groups ahead, and values come in order`(threadCount: Int) throws {
        var draw = SeededGenerator(9)
        let groups = (0..<20).map { _ in
            strings(Int.random(in: 1...6_000, using: &draw), nullShare: 1, &draw)
        }
        let path = try folder.write(
            try TestFile(repetition: 1, codec: .zstandard).bytes(
                groups.map {
                    TestEncoding.plain.pages($0, version: 1, isOptional: true, pageSize: 500)
                }))
        let column = try ParquetFile(path: path).column("text")
        var reader = ParquetReader(column, threadCount: threadCount)
        var (row, byteCount) = (0, 0)
        for value in expected(groups.flatMap { $0 }) {
            #expect(try reader.next() == value)
            row += 1
            #expect(reader.row == row)
            byteCount += reader.takeStoredByteCount()
        }
        #expect(try reader.next() == nil)
        #expect(byteCount + reader.takeStoredByteCount() >= column.storedByteCount)
        // One that is left early ends its threads.
        var left = ParquetReader(column, rowGroups: 3..<9, threadCount: threadCount)
        _ = try left.next()
        #expect(left.row == groups[..<3].reduce(0) { $0 + $1.count } + 1)
    }

    @Test func `what stands before damage is given out, with threads too`() throws {
        var bad = good
        bad.checksumError = 1
        let path = try folder.write(try TestFile().bytes([[good, good], [good, bad], [good]]))
        let column = try ParquetFile(path: path).column("text")
        for threadCount in 0...3 {
            var reader = ParquetReader(column, threadCount: threadCount)
            for _ in 0..<3 { #expect(try reader.next() == .bytes([65])) }
            #expect(reader.row == 3)
            for _ in 0..<2 { #expect(throws: ParquetError.self) { try reader.next() } }
        }
    }

    @Test func `pages of nothing, and those that are not known, are passed over`() throws {
        let pages = [
            TestPage(type: 1, valueCount: 0, content: [1, 2, 3]),
            TestPage(valueCount: 0, content: []), good,
            TestPage(type: 3, valueCount: 0, content: []),
            TestPage(type: 3, valueCount: 1, content: plainValue([66]), isCompressed: false),
        ]
        for codec in [PageCodec.none, .zstandard] {
            let path = try folder.write(try TestFile(codec: codec).bytes([pages, []]))
            #expect(try readAll(path) == [.bytes([65]), .bytes([66])])
        }
    }

    @Test func `a dictionary of one value has indices of no bits`() throws {
        let pages = [
            TestPage(type: 2, valueCount: 1, content: plainValue([65])),
            TestPage(valueCount: 9, encoding: 8, content: [0, 18]),
        ]
        let path = try folder.write(try TestFile().bytes([pages]))
        #expect(try readAll(path) == Array(repeating: .bytes([65]), count: 9))
        var file = TestFile()
        file.hasDictionaryOffset = false
        #expect(throws: ParquetError.self) { try readAll(try folder.write(file.bytes([pages]))) }
    }

    @Test func `of a value above the limit the front is given`() throws {
        let values = [[1, 2, 3, 4], [5, 6, 7], []] as [[UInt8]]
        for encoding in TestEncoding.allCases {
            let path = try folder.write(
                try TestFile().bytes([
                    encoding.pages(values, version: 1, isOptional: false, pageSize: 3)
                ]))
            let limits = ParquetLimits(valueByteCount: 3, frontByteCount: 2)
            #expect(
                try readAll(path, limits: limits)
                    == [.tooLarge(front: [1, 2]), .bytes([5, 6, 7]), .bytes([])])
        }
    }

    @Test func `long headers and pages are read through a small buffer`() throws {
        let value = [UInt8](repeating: 7, count: 5_000_000)
        let small = Array("x".utf8)
        let path = try folder.write(
            try TestFile(codec: .snappy).bytes([
                TestEncoding.plain.pages(
                    [small, value, small], version: 1, isOptional: false, pageSize: 1)
            ]))
        let limits = ParquetLimits(bufferByteCount: 64)
        #expect(try readAll(path, limits: limits) == [.bytes(small), .bytes(value), .bytes(small)])
    }

    // MARK: What is refused

    private func refusal(_ bytes: [UInt8], _ column: [String] = ["text"]) -> String {
        do throws(ParquetError) {
            _ = try readAll((try? folder.write(bytes)) ?? "", column)
            return "nothing"
        } catch {
            return "\(error)".replacing(folder.path + "/", with: "")
        }
    }

    @Test func `what is not read is named`() throws {
        func refusal(_ page: TestPage? = nil, _ change: (inout TestFile) -> Void) throws -> String {
            var file = TestFile()
            change(&file)
            return self.refusal(try file.bytes([[page ?? good]]))
        }
        #expect(try refusal { $0.codecNumber = 3 }.contains("LZO"))
        #expect(try refusal { $0.codecNumber = 4 }.contains("brotli"))
        #expect(try refusal { $0.codecNumber = 5 }.contains("LZ4 in the old framing"))
        #expect(try refusal { $0.codecNumber = 8 }.contains("there is no codec 8"))
        #expect(try refusal { $0.repetition = 2 }.contains("(it is repeated)"))
        #expect(try refusal { $0.isEncrypted = true }.contains("is encrypted"))
        #expect(try refusal { $0.end = "PARE" }.contains("encrypted"))
        #expect(try refusal { $0.isElsewhere = true }.contains("in another file"))
        #expect(try refusal { $0.type = 1 }.contains("holds 32-bit numbers and no strings"))
        #expect(try refusal { $0.logicalType = 5 }.contains("decimal numbers"))
        #expect(
            try refusal { ($0.logicalType, $0.convertedType) = (nil, 20) }.contains("BSON"))
        #expect(try refusal { $0.logicalType = 99 } == "nothing")
        #expect(try refusal { ($0.logicalType, $0.convertedType) = (nil, nil) } == "nothing")
        var page = good
        page.encoding = 9
        #expect(try refusal(page) { _ in }.contains("the encoding BYTE_STREAM_SPLIT"))
        page.encoding = 77
        #expect(try refusal(page) { _ in }.contains("the encoding 77"))
        page = good
        page.levelEncoding = 4
        #expect(try refusal(page) { $0.repetition = 1 }.contains("BIT_PACKED"))
        #expect(
            self.refusal(try TestFile(name: "body").bytes([[good]]))
                == "a.parquet has no column \"text\", only \"body\"")
        let list = TestFile(name: "element", groups: ["text", "list"], repetition: 2)
        #expect(self.refusal(try list.bytes([[good]])).contains("is a list"))
    }

    @Test func `damage is told with its place`() throws {
        func refusal(_ change: (inout TestPage) -> Void) throws -> String {
            var page = good
            change(&page)
            return self.refusal(try TestFile(codec: .snappy).bytes([[good, page, good]]))
        }
        let place = try good.bytes(.snappy).count + 4
        #expect(
            try refusal { $0.checksumError = 1 }
                == "a.parquet, byte \(place): the page that begins here does not match its checksum"
        )
        #expect(try refusal { $0.sizeError = 1 }.contains("another size than its header states"))
        #expect(try refusal { $0.valueCount = 2 }.contains("ends before its last value"))
        #expect(try refusal { $0.valueCount = -1 }.contains("a page has -1 values"))
        #expect(try refusal { $0.content[0] = 2 }.contains("a value of 2 bytes, and 1 are left"))
        #expect(try refusal { $0.encoding = 8 }.contains("wants a dictionary"))
        #expect(try refusal { $0.type = 2 }.contains("is not the first page"))
        #expect(try refusal { $0.sizeError = 300 << 20 }.contains("bytes, and 269484032 are"))
        let one = try TestFile().bytes([[good]])
        #expect(self.refusal(Array(one.dropLast())).contains("does not end with PAR1"))
        #expect(self.refusal(Array(one.prefix(8))).contains("was cut short"))
        var file = TestFile()
        file.rowCountError = 1
        #expect(self.refusal(try file.bytes([[good]])).contains("after 1 of 2 values"))
        file.rowCountError = -1
        let two = TestPage(valueCount: 2, content: plainValue([65]) + plainValue([66]))
        #expect(self.refusal(try file.bytes([[two]])).contains("the row group has 1 left"))
        file.rowCountError = 0
        file.offsetError = 1_000_000
        #expect(self.refusal(try file.bytes([[good]])).contains("where no pages are"))
        let large = Array("PAR1".utf8) + [255, 255, 255, 127] + Array("PAR1".utf8)
        #expect(self.refusal(large).contains("are the most"))
    }

    @Test func `no change of a byte makes the reader trap, or memory grow`() throws {
        var draw = SeededGenerator(1)
        for encoding in TestEncoding.allCases {
            for (codec, version) in [(PageCodec.none, 1), (.snappy, 2), (.zstandard, 1)] {
                let values = strings(40, nullShare: 1, &draw).map { value in
                    value.map { Array($0.prefix(50)) }
                }
                let bytes = try TestFile(repetition: 1, codec: codec).bytes([
                    encoding.pages(values, version: version, isOptional: true, pageSize: 20)
                ])
                for _ in 0..<40 {
                    var changed = bytes
                    for _ in 0..<Int.random(in: 1...3, using: &draw) {
                        let place = Int.random(in: 0..<changed.count, using: &draw)
                        changed[place] =
                            Bool.random(using: &draw)
                            ? UInt8.random(in: 0...255, using: &draw)
                            : changed[place] ^ 1 << UInt8.random(in: 0..<8, using: &draw)
                    }
                    let path = try folder.write(changed)
                    guard let file = try? ParquetFile(path: path),
                        let column = try? file.column("text")
                    else { continue }
                    var reader = ParquetReader(column)
                    var count = 0
                    while count < 10_000, let value = try? reader.next() {
                        count += 1
                        if case .bytes(let text) = value { #expect(text.count < 1 << 20) }
                    }
                }
            }
        }
    }
}
