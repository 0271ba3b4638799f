import Bytes
import Files
import Foundation
import Synchronization
import Tokenization

/// Vocabularies in a directory, each read when it is first asked for; those asked for last are
/// kept.
///
/// A vocabulary is a directory with a `tokenizer.json`, directly in the directory of all
/// vocabularies. What a link stands for is no vocabulary: it could be anywhere.
final class VocabularyFolder: Sendable {
    /// A vocabulary that was read.
    private struct Kept {
        let version: Version
        let vocabulary: ShownVocabulary
    }

    /// What tells a file from one that has taken its place.
    private struct Version: Equatable {
        let number: Int?
        let changed: Date?
        let byteCount: Int?
    }

    private let directory: String
    /// The vocabulary asked for last at the end.
    private let kept = Mutex<[Kept]>([])

    /// The vocabularies in `directory`, which need not be there.
    init(directory: String) { self.directory = directory }

    /// Names of the vocabularies, sorted, 64 at most; of none is anything read. O(directories).
    func names() -> [String] {
        let names = FileSystem.directories(in: directory).lazy.filter {
            self.version(of: $0) != nil
        }
        return Array(names.prefix(Playground.Limit.listedVocabularyCount))
    }

    /// Names of those that are kept, the one asked for last at the end.
    var keptNames: [String] { kept.withLock { $0.map(\.vocabulary.name) } }

    /// The vocabulary of a name that is in the list. O(directories), and O(bytes of its file)
    /// unless it is kept.
    ///
    /// - Throws: ``PlaygroundError`` for any other name, and a file that cannot be used.
    func vocabulary(_ name: String) throws(PlaygroundError) -> ShownVocabulary {
        guard names().contains(where: { ExactName($0) == ExactName(name) }),
            let version = version(of: name)
        else {
            throw PlaygroundError(
                "there is no vocabulary \(name.prefix(100)) in the folder of vocabularies",
                parameter: "vocabularies")
        }
        // Whoever asks for the same one meanwhile waits for it, and does not read it again.
        return try kept.withLock { (kept) throws(PlaygroundError) in
            let place = kept.firstIndex { ExactName($0.vocabulary.name) == ExactName(name) }
            if let place {
                let known = kept.remove(at: place)
                if known.version == version {
                    kept.append(known)
                    return known.vocabulary
                }
            }
            let vocabulary = try read(name)
            kept.append(Kept(version: version, vocabulary: vocabulary))
            if kept.count > Playground.Limit.vocabularyCount { kept.removeFirst() }
            return vocabulary
        }
    }

    private func path(of name: String) -> String { directory + "/" + name + "/tokenizer.json" }

    /// The version of a vocabulary's file; nil if it is no file, or a link to one.
    private func version(of name: String) -> Version? {
        guard let file = FileSystem.attributes(path(of: name)),
            file[.type] as? FileAttributeType == .typeRegular
        else { return nil }
        return Version(
            number: file[.systemFileNumber] as? Int, changed: file[.modificationDate] as? Date,
            byteCount: file[.size] as? Int)
    }

    private func read(_ name: String) throws(PlaygroundError) -> ShownVocabulary {
        do {
            let path = path(of: name)
            let file = try OpenFile(path: path)
            let (count, limit) = (try file.byteCount, Playground.Limit.vocabularyByteCount)
            guard count <= limit else {
                throw PlaygroundError("it has \(count) bytes, and at most \(limit) are read")
            }
            var bytes = [UInt8](repeating: 0, count: count)
            let readCount = try file.read(into: &bytes, at: 0)
            bytes.removeLast(count - readCount)
            return ShownVocabulary(name, try Vocabulary(tokenizerJSON: bytes.span, path: path))
        } catch {
            // What is wrong may be told with a token as long as the file.
            throw PlaygroundError(
                "the vocabulary \(name) cannot be used: \("\(error)".prefix(400))",
                parameter: "vocabularies")
        }
    }
}
