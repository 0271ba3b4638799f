public import Transformer

/// Profile of a run: where the time of its steps went.
public struct ProfileReport: Sendable, Equatable {
    /// The time of a part.
    public struct Row: Sendable, Equatable {
        /// The part; nil for what no part covers.
        public var part: StepPart?
        /// Seconds of a step that passed for it, on average.
        public var seconds: Double
    }

    /// Steps that were measured.
    public var stepCount: Int
    /// Seconds of a step, on average.
    public var secondsPerStep: Double
    /// Every part, in the order in which a step comes to them, and the rest.
    public var rows: [Row]

    init(_ profile: StepProfile, steps: Int, seconds: Double) {
        let count = Double(max(steps, 1))
        stepCount = steps
        secondsPerStep = seconds / count
        rows = StepPart.allCases.map { Row(part: $0, seconds: profile.seconds($0) / count) }
        let covered = rows.reduce(0) { $0 + $1.seconds }
        rows.append(Row(part: nil, seconds: max(0, secondsPerStep - covered)))
    }
}
