import Corpora

/// The proposal how texts are cut into documents, by what stands in a sample of them.
struct TextDivision {
    /// The text between documents; nil where ``documents`` says how they are cut.
    private(set) var separator: String?
    private(set) var documents = DocumentDivision.file
    /// Documents in all, estimated where the sample is not all.
    private(set) var documentCount: Int
    /// The key that is set and why; nil where it is the default.
    private(set) var choice: CorpusSurvey.Choice?

    /// The fewest bytes that a document has on average, where it is cut out of a file.
    private static let leastMeanByteCount = 200
    /// Bytes of a file from which on it is many texts rather than one, if something separates them.
    private static let largeFileByteCount = 100_000

    /// - Parameters:
    ///   - scale: how many times the sample there is.
    init(_ statistics: TextStatistics, fileCount: Int, scale: Double) {
        documentCount = fileCount
        let byteCount = Double(statistics.byteCount) * scale
        guard byteCount / Double(max(fileCount, 1)) >= Double(Self.largeFileByteCount) else {
            return
        }
        let lineEnd =
            statistics.carriageReturnCount * 2 > statistics.lineCount ? "\r\n" : "\n"
        func propose(_ text: String, _ count: Int, _ what: String) {
            separator = text
            documentCount = fileCount + Int(Double(count) * scale)
            set("text_separator", text, count, what)
        }
        func set(_ key: String, _ value: String, _ count: Int, _ what: String) {
            choice = .init(
                key: key, value: value,
                reason: "\(fileCount == 1 ? "one large file, in which" : "large files, in which") "
                    + "\(what) separates about \(documentCount) texts")
        }
        let endCount = statistics.endOfTextCount
        if endCount > 1 {
            let hasLines = statistics.endOfTextLineCount * 10 > endCount * 9
            let marker = String(decoding: TextStatistics.endOfText, as: UTF8.self)
            propose(
                hasLines ? lineEnd + marker + lineEnd : marker, endCount, "the marker \(marker)")
        } else if statistics.formFeedCount > 1, isEnough(statistics, statistics.formFeedCount) {
            propose("\u{0C}", statistics.formFeedCount, "a page break (form feed)")
        } else if statistics.widerRunCount > 3, isEnough(statistics, statistics.widerRunCount) {
            propose(
                String(repeating: lineEnd, count: 3), statistics.widerRunCount,
                "two blank lines, as before a chapter,")
        } else if statistics.blankRunCount * 100 < statistics.lineCount,
            isEnough(statistics, statistics.lineCount), statistics.lineCount > 100
        {
            documents = .line
            documentCount = fileCount + Int(Double(statistics.lineCount) * scale)
            set("documents", "line", statistics.lineCount, "the end of a long line")
        }
    }

    private func isEnough(_ statistics: TextStatistics, _ count: Int) -> Bool {
        statistics.byteCount / (count + 1) >= Self.leastMeanByteCount
    }
}

/// The first words of a text, to begin a sample with.
enum TextBeginning {
    /// Two to four words of the first line that has as many, at most 40 characters; nil if there is
    /// none among the first.
    static func words(of bytes: [UInt8]) -> String? {
        let text = String(decoding: bytes.prefix(4_096), as: UTF8.self)
        for line in text.split(whereSeparator: \.isNewline).prefix(20) {
            let words = line.split(separator: " ").prefix(4)
            let beginning = words.joined(separator: " ")
            guard words.count > 1, beginning.count <= 40,
                beginning.allSatisfy({ $0.isLetter || $0.isNumber || ",.'’ -".contains($0) })
            else { continue }
            return beginning.trimmingTrailing(",.- ")
        }
        return nil
    }
}

extension String {
    /// The string without the characters of `others` at its end.
    fileprivate func trimmingTrailing(_ others: String) -> String {
        var trimmed = self
        while let last = trimmed.last, others.contains(last) { trimmed.removeLast() }
        return trimmed
    }
}

extension TextStatistics {
    /// What may be wrong with the text, with advice, for a person.
    var warnings: [String] {
        var texts: [String] = []
        if invalidCount > 0 {
            let encoding = windowsCount * 20 > invalidCount ? "windows-1252" : "iso-8859-1"
            texts.append(
                "\(invalidCount) bytes are not UTF-8; if the text is \(encoding), convert it: "
                    + "iconv -f \(encoding) -t utf-8 (corpus.invalid_utf8 says what else is done)")
        }
        if mojibakeCount >= 5, mojibakeCount * 100_000 > byteCount {
            texts.append(
                "\(mojibakeCount) pairs of characters such as Ã© or â€: UTF-8 that was read as "
                    + "Latin-1 or Windows-1252 and written again; mend it where it was made")
        }
        if replacementCount * 100_000 > byteCount {
            texts.append(
                "\(replacementCount) replacement characters (U+FFFD): an earlier program lost what "
                    + "stood there")
        }
        if markCount > 0 {
            texts.append(
                "a byte-order mark begins \(markCount) of the files looked at; the model would "
                    + "learn it: sed -i '1s/^\\xEF\\xBB\\xBF//' FILE")
        }
        if carriageReturnCount * 20 > lineCount {
            texts.append(
                "\(carriageReturnCount) of \(lineCount) lines end in CR LF, and the model would "
                    + "learn that: sed -i 's/\\r$//' FILE")
        }
        return texts
    }
}
