/// Log of a run's events: `metrics.jsonl`, and a file for TensorBoard.
struct RunLog: ~Copyable {
    private let metrics: MetricsLog
    private let events: EventFile

    /// Opens the logs of `directory`, keeping what belongs to the first `completedSteps` steps.
    init(directory: String, completedSteps: Int) throws {
        let metrics = try MetricsLog(directory: directory, completedSteps: completedSteps)
        let events = try EventFile(directory: directory, completedSteps: completedSteps)
        self.metrics = metrics
        self.events = events
    }

    /// Seconds of training before this start.
    var earlierSeconds: Double { metrics.earlierSeconds }

    /// Keeps `event`, and hands it on.
    func append(_ event: TrainingEvent, _ report: (TrainingEvent) -> Void) throws {
        try metrics.append(event)
        try events.append(event)
        report(event)
    }
}
