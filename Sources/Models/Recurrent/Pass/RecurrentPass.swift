import Work

/// Sequences' way through a recurrent model, all of them side by side, forward and backward.
///
/// A layer is one product of all its inputs, then steps from token to token. In a step, a thread
/// has some of the hidden units of every sequence, with all their gates, and meets the others at
/// its end; what a step reads of the hidden weights, it reads once for all sequences. Products of
/// many rows are cut among the threads. A number is always the same sum in the same order, so that
/// its bits depend neither on the threads nor on the sequences beside its own.
///
/// Letters are those of ``RecurrentActivations``.
final class RecurrentPass {
    /// Hidden units of a step's products at once, whole panels at every level; a thread has a
    /// multiple of half of it.
    static let blockUnits = 64

    let shape: Shape
    let configuration: RecurrentConfiguration
    let kernels: Kernels
    let team: ThreadTeam
    let weights: RecurrentWeights
    let activations: RecurrentActivations
    private let storage: FloatBuffer

    /// Tokens of a sequence.
    var length: Int { shape.length }
    /// Places of a sequence.
    var places: Int { shape.length + 1 }
    /// Sequences at work.
    private(set) var rows = 0
    /// Their ids, (R, t), and the different ones' rows.
    let ids: IDBuffer
    let tokens: TokenRows
    /// Targets, (R, t+1); none at the last place.
    let targets: IDBuffer
    /// Whether the state is zero before a token, (R, t+1); nil if no sequence has such a token
    /// behind its first.
    var fresh: IDSlice?
    private let freshBuffer: IDBuffer
    /// Dropout of each sequence; empty for none.
    var dropouts: [Dropout.Stream] = []
    var profile: StepProfile?

    /// Shape of a pass, from which its memory follows before anything is allocated.
    struct Shape {
        let configuration: RecurrentConfiguration
        /// The most sequences at once.
        let rows: Int
        let length: Int
        /// The most sequences of a slot, and slots at once.
        let slotRows: Int
        let slotCount: Int
        let threadCount: Int
        let kernels: Kernels

        var gateWidth: Int {
            configuration.hiddenSize
                * (configuration.architecture == .gru ? 4 : configuration.architecture.gateCount)
        }
        /// Different tokens at most, counted anew in each slot.
        var tokenRows: Int {
            slotCount * min(slotRows * length, configuration.vocabularySize)
        }
        /// Rows a power of two apart would fall on the same sets of the cache.
        var stateStride: Int {
            configuration.architecture.gateCount * configuration.hiddenSize + 16
        }
        var headRows: Int { min(rows * (length + 1), 256) }
        var logitStride: Int { wideStride(configuration.vocabularySize) }

        /// Floats of the one allocation.
        var floatCount: Int {
            let nothing = FloatBuffer(count: 0)
            var end = 0
            _ = RecurrentActivations(self) {
                end += Self.room(for: $0)
                return nothing.all
            }
            return end
        }

        /// Every slice begins on a cache line.
        static func room(for count: Int) -> Int { (count + 15) / 16 * 16 }
    }

    init(_ model: RecurrentModel, _ shape: Shape, team: ThreadTeam, level: KernelLevel) {
        let storage = FloatBuffer(count: shape.floatCount)
        var end = 0
        activations = RecurrentActivations(shape) { count in
            defer { end += Shape.room(for: count) }
            return storage.slice(end..<end + count)
        }
        self.storage = storage
        self.shape = shape
        self.team = team
        configuration = model.configuration
        kernels = shape.kernels
        weights = RecurrentWeights(model, level: level)
        ids = IDBuffer(count: shape.rows * shape.length)
        targets = IDBuffer(count: shape.rows * (shape.length + 1))
        freshBuffer = IDBuffer(count: shape.rows * (shape.length + 1))
        tokens = TokenRows(
            placeCount: shape.rows * shape.length, vocabularySize: configuration.vocabularySize)
    }

    /// Bytes of activations and of ids.
    var byteCount: Int { 4 * (storage.count + Self.idCount(shape)) }

    /// Ids of the buffers beside the one allocation.
    static func idCount(_ shape: Shape) -> Int {
        shape.rows * (4 * shape.length + 2) + 2 * shape.configuration.vocabularySize
    }

    // MARK: Input

    /// Takes over sequences in order: their ids, targets and documents.
    func load(
        _ count: Int, ids: (Int) -> IDSlice, targets: ((Int) -> IDSlice)?, starts: (Int) -> IDSlice?
    ) {
        precondition(count > 0 && count <= shape.rows, "more sequences than there is room for")
        rows = count
        var isFresh = false
        for row in 0..<count {
            let (ids, targets, starts) = (ids(row), targets?(row), starts(row))
            for t in 0..<length {
                self.ids[row * length + t] = ids[t]
                self.targets[row * places + t] = targets?[t] ?? -1
                let begins = t > 0 && starts.map { Int($0[t]) == t } ?? false
                freshBuffer[row * places + t] = begins ? 1 : 0
                isFresh = isFresh || begins
            }
            self.targets[row * places + length] = -1
            freshBuffer[row * places + length] = 0
        }
        fresh = isFresh ? freshBuffer.slice(0..<count * places) : nil
        tokens.find(self.ids.slice(0..<count * length))
    }

    // MARK: Shapes

    /// All places of the sequences at work as a matrix; a slice that is one place behind in it has
    /// one less.
    func everyPlace(_ slice: FloatSlice, _ columns: Int, rowStride: Int, from place: Int) -> Matrix
    {
        Matrix(
            slice.at(place * rowStride, (rows * places - 1) * rowStride), rows * places - 1,
            columns, rowStride: rowStride)
    }

    /// One place of every sequence.
    func place(_ t: Int, _ slice: FloatSlice, _ width: Int) -> Matrix {
        Matrix(slice[t * width..<slice.count], rows, width, rowStride: places * width)
    }

    /// Does a part of the work, and measures its time if there is a profile.
    func timed(_ part: StepPart, _ work: () -> Void) {
        guard let profile else { return work() }
        profile.main.measure(part, work)
    }

    /// C = A·B with A's rows divided among the threads.
    func multiply(_ a: Matrix, _ b: Matrix, into c: Matrix, _ bias: FloatSlice? = nil) {
        let part = 128
        team.run((c.rows + part - 1) / part) { item, worker in
            let range = item * part..<min((item + 1) * part, c.rows)
            kernels.multiply(
                a.rows(range), b, into: c.rows(range), .adding(bias),
                workspace: activations.productWorkspaces[worker])
        }
    }
}
