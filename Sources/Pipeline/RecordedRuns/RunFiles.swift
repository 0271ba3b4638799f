/// Files that the stages of a run have made, as its records name them.
package struct RunFiles {
    private let ledger: StageLedger

    /// The files of the run in `directory`; none where it has no records. O(files).
    package init(runDirectory directory: String) { ledger = StageLedger(directory: directory) }

    /// The files of `stage` with the last name `name`, by source; the key of a stage without
    /// sources is empty.
    package func files(of stage: Stage, named name: String) -> [String: String] {
        ledger.outputs(of: stage).compactMapValues { paths in
            paths.first { $0 == name || $0.hasSuffix("/" + name) }
        }
    }
}
