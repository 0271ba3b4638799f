import Files
import Foundation
import Pipeline
import Reports
import Work

extension ReportOptions {
    /// The keeper of the report of the run in `directory`, which the command makes.
    ///
    /// - Parameter description: path of the pipeline's description; nil for none.
    func reportKeeper(
        of directory: String, description: String?, _ printer: ProgressPrinter
    ) -> ReportKeeper {
        // What is larger is no description that a person would read.
        let text = description.flatMap { FileManager.default.contents(atPath: $0) }
            .flatMap { $0.count <= 65_536 ? String(decoding: $0, as: UTF8.self) : nil }
        // What could not be written is said in any case.
        let isQuiet = form == .none
        return ReportKeeper(
            directory: directory, program: Quern.version,
            command: ["quern"] + CommandLine.arguments.dropFirst(), description: text,
            threadCount: threadCount,
            notice: { text in
                if isQuiet {
                    Terminal.writeMessage("note: \(text)\n")
                } else {
                    printer.show(.notice(text))
                }
            })
    }

    /// Writes the report of the models of a comparison, or of the trials of a sweep, beside them.
    /// It is no part of the result: where it cannot be written, a notice says so.
    ///
    /// - Returns: the page; nil where it is not written.
    @discardableResult
    func writeReport(
        ofRunsIn directory: String, _ printer: ProgressPrinter, _ work: WorkContext<PipelineEvent>
    ) -> String? {
        let path = directory + "/" + ReportFiles.pageName
        do {
            try ReportFiles(RunPlace.places(named: directory), work: work).write(to: path)
            return path
        } catch {
            printer.notice("the report is not written, and all else is: \(error)")
            return nil
        }
    }
}
