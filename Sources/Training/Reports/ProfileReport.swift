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

extension ProfileReport.Row {
    /// Name of the part.
    public var title: String {
        switch part {
        case .embedding: "embedding"
        case .attentionForward: "attention, forward"
        case .feedForwardForward: "feed-forward, forward"
        case .head: "head and loss"
        case .feedForwardBackward: "feed-forward, backward"
        case .attentionBackward: "attention, backward"
        case .embeddingBackward: "embedding, backward"
        case .idle: "threads without work"
        case .packing: "weights laid out"
        case .gradientSum: "gradient sum"
        case .optimizer: "optimizer"
        case .dataWait: "wait for data"
        case nil: "the rest"
        }
    }
}

extension ProfileReport: Encodable {
    private enum Key: String, CodingKey {
        case steps, parts
        case secondsPerStep = "seconds_per_step"
    }

    /// Writes the seconds of a step and of each of its parts.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(stepCount, forKey: .steps)
        try members.encode(secondsPerStep, forKey: .secondsPerStep)
        try members.encode(rows, forKey: .parts)
    }
}

extension ProfileReport.Row: Encodable {
    private enum Key: String, CodingKey { case part, seconds }

    /// Writes the name of the part and its seconds.
    public func encode(to encoder: any Encoder) throws {
        var members = encoder.container(keyedBy: Key.self)
        try members.encode(title, forKey: .part)
        try members.encode(seconds, forKey: .seconds)
    }
}
