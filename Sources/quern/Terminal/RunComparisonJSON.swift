import Files
import Foundation
import Pipeline
import Training

/// Runs beside one another, as JSON.
struct RunComparisonJSON: Encodable {
    private let runs: [Run]
    /// For each setting that differs, its value in each run, in their order.
    private let differences: [String: [Setting?]]

    init(_ runs: [RecordedRun]) {
        self.runs = runs.map(Run.init)
        differences = Dictionary(
            uniqueKeysWithValues: runs.settingDifferences.map { difference in
                (difference.key, difference.values.map { $0.map(Setting.init) })
            })
    }

    /// The text, without a line break at its end.
    func text() throws -> String { try FileReplacement.json(of: self) }

    /// A value as JSON says it, also a fingerprint, which is none.
    private struct Setting: Encodable {
        let text: String

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            let value = try? JSONSerialization.jsonObject(
                with: Data(text.utf8), options: .fragmentsAllowed)
            switch value {
            case let number as NSNumber where text == "true" || text == "false":
                try container.encode(number.boolValue)
            case let number as NSNumber where Int(text) != nil:
                try container.encode(number.intValue)
            case let number as NSNumber: try container.encode(number.doubleValue)
            case let string as String: try container.encode(string)
            default: try container.encode(text)
            }
        }
    }

    private struct Point: Encodable {
        let step: Int
        let tokens: Int
        let seconds: Double
        let loss: Double
        let bits_per_byte: Double?

        init(_ point: RecordedCurves.Point) {
            (step, tokens, seconds) = (point.step, point.tokenCount, point.seconds)
            (loss, bits_per_byte) = (point.loss, point.bitsPerByte)
        }
    }

    private struct Lowest: Encodable {
        let step: Int
        let loss: Double
    }

    private struct Task: Encodable {
        struct Point: Encodable {
            let step: Int
            let value: Double
        }

        let chance: Double?
        let points: [Point]

        init(_ curve: RecordedCurves.TaskCurve) {
            chance = curve.chance
            points = curve.points.map { Point(step: $0.step, value: $0.value) }
        }
    }

    private struct Run: Encodable {
        let name: String
        let directory: String
        let is_complete: Bool
        let parameters: Int?
        let steps: Int
        let tokens: Int
        let training_seconds: Double
        let tokens_per_second: Double?
        let validation: JSONValue?
        let lowest: Lowest?
        let sources: [String: JSONValue]?
        let settings: [String: Setting]
        let training_curve: [Point]
        let validation_curve: [Point]
        let tasks: [String: Task]?

        init(_ run: RecordedRun) {
            let figures = run.figures
            (name, directory, is_complete) = (run.name, run.directory, figures.isComplete)
            (parameters, steps, tokens) = (
                figures.parameterCount, figures.steps, figures.tokenCount
            )
            (training_seconds, tokens_per_second) = (
                figures.trainingSeconds, figures.tokensPerSecond
            )
            validation = figures.validation.map(JSONValue.scores)
            lowest = figures.lowest.map { Lowest(step: $0.step, loss: $0.loss) }
            let scored = figures.sources.filter { $0.result.tokenCount > 0 }
            sources =
                scored.isEmpty
                ? nil : Dictionary(scored.map { ($0.name, JSONValue.scores(of: $0.result)) }) { $1 }
            settings = run.settings.mapValues(Setting.init)
            training_curve = run.curves.training.map(Point.init)
            validation_curve = run.curves.validation.map(Point.init)
            let curves = run.curves.tasks
            tasks =
                curves.isEmpty
                ? nil : Dictionary(curves.map { ($0.name, Task($0)) }) { $1 }
        }
    }
}
