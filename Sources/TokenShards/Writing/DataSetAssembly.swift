import Bytes
import Files
import Foundation

/// Makes a data set of finished parts: gives their shards the last names and writes the manifest.
///
/// ``commit(parts:format:sources:skipped:validationCut:from:willReplace:)`` first writes down what
/// is going to be renamed. From then on the new data set is whole, and
/// ``complete(from:to:afterStep:)`` brings it in place however often it is killed and called again:
/// every step of it can be done twice. Until then, the data set that was in the directory before is
/// untouched.
package enum DataSetAssembly {
    static let fileName = "assembly.json"
    /// Prefix of the name that a workspace has while it is removed.
    private static let remainsPrefix = ".removed-"

    /// Steps that are to be done.
    private struct Plan: Codable {
        var manifest: ShardManifest
        /// For each shard of the manifest where it lies, seen from the workspace.
        var origins: [String]
    }

    /// Writes down how the shards of `parts` make a data set.
    ///
    /// - Parameters:
    ///   - parts: in order, the directory of each in `workspace`, and what is in it.
    ///   - format: the format that all shards have in common.
    ///   - sources: the files that documents came from, for the manifest.
    ///   - skipped: counts of what was left out, for the manifest.
    ///   - validationCut: the document whose end was held out, for the manifest.
    ///   - workspace: a directory in the data set's own, which goes when all is done.
    ///   - willReplace: called with the manifest before anything is written; what it throws leaves
    ///     the parts and what is in the directory as they are.
    package static func commit(
        parts: [(directory: String, state: PartState)], format: ShardFormat,
        sources: [ShardManifest.Source], skipped: ShardManifest.Skipped,
        validationCut: ShardManifest.ValidationCut? = nil, from workspace: String,
        willReplace: (ShardManifest) throws -> Void = { _ in }
    ) throws {
        var manifest = format.manifest
        var origins: [String] = []
        var counts: [Split: Int] = [:]
        for part in parts {
            for var shard in part.state.shards {
                origins.append(part.directory + "/" + shard.name)
                shard.name = ShardManifest.shardName(
                    number: counts[shard.split, default: 0], split: shard.split)
                counts[shard.split, default: 0] += 1
                manifest.shards.append(shard)
            }
            manifest.train += part.state.train
            manifest.validation += part.state.validation
        }
        guard !manifest.shards.isEmpty else { throw ShardError.noDocuments }
        manifest.sources = sources
        manifest.skipped = skipped
        manifest.validationCut = validationCut
        try checkReplaceable(FileSystem.parentDirectory(of: workspace))
        try willReplace(manifest)
        try FileReplacement.writeJSON(
            Plan(manifest: manifest, origins: origins), to: workspace + "/" + fileName)
    }

    /// Whether something was committed in `workspace` and is not complete.
    package static func isCommitted(in workspace: String) -> Bool {
        FileManager.default.fileExists(atPath: workspace + "/" + fileName)
    }

    /// Brings what was committed in `workspace` to `directory`, in place of the data set there.
    /// What is left of the workspace is then for ``removeRemains(in:)``.
    ///
    /// - Parameters:
    ///   - workspace: the directory that
    ///     ``commit(parts:format:sources:skipped:validationCut:from:willReplace:)`` was given.
    ///   - directory: the data set's.
    ///   - afterStep: called after each change of the directory.
    package static func complete(
        from workspace: String, to directory: String, afterStep: () -> Void = {}
    ) throws -> ShardManifest {
        let manager = FileManager.default
        let path = workspace + "/" + fileName
        guard let data = FileSystem.contentsIfReadable(path) else {
            throw ShardError.unfinished(directory: directory)
        }
        let plan: Plan
        do {
            plan = try StrictJSON.decodeCounts(Plan.self, from: data)
        } catch {
            throw ShardError.badManifest(path: path, reason: decodingReason(error))
        }

        let manifestPath = directory + "/" + ShardManifest.fileName
        if manager.fileExists(atPath: manifestPath) {
            try FileSystem.removeItem(manifestPath)
            try FileSystem.syncDirectory(containing: manifestPath)
            afterStep()
        }
        for (shard, origin) in zip(plan.manifest.shards, plan.origins) {
            for change in [ShardManifest.indexPath(of:), { $0 }] {
                let (old, new) = (
                    workspace + "/" + change(origin), directory + "/" + change(shard.name)
                )
                // A file that is no longer there was renamed before the last interruption.
                if manager.fileExists(atPath: old) {
                    try FileSystem.moveFile(old, to: new)
                    afterStep()
                }
            }
        }
        try removeShards(in: directory, except: plan.manifest)
        try FileSystem.syncDirectory(containing: manifestPath)
        afterStep()
        try plan.manifest.write(toDirectory: directory)
        afterStep()
        try retire(workspace)
        afterStep()
        return plan.manifest
    }

    /// Takes its name from `workspace`, so that no process finds it any more.
    ///
    /// A lock that lies in it stays open until its owner lets go of it, and FUSE and NFS remove no
    /// directory with an open file: therefore ``removeRemains(in:)`` is a step of its own.
    package static func retire(_ workspace: String) throws {
        let directory = FileSystem.parentDirectory(of: workspace)
        try removeRemains(in: directory)
        let name = workspace.dropFirst(directory.count + 1)
        try FileSystem.moveFile(workspace, to: directory + "/" + remainsPrefix + name)
    }

    /// Removes the workspaces in `directory` that were retired, by this process, which has no file
    /// open in them any more, or by one that was killed.
    package static func removeRemains(in directory: String) throws {
        for name in try FileSystem.namesInDirectory(directory)
        where name.hasPrefix(remainsPrefix + ShardManifest.workspacePrefix) {
            try FileSystem.removeItem(directory + "/" + name)
        }
    }

    /// Throws ``ShardError/notOurs(path:)`` if a file in `directory` that a new data set would
    /// remove or replace was not written by Quern: neither does the manifest there name it, nor has
    /// it a header of ours. O(files).
    package static func checkReplaceable(_ directory: String) throws {
        let manager = FileManager.default
        guard manager.fileExists(atPath: directory) else { return }
        let manifestPath = directory + "/" + ShardManifest.fileName
        var known: Set<String> = []
        if manager.fileExists(atPath: manifestPath) {
            let data = FileSystem.contentsIfReadable(manifestPath) ?? Data()
            if let manifest = try? StrictJSON.decode(ShardManifest.self, from: data) {
                known = Set(manifest.files(in: directory))
            } else if SealedJSON.isIntact(Array(data)) == nil {
                throw ShardError.notOurs(path: manifestPath)
            }
        }
        for name in try FileSystem.namesInDirectory(directory) where ShardManifest.isShardFile(name)
        {
            let path = directory + "/" + name
            guard !known.contains(path), !hasOwnHeader(path) else { continue }
            throw ShardError.notOurs(path: path)
        }
    }

    /// Whether a file begins as a shard or an index of ours does.
    private static func hasOwnHeader(_ path: String) -> Bool {
        guard let file = try? MappedFile(path: path) else { return false }
        return file.withBytes { bytes in
            let magic = DocumentIndex.magic
            guard bytes.byteCount >= magic.count else { return false }
            if magic.indices.allSatisfy({ bytes.byte(at: $0) == magic[$0] }) { return true }
            return ShardHeader.isOurs(bytes)
        }
    }

    /// Removes the shards from `directory` that `manifest` does not name, and nothing else.
    private static func removeShards(
        in directory: String, except manifest: ShardManifest
    ) throws {
        let kept = Set(manifest.files(in: directory))
        for name in try FileSystem.namesInDirectory(directory) where ShardManifest.isShardFile(name)
        {
            let path = directory + "/" + name
            if !kept.contains(path) { try FileSystem.removeItem(path) }
        }
    }
}
