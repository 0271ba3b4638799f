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

/// `quern corpus`
struct Corpus: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Clean a corpus, or rewrite it.",
        subcommands: [CorpusRefine.self, CorpusPack.self])
}

/// `quern model`
struct Model: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Exchange a model with other programs, or look at one.",
        subcommands: [ModelImportCommand.self, ModelExportCommand.self, ModelShow.self])
}

/// `quern shards`
struct Shards: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Look at a data set, check it, finish or export it.",
        subcommands: [
            ShardsShow.self, ShardsVerify.self, ShardsFinish.self, ShardsExport.self,
        ])
}
