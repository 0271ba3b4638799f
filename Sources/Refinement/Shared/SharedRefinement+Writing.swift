import Bytes
import Corpora
import Files
import Parquet
import Work

extension SharedRefinement {
    /// Divides the documents of a part that stay by the stretches of another order.
    ///
    /// - Parameters:
    ///   - number: the part.
    ///   - byteCount: memory for documents.
    ///   - checkpoint: called now and then; may throw to end the work.
    package func scatter(
        _ number: Int, byteCount: Int, checkpoint: () throws -> Void
    ) throws {
        let journals = try measureJournals()
        let order = try orderJournal()
        let starts = try stretchStarts(order)
        try FileSystem.makeDirectory(directory(.scatter, number))
        let orderKey = OrderKey(seed: configuration.shuffleSeed)
        let texts = try FrameWriter(path: file(ScatterJournal.name, .scatter, number))
        var contents = [[UInt8]](repeating: [], count: starts.count)
        var counts = [Int](repeating: 0, count: starts.count)
        var total = 0
        func flush() throws {
            for stretch in contents.indices where counts[stretch] > 0 {
                let frame = try TextFrame(contents[stretch], count: counts[stretch])
                try texts.append(frame, number: UInt64(stretch))
                contents[stretch] = []
                counts[stretch] = 0
            }
            total = 0
        }
        guard number >= otherPartCount else {
            // Of another corpus there is no text, and nothing of it goes into the result.
            try finish(ScatterJournal(texts: try texts.commit()), .scatter, number)
            return
        }
        let ordinalStart = journals[otherPartCount..<number].reduce(0) {
            $0 + $1.counts.read.documents
        }
        let range = PartNumbers(journals).starts[number...number + 1]
        var kept = try KeptDocuments(
            self, journals, order, range: range.first!..<range.last!)
        while let document = try kept.next() {
            let ordinal = ordinalStart + document.ordinal
            let stretch = Self.stretch(of: orderKey(ordinal), starts)
            let before = contents[stretch].count
            TextFrame.append(
                UInt64(ordinal), document.code.rawValue, document.item.text,
                document.item.fields, to: &contents[stretch])
            counts[stretch] += 1
            total += contents[stretch].count - before
            if total >= max(byteCount / 2, 1 << 16) {
                try checkpoint()
                try flush()
            }
        }
        try flush()
        try finish(ScatterJournal(texts: try texts.commit()), .scatter, number)
    }

    private func stretchStarts(_ order: OrderJournal) throws -> [UInt64] {
        var rows = try RowReader(
            path: file(OrderJournal.stretchesName, .order, 0), order.stretches, width: 1)
        var starts: [UInt64] = []
        while try rows.advance() { starts.append(rows.word(0)) }
        return starts
    }

    /// The last stretch that begins with `key` or before it.
    private static func stretch(of key: UInt64, _ starts: [UInt64]) -> Int {
        var (low, high) = (0, starts.count)
        while high - low > 1 {
            let middle = (low + high) / 2
            if starts[middle] <= key { low = middle } else { high = middle }
        }
        return low
    }

    /// Writes the blocks of a stretch of the result.
    ///
    /// - Parameters:
    ///   - number: the stretch.
    ///   - memory: memory for documents that are put into another order.
    ///   - threadCount: threads that compress.
    ///   - checkpoint: called now and then; may throw to end the work.
    package func write(
        _ number: Int, memory: RefinementMemory, threadCount: Int,
        checkpoint: () throws -> Void
    ) async throws {
        let journals = try measureJournals()
        let order = try orderJournal()
        try FileSystem.makeDirectory(directory(.write, number))
        let sink = try BlockSink(self, number)
        let configuration = self.configuration
        try await withThrowingTaskGroup(
            of: (number: Int, result: DocumentBlock).self
        ) { group in
            var tasks = OrderedTasks<DocumentBlock>(width: threadCount)
            var documents: [Document] = []
            var byteCount = 0
            func flush() async throws {
                let full = documents
                (documents, byteCount) = ([], 0)
                try checkpoint()
                try await tasks.add(to: &group) {
                    try DocumentBlock(full, as: configuration)
                } take: {
                    try sink.append($0)
                }
            }
            func emit(_ document: Document) async throws {
                documents.append(document)
                byteCount += document.text.count
                if byteCount >= configuration.blockByteCount { try await flush() }
            }
            if configuration.shuffles {
                let shuffler = try gather(number, journals, memory)
                try await shuffler.forEach { try await emit($0.document) }
            } else {
                let starts = try stretchStarts(order)
                let end = number + 1 < starts.count ? Int(starts[number + 1]) : nil
                var kept = try KeptDocuments(
                    self, journals, order,
                    range: Int(starts[number])..<(end ?? PartNumbers(journals).count))
                while let document = try kept.next() { try await emit(document.document) }
            }
            if !documents.isEmpty { try await flush() }
            try await tasks.finish(&group) { try sink.append($0) }
        }
        try finish(try sink.commit(), .write, number)
    }

