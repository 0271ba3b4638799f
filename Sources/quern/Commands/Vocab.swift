import ArgumentParser

/// `quern vocab`
struct Vocab: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn a vocabulary, exchange one with other programs, or look at one.",
        subcommands: [
            VocabTrain.self, VocabCount.self, VocabMergeCounts.self, VocabLearn.self,
            VocabImport.self, VocabExport.self, VocabShow.self, VocabCompare.self,
        ])
}
