/// Highest learning rates that suit a new model of some family: the defaults of its training.
///
/// They were measured on models of one to two million parameters; a larger model bears lower ones.
public struct LearningRates: Sendable, Equatable {
    /// AdamW's, where it steps every parameter.
    public var adamW: Double
    /// AdamW's beside Muon, which takes the blocks' matrices away from it.
    public var adamWBesideMuon: Double
    /// Muon's.
    public var muon: Double

    /// Rates; what is not given is a decoder's.
    public init(adamW: Double = 3e-3, adamWBesideMuon: Double = 1e-2, muon: Double = 0.02) {
        self.adamW = adamW
        self.adamWBesideMuon = adamWBesideMuon
        self.muon = muon
    }
}

extension ModelShape {
    /// Those of a decoder.
    public var learningRates: LearningRates { LearningRates() }
}
