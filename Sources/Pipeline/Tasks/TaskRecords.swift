import Bytes
import Corpora
import Work

/// The records of a file of JSON lines, plain or compressed, or of a file with an array of them.
enum TaskRecords {
    /// A record and its place, for messages.
    struct Record: Sendable {
        let value: JSONValue
        let place: String
    }

    /// All records of the file at `path`. O(bytes).
    static func read(_ path: String, stop: StopSignal) throws -> [Record] {
        var configuration = CorpusConfiguration(inputs: [path])
        configuration.maximumDocumentByteCount = TaskLimits.lineByteCount
        if CorpusFormat(nameOf: path) == .json {
            configuration.givesObjects = true
        } else {
            (configuration.format, configuration.documents) = (.text, .line)
        }
        var reader = try CorpusReader(configuration, threadCount: 1, stop: stop)
        var records: [Record] = []
        while let document = try next(&reader) {
            let place = "\(document.origin)"
            // Some editors put the mark of UTF-8 before the first line.
            let isMarked = records.isEmpty && document.text.starts(with: [0xEF, 0xBB, 0xBF])
            let text = isMarked ? Array(document.text.dropFirst(3)) : document.text
            do throws(JSONError) {
                let value = try JSONPullReader<JSONError>.with(text.span) {
                    (reader) throws(JSONError) in
                    let value = try reader.readValue()
                    try reader.finish()
                    return value
                }
                records.append(Record(value: value, place: place))
            } catch {
                throw PipelineError.badTask(
                    place: place, reason: "byte \(error.offset + 1): \(error.reason)")
            }
        }
        return records
    }

    private static func next(_ reader: inout CorpusReader) throws -> Document? {
        do throws(CorpusError) {
            return try reader.next()
        } catch .documentTooLarge(let origin, let limit) {
            throw PipelineError.badTask(
                place: "\(origin)",
                reason: "it is larger than \(limit) bytes, the most of a question")
        }
    }
}
