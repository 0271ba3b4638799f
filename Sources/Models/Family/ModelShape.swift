public import Work

/// Shape of a language model of some family: all that is known of it before it has parameters; the
/// section "model" of `pipeline.json`.
///
/// It is the half of the seam between families and what works with any of them (training,
/// evaluation, generation, checkpoints) that needs no memory. ``LanguageModel`` is the other.
public protocol ModelShape: Codable, Sendable, Equatable, SettingSection {
    /// Model of this shape.
    associatedtype Model: LanguageModel where Model.Shape == Self

    /// Values of the key `architecture` that shapes of this family have.
    static var architectures: [String] { get }
    /// Values of `model_type` in the `config.json` of this family.
    static var modelTypes: [String] { get }
    /// The default shape of one of ``architectures``.
    init(defaultsOf architecture: String)

    /// Learning rates that suit a new model of this shape.
    var learningRates: LearningRates { get }
    /// The architecture's name: "gpt2".
    var architectureName: String { get }
    /// Tokens in the vocabulary; 0 until it is known.
    var vocabularySize: Int { get set }
    /// Tokens of a window that the model is trained and scored on.
    var positionCount: Int { get set }
    /// The most tokens that the model sees at once; nil for one that reads on without an end.
    var contextLimit: Int? { get }
    /// Layout of its parameters.
    var layout: ParameterLayout { get }
    /// Tensors that a checkpoint may hold as copies of one of the layout, by their names there; the
    /// values are indices of the layout's tensors.
    var copies: [String: Int] { get }
    /// Whether its texts are pairs: a source that is read and a target that is written.
    static var readsPairs: Bool { get }
    /// Takes the size of a vocabulary and, where texts are pairs, the tokens that they need.
    ///
    /// - Parameters:
    ///   - vocabularySize: tokens of the vocabulary.
    ///   - padToken: the token that begins a target.
    ///   - endToken: the token that ends a text.
    mutating func fit(vocabularySize: Int, padToken: TokenID?, endToken: TokenID?)
    /// Token that a target begins with, where a text is a source and its target; nil where it is
    /// one.
    var startTokenID: Int? { get }
    /// Token that ends a text, where the shape says which.
    var endTokenID: TokenID? { get }
    /// Floating-point operations of matrix products to train on one token, forward and backward.
    var trainingOperationsPerToken: Double { get }
    /// Size of the model in words for a person, as titles and values: layers, heads, width.
    var facts: [(title: String, value: String)] { get }
    /// Bytes of what the model keeps of a text of `tokenCount` tokens that it has read, with keys
    /// and values in `cache`.
    func stateByteCount(tokenCount: Int, cache: CacheFormat) -> Int
    /// Shape of the state that a window of training can begin with, where the window before it in
    /// its text has ended; nil for a family whose windows know nothing of each other.
    var carriedStateShape: [Int]? { get }
    /// Throws unless a model of this shape can exist.
    func validate() throws(ModelError)

    /// Whether the slots of a wave are worked on together whatever the number of threads.
    static var joinsSlots: Bool { get }
    /// Floats of a pass over batches, before they are allocated.
    func passMemory(_ plan: BatchPlan) -> BatchPassMemory

    /// Shape and end token that a `config.json` describes; throws for what is not computed so.
    static func read(_ file: ConfigurationData) throws -> (shape: Self, endToken: Int?)
    /// Where the model lies in a checkpoint of one of ``modelTypes`` that has others beside it; nil
    /// where it is alone.
    static func part(ofModelType modelType: String) -> CheckpointPart?
    /// The text of `config.json`.
    func configurationText(endToken: TokenID?, type: NumberType) -> String
}

extension ModelShape {
    /// Values of `model_type`: those of the architecture.
    public static var modelTypes: [String] { architectures }
    /// It is alone.
    public static func part(ofModelType modelType: String) -> CheckpointPart? { nil }
    /// Slots are worked on apart.
    public static var joinsSlots: Bool { false }
    /// Texts are no pairs.
    public static var readsPairs: Bool { false }
    /// Takes the size alone.
    public mutating func fit(vocabularySize: Int, padToken: TokenID?, endToken: TokenID?) {
        self.vocabularySize = vocabularySize
    }
    /// A text is one, not two.
    public var startTokenID: Int? { nil }
    /// The shape does not say it.
    public var endTokenID: TokenID? { nil }
    /// Windows know nothing of each other.
    public var carriedStateShape: [Int]? { nil }
    /// Floats of the state that a window can begin with; 0 for none.
    var carriedStateCount: Int { carriedStateShape?.reduce(1, *) ?? 0 }
    /// No copies.
    public var copies: [String: Int] { [:] }

    /// Throws unless each number is in its range.
    func checkNumbers() throws(ModelError) {
        if let fault = numericFault {
            throw .badConfiguration(reason: "\(fault.key) \(fault.reason)")
        }
    }

    /// Throws unless heads of attention divide the floats of a token among them.
    static func check(
        _ embeddingSize: Int, isDividedAmong headCount: Int
    ) throws(ModelError) {
        guard embeddingSize % headCount == 0 else {
            throw .badConfiguration(
                reason: "n_embd \(embeddingSize) cannot be divided among \(headCount) heads; "
                    + "make it a multiple of n_head")
        }
    }

    /// A model whose parameters are all zero.
    func makeModel() throws(ModelError) -> any LanguageModel { try Model(zeros: self) }

    /// A model with its family's random start.
    public func makeModel(seed: UInt64) throws(ModelError) -> any LanguageModel {
        let model = try Model(zeros: self)
        model.initialize(seed: seed)
        return model
    }
}
