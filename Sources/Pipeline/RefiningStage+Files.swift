import Corpora
import Refinement

extension RefinementReport {
    /// The files of a result in `directory`.
    func files(in directory: String) -> [String] {
        (parts.map(\.name) + [RefinedDirectory.reportName]).map { directory + "/" + $0 }
    }
}

extension CorpusConfiguration {
    /// How the result of refining this corpus is read, given the files that it consists of.
    func refined(files: [String]) -> CorpusConfiguration {
        CorpusConfiguration(
            // Not the directory, which may hold those of sources as well.
            inputs: files.filter { !$0.hasSuffix("/" + RefinedDirectory.reportName) },
            format: .jsonl, validationFraction: validationFraction,
            // Escapes make a text up to six times as long, and its place is added.
            maximumDocumentByteCount: 6 * maximumDocumentByteCount + (64 << 10))
    }
}
