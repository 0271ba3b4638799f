/// Log of a run's events: `metrics.jsonl`, and a file for TensorBoard.
struct RunLog: ~Copyable {
    private let metrics: MetricsLog
    private let events: EventFile
    /// Hands an event on without keeping it.
    let report: (TrainingEvent) -> Void

    /// Opens the logs of `directory`, keeping what belongs to the first `completedSteps` steps.
    ///
    /// - Parameter report: takes every event.
    init(
        directory: String, completedSteps: Int, report: @escaping (TrainingEvent) -> Void
    ) throws {
        let metrics = try MetricsLog(directory: directory, completedSteps: completedSteps)
        let events = try EventFile(directory: directory, completedSteps: completedSteps)
        self.metrics = metrics
        self.events = events
        self.report = report
    }

    /// Seconds of training before this start.
    var earlierSeconds: Double { metrics.earlierSeconds }

    /// Keeps `event`, and hands it on.
    func append(_ event: TrainingEvent) throws {
        try metrics.append(event)
        try events.append(event)
        report(event)
    }
}
