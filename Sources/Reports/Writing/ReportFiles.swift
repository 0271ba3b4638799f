public import Files
import Foundation
public import Pipeline
import Training
public import Work

/// Writes reports: a page for people, `report.html`, and the same in short for a pull request,
/// `report.md`.
///
/// ```swift
/// let places = try RunPlace.places(named: "runs/kjv")
/// let report = try ReportFiles(places, work: WorkContext())
/// try report.write(to: "runs/kjv/report.html")
/// ```
public struct ReportFiles {
    /// Name of the page beside a run.
    public static let pageName = "report.html"
    /// Name of the summary beside a run.
    public static let summaryName = "report.md"

    /// By this a page is known again.
    static let generator = "Quern, report of runs"
    /// By this a summary is known again.
    static let markdownMark = "<!-- \(generator) -->"

    /// Pages as this module writes them.
    public static let pageKind = FileKind("a report of runs") { front, _ in
        let mark = Array("name=\"generator\" content=\"\(generator)\"".utf8)
        return front.starts(with: Array("<!DOCTYPE html>".utf8))
            && front.indices.contains { front[$0...].starts(with: mark) }
    }
    /// Summaries as this module writes them.
    public static let summaryKind = FileKind("a summary of runs", fronts: [markdownMark])

    /// The page.
    public let page: [UInt8]
    /// The page in short.
    public let summary: String
    /// What could not be read or measured, a sentence each.
    public let notes: [String]

    /// The report of the runs at `places`, of which is measured what was not measured yet.
    ///
    /// - Parameters:
    ///   - places: the runs, at least one.
    ///   - isMeasured: whether what needs the shards and the model is measured, where it was not
    ///     or they are others now. It is kept beside the run unless another process works there or
    ///     nothing can be written.
    ///   - work: threads, on whose number the report does not depend, and the signal to stop.
    /// - Throws: `PipelineError.noRun` and, when stopped by request,
    ///   `PipelineError.interrupted`.
    public init(
        _ places: [RunPlace], isMeasured: Bool = true, work: WorkContext<PipelineEvent>
    ) throws {
        var notes: [String] = []
        let runs = try places.map { place in
            var run = try RunReport(place)
            if isMeasured, !place.isForeign {
                run.measurements = try Self.measurements(of: place, work, &notes)
            }
            return run
        }
        page = ReportPage(runs: runs).html
        summary = ReportSummary(runs: runs).markdown
        self.notes = notes + runs.flatMap { run in run.notes.map { "\(run.place.name): \($0)" } }
    }

    private static func measurements(
        of place: RunPlace, _ work: WorkContext<PipelineEvent>, _ notes: inout [String]
    ) throws -> RunMeasurements? {
        do {
            // Without the claim another process may be training, and will measure at its end.
            let claim = try CheckpointStore(runDirectory: place.directory).claim()
            defer { withExtendedLifetime(claim) {} }
            return try RunMeasurements.measure(place, isKept: true, work: work, notes: &notes)
        } catch TrainingError.runInUse, FileError.inUse {
            notes.append(
                "\(place.directory) is being worked on: what needs the model is measured when "
                    + "that is done")
        } catch let error as FileError {
            notes.append("what was measured cannot be kept in \(place.directory): \(error)")
            return try RunMeasurements.measure(place, isKept: false, work: work, notes: &notes)
        }
        return RunMeasurements(runDirectory: place.directory)
    }

    /// Writes the page as the file `path`, and the summary beside it under the same name with the
    /// ending `.md`.
    ///
    /// - Parameters:
    ///   - path: the file of the page.
    ///   - overwrites: whether a file of another kind gives way.
    /// - Returns: the two files.
    /// - Throws: `FileError`, also where a file of another kind is in the way.
    @discardableResult
    public func write(to path: String, overwrites: Bool = false) throws(FileError) -> [String] {
        let summaryPath = Self.summaryPath(beside: path)
        let claims = [
            try OutputClaim(
                path, .replaced, making: .file(Self.pageKind, overwrites: overwrites)),
            try OutputClaim(
                summaryPath, .replaced, making: .file(Self.summaryKind, overwrites: overwrites)),
        ]
        defer { withExtendedLifetime(claims) {} }
        // What is there already keeps its time.
        if FileSystem.contentsIfReadable(path) != Data(page) {
            try unsafe FileReplacement.write(page.span.bytes, to: path)
        }
        if FileSystem.contentsIfReadable(summaryPath) != Data(summary.utf8) {
            try FileReplacement.write(summary, to: summaryPath)
        }
        return [path, summaryPath]
    }

    /// The path of the summary that belongs to a page.
    public static func summaryPath(beside page: String) -> String {
        let stem = page.hasSuffix(".html") ? String(page.dropLast(5)) : page
        return stem + ".md"
    }
}
