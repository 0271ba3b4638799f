import Files
import Pipeline
import Training

/// A run that a report is to show, where it lies, and what kind of files it has.
public struct RunPlace: Sendable, Equatable {
    /// Its name in the report.
    public var name: String
    /// Its directory.
    public var directory: String
    /// Whether it has nothing but event files, as runs of other programs have.
    public var isForeign: Bool

    /// A run of Quern's in `directory`.
    public init(name: String, directory: String) {
        (self.name, self.directory, isForeign) = (name, directory, false)
    }

    /// The runs that `name` stands for: a run, a checkpoint of it, a comparison, which stands for
    /// each of its models, or a directory or a file of TensorBoard's events.
    ///
    /// - Throws: `PipelineError.noRun`.
    public static func places(named name: String) throws -> [RunPlace] {
        do {
            return try RecordedRun.places(named: name).map {
                RunPlace(name: $0.name, directory: $0.directory)
            }
        } catch PipelineError.noRun {
            let path = name.count > 1 && name.hasSuffix("/") ? String(name.dropLast()) : name
            guard !eventFiles(at: path).isEmpty else { throw PipelineError.noRun(path: name) }
            var place = RunPlace(name: path, directory: path)
            place.isForeign = true
            return [place]
        }
    }

    /// The event files in the directory `path`, or the one of this name, the oldest first.
    static func eventFiles(at path: String) -> [String] {
        let mark = "events.out.tfevents."
        if let last = path.split(separator: "/").last, last.contains(mark) {
            return FileSystem.isMissing(path) ? [] : [path]
        }
        let names = (try? FileSystem.namesInDirectory(path)) ?? []
        return names.filter { $0.contains(mark) }.sorted().map { path + "/" + $0 }
    }

    /// `path`, which a run has recorded as it was named where the run began, as it is found from
    /// here; nil where it is not.
    func found(_ path: String) -> String? {
        if !FileSystem.isMissing(path) { return path }
        guard !path.hasPrefix("/") else { return nil }
        // A run lies in a directory of runs, or one deeper, beside the others.
        var above = directory
        for _ in 0..<3 {
            above = FileSystem.parentDirectory(of: above)
            let candidate = above + "/" + path
            if !FileSystem.isMissing(candidate) { return candidate }
        }
        return nil
    }
}
