import ArgumentParser

/// `quern model`
struct Model: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Exchange a model with other programs, or look at one.",
        subcommands: [ModelImportCommand.self, ModelExportCommand.self, ModelShow.self])
}
