/// What a model keeps of a text that it has read, so that the next token costs one position and
/// not all of them: keys and values, or a recurrent model's state.
///
/// A class, because it is one allocation; the model's ``InferencePass`` fills it.
public protocol ReadingState: AnyObject {
    /// Tokens read so far.
    var count: Int { get }
    /// The most tokens that fit; nil for any number.
    var capacity: Int? { get }
    /// Bytes of the allocation.
    var byteCount: Int { get }

    /// Forgets all but the first `count` tokens or, where they cannot be told from the rest, all.
    ///
    /// - Returns: the tokens that are still read.
    func rewind(to count: Int) -> Int
    /// Takes over what `other`, a state of the same model, has of its first `count` tokens, which
    /// it must be able to rewind to.
    func copy(from other: any ReadingState, count: Int)
}
