/// Highest learning rates that suit a new model of some family, and the momenta that go with them:
/// the defaults of its training.
///
/// They were measured on models of one to two million parameters; a larger model bears lower ones.
public struct LearningRates: Sendable, Equatable {
    /// AdamW's, where it steps every parameter.
    public var adamW: Double
    /// AdamW's beside Muon, which takes the blocks' matrices away from it.
    public var adamWBesideMuon: Double
    /// Muon's.
    public var muon: Double
    /// The decay of Muon's running mean of gradients.
    public var muonMomentum: Double
    /// The decay of the running mean of gradients of AdamW beside Muon.
    public var beta1BesideMuon: Double

    /// Rates; what is not given is what suits any family.
    public init(
        adamW: Double = 3e-3, adamWBesideMuon: Double = 1e-2, muon: Double = 0.02,
        muonMomentum: Double = 0.95, beta1BesideMuon: Double = 0.9
    ) {
        self.adamW = adamW
        self.adamWBesideMuon = adamWBesideMuon
        self.muon = muon
        self.muonMomentum = muonMomentum
        self.beta1BesideMuon = beta1BesideMuon
    }

    /// Those of a decoder, by the trials of the documentation's article "RecipeTrials".
    public static let decoder = LearningRates(
        adamWBesideMuon: 2e-2, muon: 0.015, muonMomentum: 0.8, beta1BesideMuon: 0.8)
}

extension ModelShape {
    /// Those of a decoder.
    public var learningRates: LearningRates { .decoder }
}
