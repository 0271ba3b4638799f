import ArgumentParser
import Pipeline
import TokenShards
import Work

/// `quern shards finish`
struct ShardsFinish: ParsableCommand, MessagingCommand, CommandWithExamples {
    static let configuration = CommandConfiguration(
        commandName: "finish",
        abstract: "Make a data set of the parts that several processes encoded.",
        discussion: """
            Checks that all parts are there, names those that are not with their ranks, gives the \
            shards their numbers and writes the manifest. The bytes do not depend on how many \
            processes there were. `quern encode` in a single process does this by itself.
            """)

    static let examples: [Example] = [
        """
        mpirun -n 4 quern encode --vocab vocab/web --output shards/web web \
        && quern shards finish shards/web
        """
    ]

    @Argument(help: "The data set: shards/kjv, or kjv.", completion: .directory)
    var directory: String

    @Flag(name: .long, help: "Replace another data set that is in the directory.")
    var overwrite = false

    @OptionGroup var result: ResultOptions
    @OptionGroup var messages: MessageOptions

    func run() throws {
        let printer = ProgressPrinter(form: messages.form)
        let directory = ShardPlace.unfinishedPath(of: directory)
        let manifest = try EncodeStage.finish(
            directory: directory, overwrites: overwrite,
            work: WorkContext(threadCount: 1, report: printer.show))
        var report = Report()
        report.add(manifest, directory: directory)
        try result.write(report)
    }
}
