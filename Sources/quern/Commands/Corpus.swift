import ArgumentParser

/// `quern corpus`
struct Corpus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Rewrite a corpus.",
        subcommands: [CorpusPack.self])
}
