import Corpora
import Training
import Work

/// Reads documents on the calling task and works on chunks of them in others; results come back
/// in the documents' order.
///
/// At most `threadCount` chunks are worked on at once, and at most twice as many are under way, so
/// memory is bounded by their size. With one thread everything happens on the calling task.
///
/// - Parameters:
///   - reader: where documents come from.
///   - byteCount: the size that a chunk reaches.
///   - threadCount: chunks worked on at once.
///   - stop: looked at before each chunk.
///   - transform: the work on one chunk.
///   - consume: takes each result, in order, with the state of the reader.
/// - Throws: ``PipelineError/interrupted`` on request, and what reading or the work throws.
func forEachChunk<Result: Sendable>(
    of reader: inout CorpusReader, byteCount: Int = 1 << 20, threadCount: Int, stop: StopSignal,
    transform: @escaping @Sendable ([Document]) throws -> Result,
    consume: (Result, CorpusProgress) async throws -> Void
) async throws {
    try await withThrowingTaskGroup(of: (number: Int, result: Result).self) { group in
        var tasks = OrderedTasks<Result>(width: threadCount)
        while let chunk = try reader.nextChunk(byteCount: byteCount) {
            if stop.isRequested { throw PipelineError.interrupted }
            try await tasks.add(to: &group) {
                try transform(chunk)
            } take: {
                try await consume($0, reader.progress)
            }
        }
        try await tasks.finish(&group) { try await consume($0, reader.progress) }
    }
}

extension CorpusInputs {
    /// Throws if what is made at one of `outputs` would be read as text, and tells what in the folders is not
    /// read. O(files).
    ///
    /// - Parameter quarantinePath: where what cannot be read is kept, if it is.
    func check(
        outputs: [String?], quarantinePath: String? = nil, report: (PipelineEvent) -> Void
    ) throws(PipelineError) {
        for case let output? in outputs + [
            quarantinePath, quarantinePath.map(Quarantine.reasonsPath),
        ] {
            if let input = input(meeting: output) {
                throw .outputIsInput(output: output, input: input)
            }
        }
        guard !leftOut.isEmpty else { return }
        let names = leftOut.prefix(3).joined(separator: ", ")
        let more = leftOut.count > 3 ? " and \(leftOut.count - 3) more" : ""
        report(
            .notice(
                "not read: \(names)\(more); of a folder, files are read whose names end in that of a "
                    + "format, and links to folders are not followed"))
    }
}

extension CorpusConfiguration {
    /// Where what cannot be read is kept; nil when it is not.
    var keptPath: String? { onError == .quarantine ? quarantinePath : nil }
}
