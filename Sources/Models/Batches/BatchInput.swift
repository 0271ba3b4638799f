/// A batch as passes read it, in buffers that are checked and stay where they are.
public struct BatchInput {
    /// Tokens in a sequence.
    public let contextLength: Int
    /// Profile of the time that gradients take; nil measures nothing.
    package internal(set) var profile: StepProfile?
    /// What passes tell of gradients that are done; nil where nobody waits for it.
    var progress: GradientProgress?
    /// Whether the sequences hold several documents that are read apart.
    var hasStarts = false
    /// Dropout; nil for none.
    var dropout: Dropout?

    let ids: IDBuffer  // (batch, t)
    let targets: IDBuffer  // (batch, t)
    let starts: IDBuffer  // (batch, t)
    /// Losses of the tokens, which a pass writes.
    let losses: FloatBuffer  // (batch, t)
    /// The states that the sequences begin with and, after gradients, those that they end with; nil
    /// where all begin with none.
    let carriedState: FloatBuffer?  // (batch, state)

    /// - Parameter stateCount: floats of a state that is carried; 0 for none.
    init(batchSize: Int, contextLength: Int, stateCount: Int = 0) {
        self.contextLength = contextLength
        let count = batchSize * contextLength
        ids = IDBuffer(count: count)
        targets = IDBuffer(count: count)
        starts = IDBuffer(count: count)
        losses = FloatBuffer(count: count)
        carriedState = stateCount > 0 ? FloatBuffer(count: batchSize * stateCount) : nil
    }

    /// Bytes of the buffers of such batches.
    static func byteCount(batchSize: Int, contextLength: Int, stateCount: Int) -> Int {
        4 * batchSize * (4 * contextLength + stateCount)
    }

    /// Places of a sequence in the buffers.
    func range(of sequence: Int) -> Range<Int> {
        sequence * contextLength..<(sequence + 1) * contextLength
    }

    /// Ids of a sequence, (t).
    func ids(of sequence: Int) -> IDSlice { ids.slice(range(of: sequence)) }

    /// Targets of a sequence, (t); -1 where nothing is scored.
    func targets(of sequence: Int) -> IDSlice { targets.slice(range(of: sequence)) }

    /// The first position of each token's document, (t); nil if all are of one.
    func starts(of sequence: Int) -> IDSlice? {
        hasStarts ? starts.slice(range(of: sequence)) : nil
    }

    /// Losses of a sequence, (t).
    func losses(of sequence: Int) -> FloatSlice { losses.slice(range(of: sequence)) }

    /// C trusts the starts of documents: in each sequence of `length` they begin at 0, never fall,
    /// and never lie ahead.
    static func check(starts: [Int32], length: Int) {
        for index in starts.indices {
            let place = index % length
            precondition(
                starts[index] <= place
                    && (place == 0 ? starts[index] == 0 : starts[index] >= starts[index - 1]),
                "token \(place) of a sequence cannot belong to a document from \(starts[index]) on")
        }
    }
}
