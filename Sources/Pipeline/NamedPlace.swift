import Files
import TokenShards
package import Tokenization
import Training
import Work

/// A vocabulary that a person names: its directory or file, `kjv` for `vocab/kjv`, or a model that
/// holds one. What lies at the path itself is meant first, if it is either.
package enum VocabularyPlace {
    private static let place = NamedPlace(
        kind: "vocabulary", directory: "vocab", look: vocabulary(at:))

    /// The directory or file of the vocabulary called `name`.
    ///
    /// - Throws: ``PipelineError/unknownName(kind:name:known:nearest:)`` where there is none of
    ///   that name, and others are.
    package static func path(of name: String) throws(PipelineError) -> String {
        let atPath = name.isEmpty ? nil : vocabulary(at: name)
        // A file is taken for one, unless it can be told from what else has the name.
        if let atPath, FileSystem.isDirectory(atPath) { return atPath }
        // A run may have a vocabulary of its own, as one of another program's model.
        let named = place.find(name) ?? ModelPlace.directory(of: name).flatMap(vocabulary(at:))
        if let atPath, named == nil || (try? Vocabulary(directory: atPath)) != nil {
            return atPath
        }
        if let named { return named }
        return try place.refuse(name)
    }

    private static func vocabulary(at path: String) -> String? {
        guard FileSystem.isDirectory(path) else {
            return FileSystem.isMissing(path) ? nil : path
        }
        return FileSystem.isMissing(path + "/tokenizer.json") ? nil : path
    }
}

extension Vocabulary {
    /// The vocabulary that a person calls `name`, as ``VocabularyPlace`` finds it.
    package init(named name: String) throws {
        try self.init(directory: VocabularyPlace.path(of: name))
    }
}

/// Data sets that a person names: a directory, or `kjv` for `shards/kjv`. What lies at the path
/// itself is meant first, if it is a data set. A directory of several sources, as a pipeline makes
/// it, stands for the data sets in it.
package enum ShardPlace {
    private static let place = NamedPlace(
        kind: "data set", directory: "shards", look: { isDataSet($0) ? $0 : nil })

    /// The directory of the data set called `name`.
    ///
    /// - Throws: ``PipelineError/unknownName(kind:name:known:nearest:)``.
    package static func path(of name: String) throws(PipelineError) -> String {
        if !name.isEmpty, isDataSet(name) { return name }
        if let found = place.find(name) { return found }
        return try place.refuse(name)
    }

    /// The directory in which the data set called `name` is made, also one whose parts are not
    /// finished: what is there, or else the one below `shards`.
    package static func unfinishedPath(of name: String) -> String {
        let paths = CandidatePaths(of: name, below: "shards").paths
        return paths.first { FileSystem.isDirectory($0) } ?? name
    }

    /// The directories of the data sets called `name`: several where it is that of several sources.
    /// O(files in it).
    package static func directories(of name: String) throws(PipelineError) -> [String] {
        let path = try path(of: name)
        guard !hasManifest(path) else { return [path] }
        let sources = inner(path)
        return sources.isEmpty ? [path] : sources
    }

    /// Whether a directory is a data set, the parent of several, or another program's.
    private static func isDataSet(_ path: String) -> Bool {
        guard FileSystem.isDirectory(path) else { return false }
        return hasManifest(path) || ShardSet.isForeign(path) || !inner(path).isEmpty
    }

    private static func inner(_ path: String) -> [String] {
        let names = (try? FileSystem.namesInDirectory(path)) ?? []
        return names.map { path + "/" + $0 }.filter(hasManifest)
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

    /// What is called `name` below the directory.
    func find(_ name: String) -> String? {
        CandidatePaths(of: name, below: directory).paths.dropFirst().first.flatMap(look)
    }

    /// Throws for a name that nothing is called by, where something else can be named; otherwise
    /// returns the name, which is refused when it is opened.
    func refuse(_ name: String) throws(PipelineError) -> String {
        // What lies at the path says itself what it lacks.
        guard name.isEmpty || FileSystem.isMissing(name) else { return name }
        let names = ((try? FileSystem.namesInDirectory(directory)) ?? []).sorted()
        let known = names.filter { look(directory + "/" + $0) != nil }
        guard !known.isEmpty || name.isEmpty else { return name }
        let prefix = directory + "/"
        let asked = name.hasPrefix(prefix) ? String(name.dropFirst(prefix.count)) : name
        let nearest = name.isEmpty ? nil : Spelling.nearest(to: asked, among: known)
        throw .unknownName(kind: kind, name: name, known: known, nearest: nearest)
    }
}
