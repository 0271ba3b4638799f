public import Compression
public import Files

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// An error between a configuration and its documents.
public enum CorpusError: Error, Equatable, Sendable {
    /// A value of the configuration that cannot be worked with.
    case badValue(key: String, wish: String)
    /// There is no file or folder of this name.
    case missingInput(path: String)
    /// No file fits a pattern.
    case nothingMatched(pattern: String)
    /// A folder holds no file that could be read, only what is left out.
    case nothingInFolder(path: String, format: CorpusFormat, leftOut: LeftOutFiles)
    /// The name of a file does not tell its format.
    case unknownFormat(path: String)
    /// The name of a file is not UTF-8; `path` has U+FFFD where it is not.
    case nameNotUTF8(path: String)
    /// A pattern has `**` beside other characters, where it stands for nothing.
    case recursivePattern(pattern: String)
    /// The compressed data of a file cannot be read.
    case badCompression(path: String, error: CompressionError)
    /// A file cannot be read, or the quarantine not be written.
    case file(FileError)
    /// A file is not what its format asks for, and nothing behind the place can be read.
    case malformedFile(path: String, reason: String)
    /// A file breaks off, is damaged or cannot be read, and is left out from there on: the first
    /// `documents` of it, of which `last` is the last, are kept.
    case brokenFile(path: String, documents: Int, last: DocumentOrigin.Position?, reason: String)
    /// A table has no column of the name that `key` of the configuration says; it has those that
    /// are `known`.
    case missingColumn(path: String, name: String, known: [String], key: String = "text_field")
    /// The format is read at any place of a file, and this is standard input, a pipe, or a file
    /// that is compressed as a whole.
    case notSeekable(path: String, isCompressed: Bool)
    /// A line, record or element is not what its format asks for; `column` counts bytes from 1, and
    /// is nil where the format has none to count.
    case malformedLine(origin: DocumentOrigin, column: Int?, reason: String)
    /// A line is not a conversation.
    case badConversation(origin: DocumentOrigin, reason: String)
    /// A record is not a source with its target.
    case badPair(origin: DocumentOrigin, reason: String)
    /// A document is not UTF-8; `column` counts bytes from 1.
    case invalidUTF8(origin: DocumentOrigin, column: Int)
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
            // Names come from the command line with U+FFFD in place of what is not UTF-8.
            let isRepaired = path.unicodeScalars.contains("\u{FFFD}")
            return "there is no file or folder \(path.isEmpty ? "\"\"" : path)"
                + (isRepaired ? "; names must be UTF-8: rename the file" : "")
        case .nothingMatched(let pattern):
            return "no file matches \(pattern)"
        case .nothingInFolder(let path, let format, let leftOut):
            return "the folder \(path) holds no file that is read"
                + (leftOut.isEmpty ? ": it is empty" : ", only \(leftOut.counts)")
                + (format == .text
                    ? ""
                    : "; names are to end in one of \(format.endingsText), perhaps with .zst or "
                        + ".gz behind, and corpus.format = text reads all that is not binary")
        case .unknownFormat(let path):
            if let advice = Self.conversion(of: path) { return advice }
            return "the name of \(path) does not tell its format; corpus.format = text reads it as "
                + "it is; by their names are known \(CorpusFormat.auto.endingsText), perhaps with "
                + ".zst or .gz behind"
        case .nameNotUTF8(let path):
            return "the name of \(path) is not UTF-8, so the file cannot be read: rename it"
        case .recursivePattern(let pattern):
            return "in \(pattern), ** is not alone between slashes, as in data/**/*.txt, where it "
                + "stands for any number of folders"
        case .badCompression(let path, let error):
            guard case .windowTooLarge(_, let byteCount, _) = error.fault, byteCount <= 1 << 31
            else {
                return "\(named(path)): \(error)"
            }
            return "\(named(path)): \(error); corpus.long_window allows 2 GiB"
        case .file(let error):
            return "\(error)"
        case .malformedFile(let path, let reason):
            return "\(named(path)): \(reason)"
        case .brokenFile(_, let documents, let last, let reason):
            return reason + "; of this file, "
                + (last.map { "\(documents) documents are kept, up to \($0.word) \($0.number)" }
                    ?? "nothing is kept")
        case .missingColumn(let path, let name, let known, let key):
            return "\(named(path)): there is no column \"\(name)\", only "
                + known.prefix(30).map { "\"\($0)\"" }.joined(separator: ", ")
                + (known.count > 30 ? " and \(known.count - 30) others" : "")
                + "; name one with corpus.\(key)"
        case .notSeekable(let path, isCompressed: false):
            return
                "\(named(path)) is read from its beginning, and the index of this format stands at "
                + "its end: write it to a file, and name that"
        case .notSeekable(let path, isCompressed: true):
            return
                "\(path) is compressed as a whole, and the index of this format stands at its end: "
                + "decompress it"
        case .malformedLine(let origin, let column, let reason):
            return "\(origin)\(column.map { ", byte \($0)" } ?? ""): \(reason)"
        case .badConversation(let origin, let reason), .badPair(let origin, let reason):
            return "\(origin): \(reason)"
        case .invalidUTF8(let origin, let column):
            return "\(origin), byte \(column): this is not valid UTF-8; "
                + "corpus.invalid_utf8 says what to do about it"
        case .documentTooLarge(let origin, let limit):
            return "\(origin) is larger than \(limit) bytes; "
                + "raise corpus.max_document_bytes, or cut the text into documents "
                + "(corpus.documents, corpus.text_separator)"
        }
    }
}

