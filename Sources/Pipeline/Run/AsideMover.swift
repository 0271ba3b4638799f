import Files
import Foundation
import Training

/// Moves results aside, beside their own names: `runs/kjv` to `runs/kjv-2026-11-29T14-05-step-600`.
///
/// A move is one durable renaming, and never onto something. What lies in the directory stays as it
/// is, links included, since those of a run are relative.
struct AsideMover {
    /// Part of a new name behind the old one.
    let suffix: String
    /// Claim of the run's directory that the caller holds; nil for moving a run to take one.
    let claim: OutputClaim?

    /// A mover whose names say the minute, in local time, and what was moved.
    ///
    /// - Parameters:
    ///   - steps: steps of the model that is moved, or whose data is; nil where there is none.
    ///   - claim: the claim of the run's directory that the caller holds.
    ///   - paths: what may be moved: the names of all of it end alike, so that what belongs
    ///     together can be told.
    ///   - date: the moment.
    init(
        steps: Int?, claim: OutputClaim? = nil, together paths: [String] = [], date: Date = Date()
    ) {
        self.claim = claim
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.calendar = Calendar(identifier: .gregorian)
        formatter.dateFormat = "yyyy-MM-dd'T'HH-mm"
        let wish = "-" + formatter.string(from: date) + (steps.map { "-step-\($0)" } ?? "")
        var (suffix, number) = (wish, 1)
        while paths.contains(where: { FileManager.default.fileExists(atPath: $0 + suffix) }) {
            number += 1
            suffix = "\(wish)-\(number)"
        }
        self.suffix = suffix
    }

    /// Moves the directory `path`, if it is there.
    ///
    /// - Parameter stays: what has to stay below the old name, for work goes on in it, as paths
    ///   seen from the directory.
    /// - Returns: the new path; nil where there was nothing to move.
    func move(_ path: String, leaving stays: [String] = []) throws -> String? {
        let manager = FileManager.default
        guard manager.fileExists(atPath: path) else { return nil }
        try Self.checkNoLink(path)
        var (place, number) = (path + suffix, 1)
        // A directory that is made here belongs to nobody else, and a renaming may replace an
        // empty one.
        while !Self.claims(place) {
            number += 1
            place = "\(path)\(suffix)-\(number)"
        }
        do { try FileSystem.renameFile(path, to: place) } catch {
            if (try? FileSystem.namesInDirectory(place)) == [] {
                try? FileSystem.removeItem(place)
            }
            throw error
        }
        // The claim on an output is held on its file, which other processes look for here.
        for name in stays + [OutputClaim.lockName]
        where manager.fileExists(atPath: place + "/" + name) {
            try FileSystem.makeDirectory(FileSystem.parentDirectory(of: path + "/" + name))
            try FileSystem.renameFile(place + "/" + name, to: path + "/" + name)
        }
        return place
    }

    /// Throws if `path` is a link: what it leads to may be meant to stay where it is, on another
    /// disk.
    static func checkNoLink(_ path: String) throws(FileError) {
        guard let target = try? FileManager.default.destinationOfSymbolicLink(atPath: path) else {
            return
        }
        throw .failed(
            operation: "move aside", path: path,
            reason: """
                it is a link to \(target), and links are not moved aside: rename what it leads to \
                and point it to a new directory, or choose another name
                """)
    }

    /// Makes the directory `path`; false if there is something of that name.
    private static func claims(_ path: String) -> Bool {
        if FileManager.default.fileExists(atPath: path) { return false }
        let made: Void? = try? FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false)
        // Where it cannot be made at all, the renaming says why.
        return made != nil || !FileManager.default.fileExists(atPath: path)
    }

    /// Moves the run in `directory`, with the runs in it, if no other process trains one of them,
    /// and leaves behind it a directory that holds nothing but what a new run may begin with: the
    /// records of the stages before the model, plans, and of a compared one the speed that was
    /// measured.
    ///
    /// - Returns: the new path; nil where there was nothing to move.
    func moveRun(_ directory: String) throws -> String? {
        guard FileManager.default.fileExists(atPath: directory) else { return nil }
        let runs = try FileSystem.namesInDirectory(directory).map { directory + "/" + $0 }
            .filter { FileManager.default.fileExists(atPath: $0 + "/" + OutputClaim.lockName) }
        // Their locks would move with them: they are let go at once.
        for run in runs { _ = try CheckpointStore(runDirectory: run).claim() }
        let claim =
            try claim?.path == directory
            ? claim : CheckpointStore(runDirectory: directory).claim()
        return try withExtendedLifetime(claim) {
            guard let place = try move(directory) else { return nil }
            try FileSystem.makeDirectory(directory)
            try StageLedger(directory: place).carryOver(to: directory)
            let names = try FileSystem.namesInDirectory(place).filter {
                $0 == MeasuredSpeed.fileName || $0.hasPrefix(RunPlan.filePrefix)
            }
            for name in names {
                let file = try MappedFile(path: place + "/" + name)
                try file.withBytes { try FileReplacement.write($0, to: directory + "/" + name) }
            }
            return place
        }
    }
}
