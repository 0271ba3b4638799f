import Compression
import Files
import Parquet

/// A file of a refined corpus on its way: a seekable zstd file of JSON lines, or a Parquet file.
struct RefinedPart: ~Copyable {
    private let format: PartFormat
    private var file: FileReplacement
    /// The end of the file, as far as it is known.
    private var table = SeekTable()
    private var footer = ParquetFooter(DocumentRows.table)

    /// What it holds so far.
    private var report = RefinementReport.Part()

    /// Begins the file with a number.
    init(directory: String, number: Int, format: PartFormat) throws {
        let digits = String(number)
        let zeros = String(repeating: "0", count: max(0, 6 - digits.count))
        let name = "part_" + zeros + digits + format.ending
        var file = try FileReplacement(path: directory + "/" + name)
        let magic = ParquetFooter.magic
        if format == .parquet { try unsafe file.write(magic.span.bytes) }
        self.file = file
        self.format = format
        report.name = name
    }

    /// Appends a block, which is of the file's format; returns the bytes of lines so far.
    @discardableResult
    mutating func append(_ block: DocumentBlock) throws -> Int {
        try unsafe file.write(block.bytes.span.bytes)
        if let group = block.group {
            footer.append(group)
        } else {
            table.append(frame: block.bytes.span, contentByteCount: block.lineByteCount)
        }
        report.documents += block.documents
        report.bytes += block.textBytes
        report.lineBytes += block.lineByteCount
        report.storedBytes += block.bytes.count
        return report.lineBytes
    }

    /// Ends the file and gives it its name.
    mutating func commit() throws -> RefinementReport.Part {
        let bytes = format == .parquet ? footer.encoded : table.encoded
        try unsafe file.write(bytes.span.bytes)
        try file.commit()
        report.storedBytes += bytes.count
        if format == .parquet { report.storedBytes += ParquetFooter.magic.count }
        return report
    }
}