    /// The documents of a stretch of another order.
    private func gather(
        _ stretch: Int, _ journals: [MeasureJournal], _ memory: RefinementMemory
    ) throws -> DocumentShuffler {
        let shuffler = DocumentShuffler(
            seed: configuration.shuffleSeed, byteCount: memory.documents,
            scratchPath: scratchPath(.write, stretch))
        let finder = RowFinder()
        for part in 0..<partCount {
            let texts = try doneJournal(ScatterJournal.self, .scatter, part).texts
            let path = file(ScatterJournal.name, .scatter, part)
            try checked.check(texts.index, path: path + FrameWriter.indexSuffix)
            let book = OriginBook(paths: journals[part].counts.sources.map(\.path))
            var place = try texts.firstFrame(from: UInt64(stretch), path: path, finder)
            while place < texts.count {
                var (number, reader) = try texts.frame(place, path: path, finder)
                guard number == UInt64(stretch) else { break }
                while let item = try reader.next() {
                    let origin = book.origin(of: OriginBook.Code(rawValue: item.second))
                    var document = Document(text: item.text, origin: origin)
                    document.fields = item.fields
                    try shuffler.append(
                        MeasuredDocument(
                            document, ordinal: Int(truncatingIfNeeded: item.first),
                            signature: []))
                }
                place += 1
            }
        }
        return shuffler
    }
}

/// Reads the documents of a range of numbers that stay.
private struct KeptDocuments {
    struct Kept {
        var item: TextFrameReader.Item
        var code: OriginBook.Code
        /// How many documents of the part were read before it.
        var ordinal: Int
        var origin: DocumentOrigin

        var document: Document {
            var document = Document(text: item.text, origin: origin)
            document.fields = item.fields
            return document
        }
    }

    private let shared: SharedRefinement
    private let journals: [MeasureJournal]
    private let numbers: PartNumbers
    private let finder = RowFinder()
    private let end: Int
    private var number: Int
    private var removed: RowReader
    /// The next number that does not stay.
    private var nextRemoved: Int?
    private var part = -1
    private var place = 0
    private var book = OriginBook()
    private var rows: RowReader?
    private var frame: TextFrameReader?

    init(
        _ shared: SharedRefinement, _ journals: [MeasureJournal], _ order: OrderJournal,
        range: Range<Int>
    ) throws {
        self.shared = shared
        self.journals = journals
        numbers = PartNumbers(journals)
        number = range.lowerBound
        end = range.upperBound
        let path = shared.file(OrderJournal.removedName, .order, 0)
        try shared.checked.check(order.removed, path: path)
        let width = OrderJournal.removedWidth
        let count = order.removed.bytes / (8 * width)
        var (low, high) = (0, count)
        while low < high {
            let middle = (low + high) / 2
            if try finder.row(middle, width: width, path: path)[0] >> 1 < UInt64(number) {
                low = middle + 1
            } else {
                high = middle
            }
        }
        removed = try RowReader(path: path, order.removed, width: width, rows: low..<count)
        try nextRemoval()
    }

    private mutating func nextRemoval() throws {
        nextRemoved = try removed.advance() ? Int(removed.word(0) >> 1) : nil
    }

    /// The next document; nil behind the last. O(its bytes).
    mutating func next() throws -> Kept? {
        while number < end {
            if try rows?.advance() != true { try openPart() }
            number += 1
            if nextRemoved == number - 1 {
                try nextRemoval()
                try passFrame { try $0.skip() }
                continue
            }
            var item: TextFrameReader.Item?
            try passFrame { item = try $0.next() }
            guard let item, UInt64(item.text.count) == rows!.word(0) else {
                throw damaged
            }
            let code = OriginBook.Code(rawValue: rows!.word(1))
            return Kept(
                item: item, code: code, ordinal: Int(truncatingIfNeeded: rows!.word(2)),
                origin: book.origin(of: code))
        }
        return nil
    }

    private var damaged: RefinementError {
        .damagedUnit(path: shared.directory(.measure, max(part, 0)))
    }

    private mutating func passFrame(_ body: (inout TextFrameReader) throws -> Void) throws {
        if frame == nil || frame!.isAtEnd {
            let texts = journals[part].texts
            guard place < texts.count else { throw damaged }
            let path = shared.file(MeasureJournal.textsName, .measure, part)
            frame = try texts.frame(place, path: path, finder).documents
            place += 1
        }
        try body(&frame!)
    }

