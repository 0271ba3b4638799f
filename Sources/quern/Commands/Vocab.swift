import ArgumentParser

/// `quern vocab`
struct Vocab: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Learn a vocabulary, or look at one.",
        subcommands: [
            VocabTrain.self, VocabCount.self, VocabMergeCounts.self, VocabLearn.self,
            VocabShow.self,
        ])
}
