import ArgumentParser
import Refinement
import Work

/// Refinement: which texts are left out of a corpus, and in which order the rest stands.
struct RefiningOptions: ParsableArguments {
    @Option(
        name: .long, help: "The least bytes of a document.", transform: Typed.whole(0...1 << 50))
    var minBytes: Int?

    @Option(name: .long, help: "The most bytes of a document.", transform: Typed.whole(0...1 << 50))
    var maxBytes: Int?

    @Option(
        name: .long, help: "The least words of a document.", transform: Typed.whole(0...1 << 50))
    var minWords: Int?

    @Option(name: .long, help: "The most words of a document.", transform: Typed.whole(0...1 << 50))
    var maxWords: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The greatest share of lines that stood in the document before (Gopher: 0.3).",
            valueName: "share"), transform: Typed.real(.real(0...1)))
    var maxRepeatedLines: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The greatest share of bytes in such lines (Gopher: 0.2).", valueName: "share"),
        transform: Typed.real(.real(0...1)))
    var maxRepeatedLineBytes: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            The greatest share of ASCII digits, punctuation and control characters, of all that is \
            not white space.
            """, valueName: "share"), transform: Typed.real(.real(0...1)))
    var maxNonLetters: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Published rules of quality, with commas between: gopher-quality, gopher-repetition, \
            c4, fineweb, or single rules of these, such as gopher-stop-words. NAME=LIMIT sets \
            another limit, NAME=off leaves one out.
            """, valueName: "rules"))
    var rules: String?

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Remove documents that share 13 words in a row with a text of these files: JSON lines, \
            or a text a line.
            """, valueName: "file"), completion: .file())
    var decontaminate: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "With --decontaminate: the words in a row. (default: 13)", valueName: "words"),
        transform: Typed.whole(1...1_000))
    var decontaminationWords: Int?

    @Option(
        name: .long, parsing: .upToNextOption,
        help: ArgumentHelp(
            """
            Remove documents that are the same as one of these other corpora, or with \
            --remove-near-duplicates nearly the same: files and folders, such as what an earlier \
            run has refined.
            """, valueName: "corpus"), completion: .directory)
    var against: [String] = []

    @Option(
        name: .long,
        help: ArgumentHelp(
            "Fields of JSON, such as id,url, that are kept in the lines of the result.",
            valueName: "names"))
    var keepFields: String?

    @Flag(
        name: .long, inversion: .prefixedNo,
        help: "Remove documents with the same bytes as an earlier one, or not.")
    var removeDuplicates = true

    @Flag(name: .long, help: "Remove documents that are nearly the same as an earlier one.")
    var removeNearDuplicates = false

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            With --remove-near-duplicates: the share of equal MinHash values from which documents \
            are nearly the same; with 0 a band is enough. (default: \
            \(NearDuplicateRule().similarity))
            """, valueName: "share"), transform: Typed.real(.real(0...1)))
    var nearDuplicateSimilarity: Double?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            With --remove-near-duplicates: the words of the runs whose sets are compared. \
            (default: \(NearDuplicateRule().shingleWordCount))
            """, valueName: "words"), transform: Typed.whole(1...1_000))
    var shingleWords: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            With --remove-near-duplicates: bands of a MinHash signature; documents that agree in \
            one are compared. (default: \(NearDuplicateRule().bandCount))
            """, valueName: "bands"), transform: Typed.whole(1...1_000))
    var minhashBands: Int?

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            With --remove-near-duplicates: MinHash values in a band. \
            (default: \(NearDuplicateRule().rowCount))
            """, valueName: "values"), transform: Typed.whole(1...100))
    var minhashRows: Int?

    @Flag(name: .long, help: "Put the documents into a random order that --shuffle-seed decides.")
    var shuffle = false

    @Option(name: .long, help: "With --shuffle: the seed. (default: 0)", transform: Typed.seed)
    var shuffleSeed: UInt64?

    @Option(
        name: .long,
        help: "The form of the parts: JSON lines in zstd, or Parquet with the same columns.")
    var partFormat = RefinementConfiguration().partFormat

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            The size of the lines in a part, before compression. \
            (default: \(ByteSize(byteCount: RefinementConfiguration().partByteCount)))
            """,
            valueName: "size"), transform: Typed.size(.fileSizes))
    var partBytes = ByteSize(byteCount: RefinementConfiguration().partByteCount)

    @Option(
        name: .long,
        help: ArgumentHelp(
            "The memory to use, such as 512MB or 4GiB. The result is the same.", valueName: "size"),
        transform: Typed.size(ByteSize.memoryRange))
    var memory = RefinementConfiguration().memory

    @Option(
        name: .long,
        help: ArgumentHelp(
            """
            Where what does not fit into memory goes. (default: beside the output; for standard \
            output the system's temporary directory)
            """, valueName: "directory"), completion: .directory)
    var scratchDirectory: String?

    func validate() throws {
        if !removeNearDuplicates {
            for (name, isGiven) in [
                ("near-duplicate-similarity", nearDuplicateSimilarity != nil),
                ("shingle-words", shingleWords != nil),
                ("minhash-bands", minhashBands != nil), ("minhash-rows", minhashRows != nil),
            ] where isGiven {
                throw ValidationError("--\(name) needs --remove-near-duplicates")
            }
        }
        if decontaminationWords != nil, decontaminate.isEmpty {
            throw ValidationError("--decontamination-words needs --decontaminate")
        }
        if !against.isEmpty, !removeDuplicates, !removeNearDuplicates {
            throw ValidationError(
                "--against needs --remove-duplicates or --remove-near-duplicates")
        }
        if shuffleSeed != nil, !shuffle {
            throw ValidationError("--shuffle-seed needs --shuffle")
        }
    }

    /// The configuration that the options describe.
    var configuration: RefinementConfiguration {
        var configuration = RefinementConfiguration()
        configuration.filter.minimumByteCount = minBytes
        configuration.filter.maximumByteCount = maxBytes
        configuration.filter.minimumWordCount = minWords
        configuration.filter.maximumWordCount = maxWords
        configuration.filter.maximumRepeatedLineShare = maxRepeatedLines
        configuration.filter.maximumRepeatedLineByteShare = maxRepeatedLineBytes
        configuration.filter.maximumNonLetterShare = maxNonLetters
        configuration.rules = (rules ?? "").split(separator: ",").map(String.init)
        configuration.evaluationPaths = decontaminate
        configuration.otherPaths = against
        configuration.keptFields = (keepFields ?? "").split(separator: ",").map(String.init)
        if let decontaminationWords { configuration.evaluationWordCount = decontaminationWords }
        configuration.removesDuplicates = removeDuplicates
        configuration.removesNearDuplicates = removeNearDuplicates
        if let nearDuplicateSimilarity {
            configuration.nearDuplicates.similarity = nearDuplicateSimilarity
        }
        if let shingleWords { configuration.nearDuplicates.shingleWordCount = shingleWords }
        if let minhashBands { configuration.nearDuplicates.bandCount = minhashBands }
        if let minhashRows { configuration.nearDuplicates.rowCount = minhashRows }
        configuration.shuffles = shuffle
        if let shuffleSeed { configuration.shuffleSeed = shuffleSeed }
        configuration.partFormat = partFormat
        configuration.partByteCount = partBytes.byteCount
        configuration.memory = memory
        configuration.scratchDirectory = scratchDirectory
        return configuration
    }
}
