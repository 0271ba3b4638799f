import Files
import Foundation

/// A directory that appears whole or not at all.
enum NewDirectory {
    /// Claims `path` for a directory that is made from `inputs`.
    ///
    /// - Parameters:
    ///   - path: the directory of the new model.
    ///   - inputs: what it is made from.
    ///   - overwrites: whether a model that is there gives way.
    /// - Throws: ``PipelineError/occupied(path:isModel:)`` if something is there that does not, and
    ///   `FileError` if it meets an input or another process writes it.
    static func claim(
        _ path: String, inputs: [String], overwrites: Bool
    ) throws -> OutputClaim {
        try FilePlace.check(output: path, inputs: inputs)
        let claim = try OutputClaim(path, .replaced, making: .directory(.model))
        // Not before the claim: until then another process may be about to make it.
        if FileManager.default.fileExists(atPath: path),
            try !FileSystem.namesInDirectory(path).isEmpty
        {
            let isModel = ResultKind(at: path) == .model
            guard isModel, overwrites else {
                throw PipelineError.occupied(path: path, isModel: isModel)
            }
        }
        return claim
    }

    /// Lets `body` fill a directory beside the output of `claim`, and gives it its name when that
    /// is done.
    static func make<Result>(
        _ claim: OutputClaim, _ body: (String) throws -> Result
    ) throws -> Result {
        var staging = try StagingDirectory(claim)
        let result = try body(staging.path)
        // The claim has seen that nothing but a model may be there.
        try staging.commit(replacing: true)
        return result
    }

    /// Copies those of the files that are there, and returns their names. O(bytes).
    static func copy(
        _ names: [String], from source: String, to directory: String
    ) throws -> [String] {
        let present = names.filter { FileManager.default.fileExists(atPath: source + "/" + $0) }
        for name in present {
            let file = try MappedFile(path: source + "/" + name)
            try file.withBytes { try FileReplacement.write($0, to: directory + "/" + name) }
        }
        return present
    }
}
