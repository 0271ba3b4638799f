public import ArgumentParser
public import Corpora
public import TokenShards
public import Tokenization
public import Transformer
import VocabularyFiles
import VocabularyLearning
public import Work

// Values of the libraries that a person can type as they stand.

extension CorpusFormat: ExpressibleByArgument {}
extension CorpusErrorPolicy: ExpressibleByArgument {}
extension DocumentDivision: ExpressibleByArgument {}
extension InvalidUTF8Policy: ExpressibleByArgument {}
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

extension SpecialTokenPolicy: ExpressibleByArgument {
    /// Reads `all`, `none`, or names with commas between.
    public init?(argument: String) { self.init(argument) }
}

extension ByteSize: ExpressibleByArgument {
    /// Reads a size such as 512MB.
    public init?(argument: String) { self.init(argument) }
}
