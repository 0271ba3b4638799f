import Bytes
import Corpora
import Work

/// The runs of words of evaluation texts, by which texts are known that an evaluation would know
/// again.
///
/// The rule is GPT-3's (Brown et al., 2020, appendix C, <https://arxiv.org/abs/2005.14165>): a word
/// is what stands between white space, in small letters and without punctuation, and a document is
/// taken for contaminated if 13 words in a row stand in it as in a text of an evaluation. Small
/// letters are made of ASCII letters alone.
///
/// Memory is 12 bytes a place of the table, of which a quarter to a half are taken; beyond the
/// limit the files are refused.
///
/// A class, because all threads share the one index.
final class EvaluationIndex: Sendable {
    /// What was read of each file, in the order of the list.
    let files: [RefinementReport.Evaluation]
    private let wordCount: Int
    private let table: EvaluationTable

    /// Reads the files.
    ///
    /// A line is a text, and a line that begins with `{` an object of JSON, whose strings are the
    /// text, one behind another, in its order.
    ///
    /// - Parameters:
    ///   - wordCount: words of a run.
    ///   - byteCount: the most memory that the runs may take.
    /// - Throws: `CorpusError` for what cannot be read, ``RefinementError`` for what is no JSON or
    ///   too much.
    init(_ paths: [String], wordCount: Int, byteCount: Int) throws {
        var files: [RefinementReport.Evaluation] = []
        var table = EvaluationTable()
        let cutter = EvaluationWords(wordCount: wordCount)
        for (number, path) in paths.enumerated() {
            var file = RefinementReport.Evaluation(path: path)
            let corpus = CorpusConfiguration(inputs: [path], format: .text, documents: .line)
            var reader = try CorpusReader(corpus)
            while let document = try reader.next() {
                let text = try Self.text(of: document)
                var count = 0
                cutter.forEachRun(of: text.span) { hash in
                    count += 1
                    if table.insert(hash, file: UInt32(number)) { file.runs += 1 }
                    return true
                }
                file.texts += 1
                if count == 0 { file.shortTexts += 1 }
                guard table.byteCount <= byteCount else {
                    throw RefinementError.tooManyEvaluationRuns(
                        path: path, count: table.count, limit: ByteSize(byteCount: byteCount))
                }
            }
            files.append(file)
        }
        self.files = files
        self.wordCount = wordCount
        self.table = table
    }

    /// The numbers of the files of which a run of words stands in `text`, ascending. O(bytes).
    func files(in text: Span<UInt8>) -> [Int] {
        var found: [Int] = []
        EvaluationWords(wordCount: wordCount).forEachRun(of: text) { hash in
            if let file = table.file(of: hash), !found.contains(Int(file)) {
                found.append(Int(file))
            }
            return true
        }
        return found.sorted()
    }

    /// The text of a line.
    private static func text(of document: Document) throws -> [UInt8] {
        guard document.text.first(where: { $0 != 0x20 && $0 != 0x09 }) == UInt8(ascii: "{") else {
            return document.text
        }
        let value: JSONValue
        do throws(JSONError) {
            value = try JSONPullReader<JSONError>.with(document.text.span) {
                (reader) throws(JSONError) in
                let value = try reader.readValue()
                try reader.finish()
                return value
            }
        } catch {
            throw RefinementError.badEvaluation(origin: document.origin, reason: "\(error)")
        }
        var text: [UInt8] = []
        func add(_ value: JSONValue) {
            switch value {
            case .string(let string): text += Array(string.utf8) + [0x0A]
            case .array(let values): values.forEach(add)
            case .object(let members): members.forEach { add($0.value) }
            case .null, .bool, .number: break
            }
        }
        add(value)
        return text
    }
}

/// Finds the runs of words that are compared.
struct EvaluationWords: Sendable {
    let wordCount: Int
    private let map = WordClassMap.shared

    /// Runs of `wordCount` words.
    init(wordCount: Int) { self.wordCount = wordCount }

    /// Calls `body` with the hash of each run, until that says false. O(bytes).
    func forEachRun(of text: Span<UInt8>, _ body: (UInt64) -> Bool) {
        let base: UInt64 = 0x9E37_79B9_7F4A_7C15
        let power = (0..<wordCount).reduce(UInt64(1)) { power, _ in power &* base }
        var last = [UInt64](repeating: 0, count: wordCount)
        var (run, count) = (UInt64(0), 0)
        var hash = WordHash()
        var isInWord = false
        /// Ends a word; false where nothing more is wanted.
        func end() -> Bool {
            guard isInWord else { return true }
            isInWord = false
            let word = foldedProduct(hash.value, 0xA076_1D64_78BD_642F)
            hash = WordHash()
            let place = count % wordCount
            run = run &* base &+ word &- (count < wordCount ? 0 : last[place] &* power)
            last[place] = word
            count += 1
            return count < wordCount || body(run)
        }
        var index = 0
        while index < text.count {
            let byte = unsafe text[unchecked: index]
            if byte < 0x80 {
                index &+= 1
                if (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 {
                    hash.append(byte &- 0x41 < 26 ? byte | 0x20 : byte)
                    isInWord = true
                } else if byte == 0x20 || byte &- 0x09 < 5 || byte &- 0x1C < 4 {
                    guard end() else { return }
                } else if byte < 0x20 || byte == 0x7F {
                    hash.append(byte)
                    isInWord = true
                }
                continue
            }
            let (codePoint, length) = text.character(at: index)
            let classes = map[codePoint]
            if classes.contains(.space) {
                guard end() else { return }
            } else if !classes.contains(.punctuation) {
                for place in index..<index + length { hash.append(text[place]) }
                isInWord = true
            }
            index += length
        }
        _ = end()
    }
}

/// A table of runs and the first file of each.
struct EvaluationTable: Sendable {
    private var hashes: [UInt64] = Array(repeating: 0, count: 1 << 10)
    /// The number of the file, plus one; 0 for an empty place.
    private var files: [UInt32] = Array(repeating: 0, count: 1 << 10)
    /// Runs in the table.
    private(set) var count = 0

    /// Memory of the table.
    var byteCount: Int { hashes.count * 12 }

    /// Adds a run; false if it is there.
    mutating func insert(_ hash: UInt64, file: UInt32) -> Bool {
        let place = place(of: hash)
        guard files[place] == 0 else { return false }
        (hashes[place], files[place]) = (hash, file + 1)
        count += 1
        if 2 * count > hashes.count { grow() }
        return true
    }

    /// The file of a run; `nil` if it is not there.
    func file(of hash: UInt64) -> UInt32? {
        let file = files[place(of: hash)]
        return file == 0 ? nil : file - 1
    }

    private func place(of hash: UInt64) -> Int {
        let mask = hashes.count - 1
        var place = Int(truncatingIfNeeded: foldedProduct(hash, 0xE703_7ED1_A0B4_28DB)) & mask
        while files[place] != 0, hashes[place] != hash { place = (place + 1) & mask }
        return place
    }

    private mutating func grow() {
        let old = (hashes, files)
        hashes = Array(repeating: 0, count: 2 * old.0.count)
        files = Array(repeating: 0, count: 2 * old.0.count)
        for (hash, file) in zip(old.0, old.1) where file != 0 {
            let place = place(of: hash)
            (hashes[place], files[place]) = (hash, file)
        }
    }
}
