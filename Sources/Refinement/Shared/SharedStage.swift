/// A stage of a refinement that several processes share, in the order in which they follow one
/// another: each needs all that the ones before it made.
package enum SharedStage: String, CaseIterable, Sendable {
    /// Reads a part of the corpus: rules, hashes, signatures. A unit is a part.
    case measure
    /// Finds documents with the same bytes. A unit is a range of hashes.
    case exact
    /// Finds pairs that are nearly the same. A unit is a range of the keys of bands.
    case bands
    /// Puts pairs together and decides where each document goes. It is one unit.
    case order
    /// Divides the documents of a part by where they go, for another order. A unit is a part.
    case scatter
    /// Compresses documents that stand together in the result. A unit is a stretch of it.
    case write
    /// Puts compressed documents into files. A unit is a file.
    case assemble

    /// What is said of it while it goes on.
    package var activity: String {
        switch self {
        case .measure: "measuring"
        case .exact: "matching"
        case .bands: "comparing"
        case .order: "deciding"
        case .scatter: "shuffling"
        case .write: "writing"
        case .assemble: "assembling"
        }
    }

    /// Whether several units are worked on at once, each with one thread; a unit of another stage
    /// has all threads.
    package var isOfSingleThreads: Bool { [.exact, .bands, .scatter].contains(self) }
}
