import Files
import Foundation
import TokenShards
package import Tokenization
import Training
import Work

/// A vocabulary that a person names: its directory or file, `kjv` for `vocab/kjv`, or a model that
/// holds one. What lies at the path itself is meant first.
package enum VocabularyPlace {
    private static let place = NamedPlace(
        kind: "vocabulary", directory: "vocab", look: vocabulary(at:))

    /// The directory or file of the vocabulary called `name`.
    ///
    /// - Throws: ``PipelineError/unknownName(kind:name:known:nearest:)`` where there is none of
    ///   that name, and others are.
    package static func path(of name: String) throws(PipelineError) -> String {
        if let found = vocabulary(at: name) { return found }
        guard FileSystem.isMissing(name) else {
            // Of a run, the vocabulary of its model is meant.
            let model = ModelPlace.directory(of: name)
            return model.flatMap(vocabulary(at:)) ?? name
        }
        if let found = place.find(name) { return found }
        // A run that has a vocabulary of its own, as one of another program's model.
        if let model = ModelPlace.directory(of: name), let found = vocabulary(at: model) {
            return found
        }
        return try place.refuse(name)
    }

    private static func vocabulary(at path: String) -> String? {
        var isDirectory = false as ObjCBool
        guard unsafe FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else {
            return nil
        }
        let isWithout = isDirectory.boolValue && FileSystem.isMissing(path + "/tokenizer.json")
        return isWithout ? nil : path
    }
}

extension Vocabulary {
    /// The vocabulary that a person calls `name`, as ``VocabularyPlace`` finds it.
    package init(named name: String) throws {
        try self.init(directory: VocabularyPlace.path(of: name))
    }
}

/// Data sets that a person names: a directory, or `kjv` for `shards/kjv`. What lies at the path
/// itself is meant first. A directory of several sources, as a pipeline makes it, stands for the
/// data sets in it.
package enum ShardPlace {
    private static let place = NamedPlace(
        kind: "data set", directory: "shards",
        look: { FileSystem.isMissing($0) ? nil : $0 })

    /// The directory of the data set called `name`.
    ///
    /// - Throws: ``PipelineError/unknownName(kind:name:known:nearest:)``.
    package static func path(of name: String) throws(PipelineError) -> String {
        guard FileSystem.isMissing(name) else { return name }
        if let found = place.find(name) { return found }
        return try place.refuse(name)
    }

    /// The directories of the data sets called `name`: several where it is that of several sources.
    /// O(files in it).
    package static func directories(of name: String) throws(PipelineError) -> [String] {
        let path = try path(of: name)
        guard !hasManifest(path) else { return [path] }
        let names = (try? FileSystem.namesInDirectory(path)) ?? []
        let sources = names.sorted().map { path + "/" + $0 }.filter(hasManifest)
        return sources.isEmpty ? [path] : sources
    }

    private static func hasManifest(_ path: String) -> Bool {
        !FileSystem.isMissing(path + "/" + ShardManifest.fileName)
    }
}

/// What is called by its name below the directory of its kind.
private struct NamedPlace {
    /// The kind, in words.
    let kind: String
    /// Directory of what is named without it.
    let directory: String
    /// The path of what lies at a path; nil where nothing of the kind does.
    let look: @Sendable (String) -> String?

    func find(_ name: String) -> String? {
        name.hasPrefix("/") ? nil : look(directory + "/" + name)
    }

    /// Throws for a name that nothing is called by, where something else can be named; otherwise
    /// returns the name, which is refused when it is opened.
    func refuse(_ name: String) throws(PipelineError) -> String {
        let names = ((try? FileSystem.namesInDirectory(directory)) ?? []).sorted()
        let known = names.filter { look(directory + "/" + $0) != nil }
        guard !known.isEmpty else { return name }
        let prefix = directory + "/"
        let asked = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        throw .unknownName(
            kind: kind, name: name, known: known, nearest: Spelling.nearest(to: asked, among: known)
        )
    }
}
