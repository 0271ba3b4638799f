import Bytes
public import Foundation
import Pipeline
import Training

extension Playground {
    /// The runs, the latest first, 1,000 at most: a list of objects with a name, the steps done,
    /// the second of the last change, and whether a process is writing. O(directories).
    public func runs() -> Data {
        var json = JSONText(isCompact: true)
        json.array { json in
            for run in recordings.runs() {
                json.object { json in
                    json.string("name", run.name)
                    json.value("steps", "\(recordings.lastStep(of: run))")
                    json.value("updated", "\(run.updated)")
                    json.value("is_running", "\(run.isRunning)")
                }
            }
        }
        return Data(json.bytes)
    }

    /// The curves of a run, of at most 1,000 points each: of more, neighbours are averaged. Beside
    /// them stand the steps done and, unless `step` is given, the run's settings by key, and the
    /// steps that it is to have. O(bytes of its log).
    ///
    /// - Parameters:
    ///   - name: a name of the list.
    ///   - step: the last step that is known already; nil for the whole curves.
    /// - Throws: ``PlaygroundError`` for a name that is not in the list, and a log that cannot be
    ///   read.
    public func curves(ofRun name: String, after step: Int? = nil) throws(PlaygroundError) -> Data {
        guard let directory = recordings.directory(ofRun: name) else {
            throw PlaygroundError("there is no run \(name)", parameter: "name")
        }
        // One whose checkpoint cannot be read has its curves all the same.
        let run = step == nil ? try? RecordedRun(directory: directory, name: name) : nil
        let curves: RecordedCurves
        do {
            curves = try run?.curves ?? RecordedCurves(runDirectory: directory)
        } catch {
            throw PlaygroundError("the log of \(name) cannot be read: \(error)", parameter: "name")
        }
        return .answer { json in
            json.string("name", name)
            json.value("steps", "\(curves.training.last?.step ?? 0)")
            if let planned = run?.figures.plannedSteps { json.value("planned_steps", "\(planned)") }
            json.object("curves") { json in
                for curve in ShownCurve.all(of: curves) {
                    json.value(curve.name, curve.json(after: step ?? -1))
                }
            }
            guard let run else { return }
            json.object("settings") { json in
                for (key, text) in run.settings.sorted(by: { $0.key < $1.key }) {
                    // A fingerprint is recorded as it is, and anything else as JSON.
                    if let value = try? WrittenJSON(Array(text.utf8)).value {
                        json.value(key, value)
                    } else {
                        json.string(key, text)
                    }
                }
            }
        }
    }
}

/// A curve of the page: a value at each of some steps.
private struct ShownCurve {
    let name: String
    let points: [(step: Int, value: Double)]

    /// The curves of a run that have a point.
    static func all(of curves: RecordedCurves) -> [ShownCurve] {
        let training = curves.training
        // Of neighbours with the same time, as at the beginning of a log that was cut, none.
        let speeds = zip([nil] + training.map(Optional.some), training).compactMap { before, now in
            let seconds = now.seconds - (before?.seconds ?? 0)
            let count = now.tokenCount - (before?.tokenCount ?? 0)
            return seconds > 0 && count > 0 ? (now.step, Double(count) / seconds) : nil
        }
        return [
            ShownCurve(name: "loss", points: training.map { ($0.step, $0.loss) }),
            ShownCurve(
                name: "validation_loss", points: curves.validation.map { ($0.step, $0.loss) }),
            ShownCurve(
                name: "bits_per_byte",
                points: curves.validation.compactMap { point in
                    point.bitsPerByte.map { (point.step, $0) }
                }),
            ShownCurve(
                name: "learning_rate",
                points: training.compactMap { point in
                    point.learningRate.map { (point.step, $0) }
                }),
            ShownCurve(name: "tokens_per_second", points: speeds),
        ].filter { !$0.points.isEmpty }
    }

    /// Points behind a step as pairs, neighbours averaged where there are too many.
    func json(after step: Int) -> String {
        let shown = points.filter { $0.step > step && $0.value.isFinite }
        let limit = Playground.Limit.pointCount
        let width = max(1, (shown.count + limit - 1) / limit)
        let means = stride(from: 0, to: shown.count, by: width).map { start in
            let part = shown[start..<min(start + width, shown.count)]
            let sum = part.reduce(0) { $0 + $1.value }
            return "[\(part.last!.step),\(sum / Double(part.count))]"
        }
        return "[\(means.joined(separator: ","))]"
    }
}
