import ArgumentParser
import Pipeline

/// Which pipeline, and what is set beside its file.
struct PipelineOptions: ParsableArguments {
    @Option(
        name: .long,
        help: ArgumentHelp(
            "Set a key of the configuration, for example --set training.batch_size=8. May be repeated.",
            valueName: "section.key=value"))
    var set: [String] = []

    func configuration(path: String?) throws -> PipelineConfiguration {
        try PipelineConfiguration(path: path, settings: set)
    }
}
