import Bytes
import Compression
public import Corpora
import Files
import Parquet
import Training
public import Work

/// Rewrites a corpus as one seekable file of JSON lines, or as a Parquet file.
public enum PackStage {
    /// Results.
    public struct Outcome: Sendable {
        /// Progress of reading.
        public var progress: CorpusProgress
        /// Frames of the file, or its row groups.
        public var frameCount: Int
        /// The file's size.
        public var byteCount: Int
    }

    /// Some documents as they stand in the file.
    private enum Packed {
        case frame([UInt8], contentByteCount: Int)
        case group(ParquetRowGroup)

        var bytes: [UInt8] {
            switch self {
            case .frame(let bytes, _): bytes
            case .group(let group): group.bytes
            }
        }
    }

    /// Frames or row groups made by one thread at a time, each with an encoder of its own.
    private final class FrameMaker {
        private var encoder: ZstandardEncoder

        init(level: Int) throws(CompressionError) { encoder = try ZstandardEncoder(level: level) }

        /// The row group of the documents.
        func group(of documents: [Document]) throws -> ParquetRowGroup {
            for document in documents where !document.isValidUTF8 {
                throw PipelineError.notUTF8(document.origin)
            }
            return try ParquetRowGroup(
                [.strings(documents.map(\.text))], of: table, encoder: &encoder)
        }

        /// The frame of the documents' lines.
        func frame(of documents: [Document]) throws -> (frame: [UInt8], contentByteCount: Int) {
            var lines: [UInt8] = []
            for document in documents {
                guard document.isValidUTF8 else { throw PipelineError.notUTF8(document.origin) }
                lines += Array("{\"text\":".utf8)
                JSONString.append(document.text.span, to: &lines)
                lines += [UInt8(ascii: "}"), UInt8(ascii: "\n")]
            }
            var frame: [UInt8] = []
            try encoder.appendFrame(of: lines.span, to: &frame)
            return (frame, lines.count)
        }
    }

    /// A file of frames with a table of them; one without may be the only copy of a corpus.
    private static let packedFile = FileKind("a packed corpus") { _, end in
        SeekTable.endsFile(end) || ParquetFooter.endsFile(end)
    }

    /// The column of a Parquet file.
    private static let table = ParquetTable([.init("text")])

    /// Writes every document as a line `{"text":…}`, in frames of whole lines, and the table of the
    /// frames at the end; or, where the file's name ends in `.parquet`, as a row with the column
    /// `text`, in row groups. The bytes do not depend on the number of threads.
    ///
    /// - Parameters:
    ///   - corpus: the corpus to read.
    ///   - path: the file, which appears when it is whole.
    ///   - level: of compression.
    ///   - frameByteCount: a frame, or a row group, holds the documents that reach this size
    ///     together.
    ///   - overwrites: whether a file of another kind that is there is replaced.
    ///   - work: threads, the signal to stop, and where events go.
    public static func run(
        corpus: CorpusConfiguration, path: String, level: Int, frameByteCount: Int,
        overwrites: Bool = false, work: WorkContext<PipelineEvent>
    ) async throws -> Outcome {
        _ = try FrameMaker(level: level)
        // The level was good once, so it is good again.
        let makers = Pool { try! FrameMaker(level: level) }
        var reader = try CorpusReader(corpus, threadCount: work.threadCount, stop: work.stop)
        let claims = try reader.inputs.claim(
            [PlannedOutput(path, .replaced, .file(packedFile, overwrites: overwrites))],
            quarantinePath: corpus.keptPath, work: work)
        defer { withExtendedLifetime(claims) {} }
        var file = try FileReplacement(path: path)
        let isParquet = path.hasSuffix(".parquet")
        var seekTable = SeekTable()
        var footer = ParquetFooter(table)
        let front = isParquet ? ParquetFooter.magic : []
        try unsafe file.write(front.span.bytes)
        var byteCount = front.count
        try await forEachChunk(
            of: &reader, byteCount: frameByteCount, work: work
        ) { documents in
            try makers.withItem { maker -> Packed in
                guard !isParquet else { return .group(try maker.group(of: documents)) }
                let made = try maker.frame(of: documents)
                return .frame(made.frame, contentByteCount: made.contentByteCount)
            }
        } consume: { made, progress in
            let bytes = made.bytes
            try unsafe file.write(bytes.span.bytes)
            switch made {
            case .frame(_, let contentByteCount):
                seekTable.append(frame: bytes.span, contentByteCount: contentByteCount)
            case .group(let group): footer.append(group)
            }
            byteCount += bytes.count
            work.report(.progress(StageProgress(activity: "packing", reading: progress)))
        }
        guard reader.progress.documents > 0 else {
            throw PipelineError.emptyCorpus(corpus.inputs, reader.progress)
        }
        let end = isParquet ? footer.encoded : seekTable.encoded
        try unsafe file.write(end.span.bytes)
        try file.commit()
        return Outcome(
            progress: reader.progress,
            frameCount: isParquet ? footer.groupCount : seekTable.frames.count,
            byteCount: byteCount + end.count)
    }
}
