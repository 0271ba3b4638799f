import Bytes
import Files
import Foundation
public import Tokenization

/// Manifest of a data set: written last, so that a directory without it is not a data set.
public struct ShardManifest: Codable, Equatable, Sendable {
    /// One shard.
    public struct Shard: Codable, Equatable, Sendable {
        /// The file's name in the directory; its index has the extension `.idx` instead.
        public var name: String
        /// The part of the data set it belongs to.
        public var split: Split
        /// Tokens in it, end-of-text tokens included.
        public var tokens: Int
        /// Documents in it.
        public var documents: Int
        /// Bytes of text that went into it.
        public var bytes: Int
        /// XXH64 of the ids, in hexadecimal.
        public var checksum: String
        /// XXH64 of the index file, in hexadecimal.
        public var indexChecksum: String

        enum CodingKeys: String, CodingKey {
            case name, split, tokens, documents, bytes, checksum
            case indexChecksum = "index_checksum"
        }
    }

    /// Sums over shards.
    public struct Totals: Codable, Equatable, Sendable {
        /// Tokens, end-of-text tokens included.
        public var tokens = 0
        /// Documents.
        public var documents = 0
        /// Bytes of text.
        public var bytes = 0

        /// Zeros.
        public init() {}
    }

    /// The vocabulary that the ids belong to.
    public struct VocabularyReference: Codable, Equatable, Sendable {
        /// The vocabulary's fingerprint, in hexadecimal.
        public var fingerprint: String
        /// Its number of tokens: every id is below it.
        public var size: Int
    }

    /// A file that documents came from.
    public struct Source: Codable, Equatable, Sendable {
        /// The file as it was named.
        public var path: String
        /// Documents taken from it.
        public var documents: Int
        /// Number of documents that are held out; nil where they were not counted.
        public var validationDocuments: Int?
        /// Bytes of their text.
        public var bytes: Int

        enum CodingKeys: String, CodingKey {
            case path, documents, bytes
            case validationDocuments = "val_documents"
        }

        /// A file and what was taken from it.
        public init(path: String, documents: Int, validationDocuments: Int? = nil, bytes: Int) {
            self.path = path
            self.documents = documents
            self.validationDocuments = validationDocuments
            self.bytes = bytes
        }

        /// Adds what was taken from another part of the same file.
        package static func += (left: inout Source, right: Source) {
            left.documents += right.documents
            left.validationDocuments = left.validationDocuments.flatMap { count in
                right.validationDocuments.map { count + $0 }
            }
            left.bytes += right.bytes
        }
    }

    /// The document whose end is the validation split, in a corpus so small that no document was
    /// held out whole.
    public struct ValidationCut: Codable, Equatable, Sendable {
        /// The document's place, for a person: "book.txt, document 1".
        public var document: String
        /// XXH64 of the whole document's text, in hexadecimal.
        public var textHash: String
        /// Bytes of it that are for training.
        public var bytes: Int
        /// Bytes behind them, which are held out.
        public var validationBytes: Int

        enum CodingKeys: String, CodingKey {
            case document, bytes
            case textHash = "text_hash"
            case validationBytes = "val_bytes"
        }

        /// A document that is cut behind its first `bytes`.
        public init(document: String, textHash: UInt64, bytes: Int, validationBytes: Int) {
            self.document = document
            self.textHash = hexadecimal(textHash)
            self.bytes = bytes
            self.validationBytes = validationBytes
        }
    }

    /// Input that was left out, and why.
    public struct Skipped: Codable, Equatable, Sendable {
        /// Lines that could not be read.
        public var lines: Int
        /// Files that break off, are damaged or cannot be read, and were left out from there on;
        /// absent when there were none.
        public var brokenFiles: Int?
        /// Those of them that end with a gzip member or a zstd frame whose checksum is not that of
        /// its bytes, and whose documents are in the data set; absent when there were none.
        public var damagedMembers: Int?
        /// Number of lines that were put into quarantine; absent when none were.
        public var quarantinedLines: Int?
        /// Documents that held nothing but white space.
        public var emptyDocuments: Int
        /// Documents that were kept although not all of their bytes are UTF-8, or with U+FFFD for
        /// such bytes; absent when there were none.
        public var invalidUTF8Documents: Int?
        /// The first lines that could not be read, each with its place and reason.
        public var examples: [String]

