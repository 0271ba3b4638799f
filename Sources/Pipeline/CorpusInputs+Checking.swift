import Corpora

extension CorpusInputs {
    /// Throws if what is made at one of `outputs` would be read as text, and tells what in the folders is not
    /// read. O(files).
    ///
    /// - Parameter quarantinePath: where what cannot be read is kept, if it is.
    func check(
        outputs: [String?], quarantinePath: String? = nil, report: (PipelineEvent) -> Void
    ) throws(PipelineError) {
        for case let output? in outputs + [
            quarantinePath, quarantinePath.map(Quarantine.reasonsPath),
        ] {
            if let input = input(meeting: output) {
                throw .outputIsInput(output: output, input: input)
            }
        }
        guard !leftOut.isEmpty else { return }
        let names = leftOut.prefix(3).joined(separator: ", ")
        let more = leftOut.count > 3 ? " and \(leftOut.count - 3) more" : ""
        report(
            .notice(
                "not read: \(names)\(more); of a folder, files are read whose names end in that of a "
                    + "format, and links to folders are not followed"))
    }
}
