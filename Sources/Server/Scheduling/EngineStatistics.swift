/// Counters and gauges of a ``TextEngine`` at one moment, in the measures that dashboards know from
/// llama.cpp's server, and some more.
public struct EngineStatistics: Sendable, Equatable {
    /// Tokens of prompts that the model read.
    public var promptTokenCount = 0
    /// Seconds in which the model read prompts.
    public var promptSeconds = 0.0
    /// Tokens that were drawn.
    public var drawnTokenCount = 0
    /// Seconds in which tokens were drawn.
    public var drawingSeconds = 0.0
    /// Tokens of prompts that were known from earlier ones and not read.
    public var cachedTokenCount = 0
    /// Calls of the model, for chunks of prompts and for steps.
    public var modelCallCount = 0
    /// Texts that took part in those calls, summed.
    public var busySlotSum = 0
    /// Texts at work now, those whose prompt is being read included.
    public var runningCount = 0
    /// Requests that wait now.
    public var waitingCount = 0
    /// Requests that ended with all their texts.
    public var finishedCount = 0
    /// Requests whose client went away.
    public var cancelledCount = 0
    /// Requests that came to nothing.
    public var failedCount = 0
    /// Requests that were not taken, by ``EngineRefusal/reason``.
    public var refusedCounts: [String: Int] = [:]
    /// Bytes of what is kept of the texts at work.
    public var stateByteCount = 0
    /// Bytes of what is kept of earlier prompts; shared with those above where a text goes on from
    /// it.
    public var cacheByteCount = 0
    /// Prompts that are kept.
    public var cachedPromptCount = 0
    /// Seconds from a request to its first token.
    public var timeToFirstToken = Histogram(bounds: [
        0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ])
    /// Seconds from a token of a text to its next.
    public var timeBetweenTokens = Histogram(bounds: [
        0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
    ])

    /// Texts that took part in a call of the model, on average; 0 before the first.
    public var busySlotsPerCall: Double {
        modelCallCount == 0 ? 0 : Double(busySlotSum) / Double(modelCallCount)
    }
}

/// Counts of measurements by their size, as Prometheus has them.
public struct Histogram: Sendable, Equatable {
    /// The largest number that each count is of; one more count is of all beyond.
    public let bounds: [Double]
    /// Measurements in each range: above the bound before, and at most the own. Not cumulative.
    public private(set) var counts: [Int]
    /// The sum of the measurements.
    public private(set) var sum = 0.0

    init(bounds: [Double]) {
        self.bounds = bounds
        counts = Array(repeating: 0, count: bounds.count + 1)
    }

    /// Number of measurements.
    public var count: Int { counts.reduce(0, +) }

    mutating func add(_ value: Double) {
        counts[bounds.firstIndex { value <= $0 } ?? bounds.count] += 1
        sum += value
    }
}
