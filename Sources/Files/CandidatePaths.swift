/// The paths that a person may mean by a name: what lies there itself, and what is called so below
/// the directory of its kind.
///
/// Which of them it is, the caller's look at each decides: the first that is of the wanted kind. A
/// folder or file of another kind, such as the corpus that a run is named after, hides nothing.
package struct CandidatePaths: Sendable {
    /// The paths, the one to be preferred first; none for an empty name.
    package let paths: [String]

    /// The paths that `name` may stand for.
    ///
    /// - Parameter directory: the directory of what is named without it, such as "runs". A name
    ///   that begins at the root, or with a part that leads elsewhere (`.` or `..`), is a path and
    ///   nothing else.
    package init(of name: String, below directory: String) {
        guard !name.isEmpty else {
            paths = []
            return
        }
        let isPath =
            name.hasPrefix("/")
            || name.split(separator: "/").first.map { $0 == "." || $0 == ".." } ?? true
        paths = isPath ? [name] : [name, directory + "/" + name]
    }

    /// What `look` finds at the first path where it finds anything.
    package func first<Found>(_ look: (String) -> Found?) -> Found? {
        for path in paths {
            if let found = look(path) { return found }
        }
        return nil
    }
}
