import Bytes
import Corpora
import Files
import Foundation
import TokenShards

/// What was done of a part before, by its files: by their names and sizes without a look into them,
/// and by their bytes when anything else about them has changed.
extension PartEncoding {
    /// Whether the part is done already. O(files), or O(their bytes) when they were touched, moved
    /// or named otherwise since: then their bytes tell whether they are the same.
    func isDone() throws -> Bool {
        guard var journal = workspace.journal(ofPart: number), let completion = journal.completion,
            (try? journal.shards.checkSizes(
                in: workspace.directory(ofPart: number), format: workspace.plan.format)) != nil,
            isAllowed(completion.skipped)
        else { return false }
        if workspace.isUntouched(journal, part: number) { return true }
        guard let inputs = try sameInputs(as: journal) else { return false }
        let lock = try lock()
        journal.rename(to: inputs)
        try journal.write(toDirectory: workspace.directory(ofPart: number))
        surroundings.afterStep()
        return withExtendedLifetime(lock) { true }
    }

    /// Whether a part that left that out may stay. Where nothing may be left out, or all of it is
    /// to be kept, the part is read again.
    private func isAllowed(_ skipped: ShardManifest.Skipped) -> Bool {
        guard skipped.lines > 0 || skipped.brokenFiles != nil else { return true }
        guard quarantine != nil else { return corpus.onError != .fail }
        let kept = workspace.quarantinePath(ofPart: number)
        return skipped.quarantinedLines ?? 0 == skipped.lines
            && [kept, Quarantine.reasonsPath(kept)].allSatisfy {
                FileManager.default.fileExists(atPath: $0)
            }
    }

    /// The files of the plan, if their bytes are those of the journal's.
    private func sameInputs(as journal: PartJournal) throws -> [PartJournal.Input]? {
        let inputs = workspace.plan.parts[number]
        // Messages of what was left out have the paths in them.
        guard
            journal.completion?.skipped.examples.isEmpty == true
                || journal.inputs.map(\.path) == inputs.map(\.path)
        else { return nil }
        var same: [PartJournal.Input] = []
        for (before, input) in zip(journal.inputs, inputs) {
            guard let checksum = before.checksum else { return nil }
            var input = input
            input.checksum =
                before.isUntouched(since: input) ? checksum : try self.checksum(of: input)
            guard input.checksum == checksum else { return nil }
            same.append(input)
        }
        return same
    }

    /// The XXH64 of a file, or of the part of it that is read, as it is stored; nil for one that
    /// cannot be read or is not as it was planned, and for a pipe. O(bytes).
    func checksum(of input: PartJournal.Input) throws -> String? {
        guard input.bytes != nil else { return nil }
        var hash = XXH64()
        do {
            let range = input.share.map { $0.offset..<$0.offset + $0.bytes }
            var file = try InputFile(path: input.path, range: range)
            var buffer = [UInt8](repeating: 0, count: 1 << 20)
            while case let count = try file.read(into: &buffer, from: 0), count > 0 {
                unsafe hash.update(buffer.span.extracting(first: count).bytes)
                try work.checkStop()
            }
        } catch is FileError {
            return nil
        }
        guard EncodingPlan.input(asNow: input) == input else { return nil }
        return hexadecimal(hash.digest())
    }

    /// Keeps other processes off the part.
    func lock() throws -> FileLock {
        let path = workspace.directory(ofPart: number) + ".lock"
        guard let lock = try FileLock(path: path, .exclusive) else {
            throw PipelineError.busy(directory: workspace.directory(ofPart: number))
        }
        return lock
    }
}