        enum CodingKeys: String, CodingKey {
            case lines, examples
            case brokenFiles = "broken_files"
            case damagedMembers = "damaged_members"
            case quarantinedLines = "quarantined_lines"
            case invalidUTF8Documents = "invalid_utf8_documents"
            case emptyDocuments = "empty_documents"
        }

        /// Lines and documents that were left out.
        public init(
            lines: Int = 0, quarantinedLines: Int = 0, emptyDocuments: Int = 0,
            invalidUTF8Documents: Int = 0, brokenFiles: Int = 0, damagedMembers: Int = 0,
            examples: [String] = []
        ) {
            self.damagedMembers = damagedMembers > 0 ? damagedMembers : nil
            self.brokenFiles = brokenFiles > 0 ? brokenFiles : nil
            self.lines = lines
            self.quarantinedLines = quarantinedLines > 0 ? quarantinedLines : nil
            self.invalidUTF8Documents = invalidUTF8Documents > 0 ? invalidUTF8Documents : nil
            self.emptyDocuments = emptyDocuments
            self.examples = examples
        }

        /// Both counts, nil standing for none.
        private static func sum(_ left: Int?, _ right: Int?) -> Int? {
            guard let left, let right else { return left ?? right }
            return left + right
        }

        /// Lines and documents that were left out in both, in order.
        public static func += (left: inout Skipped, right: Skipped) {
            left.lines += right.lines
            left.quarantinedLines = sum(left.quarantinedLines, right.quarantinedLines)
            left.brokenFiles = sum(left.brokenFiles, right.brokenFiles)
            left.damagedMembers = sum(left.damagedMembers, right.damagedMembers)
            left.emptyDocuments += right.emptyDocuments
            left.invalidUTF8Documents = sum(left.invalidUTF8Documents, right.invalidUTF8Documents)
            left.examples += right.examples
        }
    }

    /// The version of this layout.
    public static let currentFormatVersion = 2
    /// The manifest's name in its directory.
    public static let fileName = "manifest.json"
    /// Prefix of the directories in which a data set is made, inside of its own.
    public static let workspacePrefix = "unfinished-"

    /// The version of the layout that the directory has.
    public var formatVersion = ShardManifest.currentFormatVersion
    /// The vocabulary of the ids.
    public var vocabulary: VocabularyReference
    /// Place of the end-of-text token.
    public var endOfText: EndOfTextPolicy
    /// Its id; absent when there is none.
    public var endOfTextID: TokenID?
    /// Token before each document that was named for it; absent when none was. Where one is named
    /// for either bound, there are no end-of-text tokens.
    public var beginTokenID: TokenID?
    /// Token behind each document that was named for it; absent when none was.
    public var endTokenID: TokenID?
    /// Special tokens that were recognised in documents; absent when none were, which is usual.
    public var allowSpecial: SpecialTokenPolicy?
    /// Width of a stored id.
    public var dtype: TokenWidth
    /// Every shard, in the order in which it was written.
    public var shards: [Shard]
    /// Sums over the training shards.
    public var train: Totals
    /// Sums over the validation shards.
    public var validation: Totals
    /// The document whose end was held out; absent where whole documents are.
    public var validationCut: ValidationCut?
    /// Every file that documents came from.
    public var sources: [Source]
    /// Lines and documents that were left out.
    public var skipped: Skipped

    enum CodingKeys: String, CodingKey {
        case vocabulary, dtype, shards, train, sources, skipped
        case formatVersion = "format_version"
        case endOfText = "end_of_text"
        case endOfTextID = "end_of_text_id"
        case beginTokenID = "begin_token_id"
        case endTokenID = "end_token_id"
        case allowSpecial = "allow_special"
        case validation = "val"
        case validationCut = "val_cut"
    }

    /// The token that a model meets before a text: that before each document or, where none is,
    /// that behind the one before; nil where there is neither.
    public var tokenBeforeTexts: TokenID? {
        let marks = marks
        return marks.begin ?? marks.end
    }

