public import ArgumentParser
public import Corpora
public import Models
public import Refinement
public import TokenShards
public import Tokenization
import VocabularyFiles
import VocabularyLearning
public import Work

// Values of the libraries that a person can type as they stand.

extension CorpusFormat: ExpressibleByArgument {}
extension PartFormat: ExpressibleByArgument {}
extension CorpusErrorPolicy: ExpressibleByArgument {}
extension DocumentDivision: ExpressibleByArgument {}
extension InvalidUTF8Policy: ExpressibleByArgument {}
extension TableQuotes: ExpressibleByArgument {}
extension VocabularyModel: ExpressibleByArgument {}
extension SplitPattern: ExpressibleByArgument {
    /// Those that a vocabulary can be learned with.
    public static var allValueStrings: [String] { regular.map(\.rawValue) }
}
extension TieRule: ExpressibleByArgument {}
extension EndOfTextPolicy: ExpressibleByArgument {}
extension Split: ExpressibleByArgument {}
extension ExportFormat: ExpressibleByArgument {}
extension VocabularyFormat: ExpressibleByArgument {}
extension VocabularyPreset: ExpressibleByArgument {}
extension GGUFNumberType: ExpressibleByArgument {}
extension WeightFormat: ExpressibleByArgument {}
extension CacheFormat: ExpressibleByArgument {}
extension Precision: ExpressibleByArgument {}

extension SpecialTokenPolicy: ExpressibleByArgument {
    /// Reads `all`, `none`, or names with commas between.
    public init?(argument: String) { self.init(argument) }
}

extension ByteSize: ExpressibleByArgument {
    /// Reads a size such as 512MB.
    public init?(argument: String) { self.init(argument) }
}

extension String {
    /// The text with a new line, a tab and a carriage return for `\\n`, `\\t` and `\\r`, which a
    /// shell does not give as such. O(count).
    var unescaped: String {
        replacing("\\n", with: "\n").replacing("\\t", with: "\t").replacing("\\r", with: "\r")
    }
}

extension [String] {
    /// The arguments with "--top-k -1" as "--top-k=-1": a word that begins with a minus is no value
    /// to the parser, which would say that the value is missing and not what it may be.
    var joiningNegativeNumbers: [String] {
        var result: [String] = []
        for (index, word) in enumerated() {
            if word == "--" { return result + self[index...] }
            if word.hasPrefix("-"), Double(word) != nil, let option = result.last,
                option.hasPrefix("--"), !option.contains("=")
            {
                result[result.count - 1] = option + "=" + word
            } else {
                result.append(word)
            }
        }
        return result
    }

    /// Throws for what the parser would take for something else: a name with a hyphen in front,
    /// whose letters it reads as options, and an output without a name. O(words).
    func checkHyphensAndOutputs() throws {
        var last = ""
        for word in prefix(while: { $0 != "--" }) {
            if word == "--output=" || last == "--output" && word.isEmpty {
                throw ValidationError(
                    "--output names no place; an unset variable of the shell may be meant to")
            }
            let isName =
                word.hasPrefix("-") && word.dropFirst().first?.isLetter == true && word.count > 2
            if isName, !last.hasPrefix("--") || last.contains("=") {
                throw ValidationError(
                    "'\(word)' is no option; put -- before what begins with a hyphen and is none")
            }
            last = word
        }
    }
}
