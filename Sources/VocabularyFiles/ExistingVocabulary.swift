import Files
package import Tokenization

/// A vocabulary that is where another one is about to be written.
///
/// Shards and models need it and nothing else holds it, so it stays unless the new one is the same
/// or replacing was asked for.
package struct ExistingVocabulary: Sendable {
    /// The vocabulary's directory or file.
    package let path: String
    private let overwrites: Bool

    /// What is at `path`, if anything is.
    package init(path: String, overwrites: Bool) {
        self.path = path
        self.overwrites = overwrites
    }

    /// The vocabulary in the directory, where it may not be replaced and can be read. O(its size).
    package var kept: Vocabulary? { overwrites ? nil : try? Vocabulary(directory: path) }

    /// Throws `TokenizationError.otherVocabulary` unless `new` may be written into the directory.
    /// O(size).
    package func check(_ new: Vocabulary) throws(TokenizationError) {
        guard !overwrites, !FileSystem.isMissing(path + "/tokenizer.json"),
            kept?.fingerprint != new.fingerprint
        else { return }
        throw .otherVocabulary(path: path)
    }

    /// Throws if the file `name` of the directory, or the file itself, has other bytes. O(bytes).
    func check(holds bytes: [UInt8], in name: String? = nil) throws(TokenizationError) {
        let file = name.map { path + "/" + $0 } ?? path
        guard !overwrites, !FileSystem.isMissing(file) else { return }
        let found: [UInt8]?
        do throws(FileError) { found = try FileSystem.contents(file).map(Array.init) } catch {
            throw .file(error)
        }
        guard found != bytes, found?.isEmpty == false else { return }
        guard name == nil else { throw .otherVocabulary(path: path) }
        throw .file(.otherKind(path: file, wanted: "this vocabulary"))
    }
}
