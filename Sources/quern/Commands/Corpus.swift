import ArgumentParser

/// `quern corpus`
struct Corpus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Clean a corpus, or rewrite it.",
        subcommands: [CorpusRefine.self, CorpusPack.self])
}