    /// Opens the part of the next document, at that.
    private mutating func openPart() throws {
        let (part, local) = numbers.part(of: number)
        self.part = part
        let journal = journals[part]
        book = OriginBook(paths: journal.counts.sources.map(\.path))
        let passedPath = shared.file(MeasureJournal.passedName, .measure, part)
        try shared.checked.check(journal.passed, path: passedPath)
        var rows = try RowReader(
            path: passedPath, journal.passed, width: MeasureJournal.width,
            rows: local..<journal.passedCount)
        guard try rows.advance() else { throw damaged }
        self.rows = rows
        let path = shared.file(MeasureJournal.textsName, .measure, part)
        try shared.checked.check(journal.texts.index, path: path + FrameWriter.indexSuffix)
        // The last frame that begins with the document or before it.
        place = try journal.texts.firstFrame(from: UInt64(local) + 1, path: path, finder) - 1
        guard place >= 0 else { throw damaged }
        let (first, documents) = try journal.texts.frame(place, path: path, finder)
        place += 1
        frame = documents
        guard first <= UInt64(local) else { throw damaged }
        for _ in Int(first)..<local { try frame!.skip() }
    }
}

/// Puts the blocks of a stretch into a file.
///
/// A class, because the tasks of a stretch have one.
private final class BlockSink {
    private let blocks, index: StoredFileWriter

    init(_ shared: SharedRefinement, _ number: Int) throws {
        blocks = try StoredFileWriter(path: shared.file(WriteJournal.blocksName, .write, number))
        index = try StoredFileWriter(path: shared.file(WriteJournal.indexName, .write, number))
    }

    func append(_ block: DocumentBlock) throws {
        try index.append(UInt64(blocks.byteCount))
        for value in block.facts { try index.append(UInt64(value)) }
        try index.append(XXH64.hash(of: block.bytes.span))
        try blocks.append(block.bytes)
    }

    func commit() throws -> WriteJournal {
        WriteJournal(blocks: try blocks.commit(), index: try index.commit())
    }
}

/// Blocks of the result that stand in one file of it.
package struct SharedPart: Sendable, Equatable {
    /// The stretch of the first block, and its place there.
    var stretch, block: Int
    /// Blocks.
    var count: Int
}

extension SharedRefinement {
    /// Words of a row of the index of blocks.
    private var blockWidth: Int { 2 + DocumentBlock.factCount(of: configuration.partFormat) }

    private func blockRows(_ stretch: Int, rows: Range<Int>? = nil) throws -> RowReader {
        let journal = try doneJournal(WriteJournal.self, .write, stretch)
        return try RowReader(
            path: file(WriteJournal.indexName, .write, stretch), journal.index,
            width: blockWidth, rows: rows)
    }

    /// The files of the result, by the blocks in them. O(blocks).
    package func parts() throws -> [SharedPart] {
        var parts: [SharedPart] = []
        var lineBytes = 0
        var isOpen = false
        for stretch in 0..<(try unitCount(of: .write)) {
            var rows = try blockRows(stretch)
            var block = 0
            while try rows.advance() {
                if !isOpen {
                    parts.append(SharedPart(stretch: stretch, block: block, count: 0))
                    lineBytes = 0
                }
                parts[parts.count - 1].count += 1
                lineBytes += Int(truncatingIfNeeded: rows.word(1 + DocumentBlock.lineFact))
                isOpen = lineBytes < configuration.partByteCount
                block += 1
            }
        }
        return parts
    }

    /// Makes a file of the result.
    package func assemble(
        _ part: SharedPart, number: Int, checkpoint: () throws -> Void
    ) throws {
        try FileSystem.makeDirectory(directory(.assemble, number))
        try FileSystem.makeDirectory(resultPath)
        var file = try RefinedPart(
            directory: resultPath, number: number, format: configuration.partFormat)
        var (stretch, first, count) = (part.stretch, part.block, part.count)
        let finder = RowFinder()
        while count > 0 {
            let path = self.file(WriteJournal.blocksName, .write, stretch)
            let total =
                try doneJournal(WriteJournal.self, .write, stretch).index.bytes
                / (8 * blockWidth)
            let end = min(total, first + count)
            var rows = try blockRows(stretch, rows: first..<end)
            while try rows.advance() {
                try checkpoint()
                let facts = (0..<blockWidth - 2).map {
                    Int(truncatingIfNeeded: rows.word(1 + $0))
                }
                let bytes = try finder.bytes(
                    Int(truncatingIfNeeded: rows.word(0)),
                    count: facts[DocumentBlock.storedFact], path: path)
                guard XXH64.hash(of: bytes.span) == rows.word(blockWidth - 1) else {
                    throw RefinementError.damagedUnit(path: directory(.write, stretch))
                }
                try file.append(DocumentBlock(bytes, facts: facts, configuration.partFormat))
            }
            count -= end - first
            (stretch, first) = (stretch + 1, 0)
        }
        try finish(AssembleJournal(part: try file.commit()), .assemble, number)
    }

    /// Whether a file of the result is there as its journal says.
    func isAssembled(_ number: Int) -> Bool {
        guard let journal = journal(AssembleJournal.self, .assemble, number) else { return false }
        let path = resultPath + "/" + journal.part.name
        return (try? OpenFile(path: path).byteCount) == journal.part.storedBytes
    }
}
