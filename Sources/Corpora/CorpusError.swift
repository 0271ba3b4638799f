public import Zstandard

/// What can go wrong between a configuration and its documents.
public enum CorpusError: Error, Equatable, Sendable {
    /// A value of the configuration that cannot be worked with.
    case badValue(key: String, wish: String)
    /// There is no file or folder of this name.
    case missingInput(path: String)
    /// No file fits a pattern.
    case nothingMatched(pattern: String)
    /// A folder holds no file that could be read.
    case nothingInFolder(path: String, format: CorpusFormat)
    /// The name of a file does not tell its format.
    case unknownFormat(path: String)
    /// A call of the operating system failed, with the system's reason.
    case failed(operation: String, path: String, reason: String)
    /// The compressed data of a file cannot be read.
    case badCompression(path: String, error: ZstandardError)
    /// A line is not a JSON object with the text field; `column` counts bytes from 1.
    case malformedLine(origin: DocumentOrigin, column: Int, reason: String)
    /// A line is not a conversation.
    case badConversation(origin: DocumentOrigin, reason: String)
    /// A line or document is larger than the configuration allows.
    case documentTooLarge(origin: DocumentOrigin, limit: Int)
}

extension CorpusError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .badValue(let key, let wish):
            return "corpus.\(key) \(wish)"
        case .missingInput(let path):
            return "there is no file or folder \(path)"
        case .nothingMatched(let pattern):
            return "no file matches \(pattern)"
        case .nothingInFolder(let path, let format):
            let names =
                switch format {
                case .auto: ".txt, .jsonl, .txt.zst or .jsonl.zst"
                case .text: ".txt or .txt.zst"
                case .jsonl: ".jsonl or .jsonl.zst"
                }
            return "the folder \(path) holds no file whose name ends in \(names)"
        case .unknownFormat(let path):
            return "the name of \(path) does not tell its format; "
                + "set the format (--format, corpus.format) to text or jsonl, or let it end in .txt, .jsonl or .zst of these"
        case .failed(let operation, let path, let reason):
            return "could not \(operation) \(path): \(reason)"
        case .badCompression(let path, let error):
            return "\(path): \(error)"
        case .malformedLine(let origin, let column, let reason):
            return "\(origin), byte \(column): \(reason)"
        case .badConversation(let origin, let reason):
            return "\(origin): \(reason)"
        case .documentTooLarge(let origin, let limit):
            return "\(origin) is larger than \(limit) bytes; "
                + "raise max_document_bytes or set a text separator"
        }
    }
}
