import ArgumentParser
import Foundation
import Pipeline
import Work

/// Options of several processes that share work and nothing else than a folder.
struct ShareOptions: ParsableArguments {
    @Option(
        name: .long, help: "The number of this process, from 0. (default: the launcher's)",
        transform: Typed.whole(0...1 << 30))
    var rank: Int?

    @Option(
        name: .long, help: "The number of processes. (default: the launcher's, or 1)",
        transform: Typed.whole(.counts))
    var world: Int?

    /// The share that is asked for, or that of the launcher, and where its rank was found.
    func find() throws -> (share: WorkShare, origin: String?) {
        try WorkShare.find(
            rank: rank, world: world, environment: ProcessInfo.processInfo.environment)
    }
}