extension CorpusError {
    /// The error, with the key `key` to blame for a column that is not there.
    func blaming(_ key: CorpusConfiguration.CodingKeys) -> CorpusError {
        guard case .missingColumn(let path, let name, let known, _) = self else { return self }
        return .missingColumn(path: path, name: name, known: known, key: key.rawValue)
    }

    /// Whether compressed data could be decoded and is not what was compressed.
    var isOfChecksum: Bool {
        guard case .badCompression(_, let error) = self,
            case .checksumMismatch = error.fault
        else { return false }
        return true
    }

    /// Whether a file is at fault that others may be read without: not a setting, and not the
    /// system that all files come from.
    var isOfOneFile: Bool {
        switch self {
        case .malformedFile, .malformedLine, .documentTooLarge: return true
        case .badCompression(_, let error):
            switch error.fault {
            case .windowTooLarge, .levelOutOfRange, .windowLogOutOfRange, .libraryFailure:
                return false
            default: return true
            }
        case .file(.failed(_, _, let reason)):
            return [EACCES, EPERM, EIO].contains { unsafe String(cString: strerror($0)) == reason }
        default: return false
        }
    }
}

extension CorpusError {
    /// What to do with a file that is no text yet, by its name; nil where the name does not tell.
    private static func conversion(of path: String) -> String? {
        let name = CompressionFormat.strip(path.lowercased())
        func program(_ programs: KeyValuePairs<String, String>) -> String? {
            programs.first { name.hasSuffix($0.key) }?.value
        }
        if let program = program([
            ".xz": "xz -dk", ".lzma": "xz -dk", ".bz2": "bzip2 -dk", ".lz4": "lz4 -dk",
            ".br": "brotli -dk", ".z": "uncompress -k",
        ]) {
            return "\(path) is compressed by what is not read here, as zstd and gzip are: "
                + "decompress it first, as `\(program)` does"
        }
        if let program = program([
            ".tar": "tar -xf", ".tgz": "tar -xf", ".zip": "unzip", ".7z": "7z x", ".rar": "unrar x",
        ]) {
            return "\(path) is an archive: unpack it, as `\(program)` does, and name the folder"
        }
        if let program = program([
            ".pdf": "pdftotext", ".docx": "pandoc -t plain", ".odt": "pandoc -t plain",
            ".epub": "pandoc -t plain", ".doc": "catdoc", ".ps": "ps2ascii",
        ]) {
            return "\(path) is no text: make one of it, as `\(program)` does"
        }
        return nil
    }
}

/// A path for a person.
private func named(_ path: String) -> String { path == "-" ? "standard input" : path }

/// Calls `body`, and makes the failure of a file in it one of the corpus.
func namingFile<Result: ~Copyable>(
    _ body: () throws(FileError) -> Result
) throws(CorpusError) -> Result {
    do throws(FileError) {
        return try body()
    } catch {
        throw .file(error)
    }
}