    /// The token by which a model ends a text: that behind each document or, where none is, that
    /// before the next; nil where there is neither.
    public var tokenBehindTexts: TokenID? {
        let marks = marks
        return marks.end ?? marks.begin
    }

    private var marks: DocumentMarks {
        let named = DocumentMarks(begin: beginTokenID, end: endTokenID)
        return named.isEmpty ? DocumentMarks(endOfText, endOfTextID) : named
    }

    /// The sums of a split.
    public func totals(of split: Split) -> Totals {
        split == .train ? train : validation
    }

    /// A fingerprint of the ids and their order: 16 hexadecimal digits. O(shards).
    package var fingerprint: String {
        var hash = XXH64()
        for shard in shards {
            let line = Array("\(shard.name) \(shard.checksum) \(shard.indexChecksum)\n".utf8)
            unsafe hash.update(line.span.bytes)
        }
        return hexadecimal(hash.digest())
    }

    /// For each source the numbers that its documents have in a split, counted over the split's
    /// shards, which hold them in the order of the sources; nil where the manifest does not say.
    /// O(sources).
    func documentNumbers(ofSourcesIn split: Split) -> [Range<Int>]? {
        var end = 0
        var numbers: [Range<Int>] = []
        for source in sources {
            guard let heldOut = source.validationDocuments, (0...source.documents).contains(heldOut)
            else { return nil }
            let count = split == .train ? source.documents - heldOut : heldOut
            numbers.append(end..<end + count)
            end += count
        }
        return end == totals(of: split).documents ? numbers : nil
    }

    /// Every file of the data set in `directory`, the manifest last.
    public func files(in directory: String) -> [String] {
        shards.flatMap { shard in
            let path = directory + "/" + shard.name
            return [path, Self.indexPath(of: path)]
        } + [directory + "/" + Self.fileName]
    }

    /// Reads the manifest of `directory`.
    public init(directory: String) throws(ShardError) {
        let path = directory + "/" + Self.fileName
        let read: Data?
        do throws(FileError) {
            read = try FileSystem.contents(path)
        } catch {
            throw .file(error)
        }
        guard let data = read else {
            let names = (try? FileSystem.namesInDirectory(directory)) ?? []
            if names.contains(where: { $0.hasPrefix(Self.workspacePrefix) }) {
                throw .unfinished(directory: directory)
            }
            let dataSets = names.filter {
                FileManager.default.fileExists(
                    atPath: directory + "/" + $0 + "/" + Self.fileName)
            }
            guard dataSets.isEmpty else {
                throw .severalDataSets(directory: directory, names: dataSets)
            }
            var isDirectory: ObjCBool = false
            let isThere = unsafe FileManager.default.fileExists(
                atPath: directory, isDirectory: &isDirectory)
            guard isThere, isDirectory.boolValue else { throw .noDirectory(path: directory) }
            throw .noManifest(directory: directory)
        }
        do {
            self = try StrictJSON.decodeCounts(ShardManifest.self, from: data)
        } catch {
            throw .badManifest(path: path, reason: decodingReason(error))
        }
        guard (1...Self.currentFormatVersion).contains(formatVersion) else {
            throw .badManifest(path: path, reason: "its format_version is \(formatVersion)")
        }
        // Version 1 had no checksum of its own.
        guard formatVersion == 1 || SealedJSON.isIntact(Array(data)) == true else {
            throw .changedManifest(path: path)
        }
    }

    init(
        vocabulary: VocabularyReference, endOfText: EndOfTextPolicy, endOfTextID: TokenID?,
        dtype: TokenWidth
    ) {
        self.vocabulary = vocabulary
        self.endOfText = endOfText
        self.endOfTextID = endOfTextID
        self.dtype = dtype
        shards = []
        train = Totals()
        validation = Totals()
        sources = []
        skipped = Skipped()
    }

    /// Writes the manifest into `directory`.
    func write(toDirectory directory: String) throws {
        try SealedJSON.write(self, to: directory + "/" + Self.fileName)
    }
}
