/// Counters and gauges of a server in the text format of Prometheus, version 0.0.4. Their names are
/// those of llama.cpp's server with another word in front, so that its dashboards serve.
///
/// Source: <https://prometheus.io/docs/instrumenting/exposition_formats/>.
struct MetricsText {
    /// Media type of the text.
    static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private(set) var text = ""

    /// Kind of a measure.
    private enum Kind: String {
        case counter, gauge, histogram
    }

    /// The measures of engines, by the names of their models, and the answers given, by path and
    /// status.
    init(
        engines: [(model: String, statistics: EngineStatistics)],
        answers: [(path: String, status: Int, count: Int)]
    ) {
        typealias Measure = (EngineStatistics) -> Double
        func add(_ name: String, _ kind: Kind, _ about: String, _ measure: Measure) {
            head(name, kind, about)
            for engine in engines {
                line(name, [("model", engine.model)], measure(engine.statistics))
            }
        }
        add("prompt_tokens_total", .counter, "Tokens of prompts that were read.") {
            Double($0.promptTokenCount)
        }
        add("prompt_seconds_total", .counter, "Seconds in which prompts were read.") {
            $0.promptSeconds
        }
        add("tokens_predicted_total", .counter, "Tokens that were drawn.") {
            Double($0.drawnTokenCount)
        }
        add("tokens_predicted_seconds_total", .counter, "Seconds in which tokens were drawn.") {
            $0.drawingSeconds
        }
        add("prompt_tokens_cached_total", .counter, "Tokens of prompts known from earlier ones.") {
            Double($0.cachedTokenCount)
        }
        add("n_decode_total", .counter, "Calls of the model.") { Double($0.modelCallCount) }
        add("n_busy_slots_per_decode", .gauge, "Texts that take part in a call, on average.") {
            $0.busySlotsPerCall
        }
        add("requests_processing", .gauge, "Texts at work.") { Double($0.runningCount) }
        add("requests_deferred", .gauge, "Requests that wait.") { Double($0.waitingCount) }
        add("requests_finished_total", .counter, "Requests that ended with all their texts.") {
            Double($0.finishedCount)
        }
        add("requests_cancelled_total", .counter, "Requests whose client went away.") {
            Double($0.cancelledCount)
        }
        add("requests_failed_total", .counter, "Requests that came to nothing.") {
            Double($0.failedCount)
        }
        head("requests_rejected_total", .counter, "Requests that were not taken, by reason.")
        for engine in engines {
            for (reason, count) in engine.statistics.refusedCounts.sorted(by: { $0.key < $1.key }) {
                line(
                    "requests_rejected_total", [("model", engine.model), ("reason", reason)],
                    Double(count))
            }
        }
        add("state_bytes", .gauge, "Bytes that are kept of the texts at work.") {
            Double($0.stateByteCount)
        }
        add("cache_bytes", .gauge, "Bytes that are kept of earlier prompts.") {
            Double($0.cacheByteCount)
        }
        histogram(
            "time_to_first_token_seconds", "Seconds from a request to its first token.", engines
        ) { $0.timeToFirstToken }
        histogram(
            "inter_token_seconds", "Seconds from a token of a text to its next.", engines
        ) { $0.timeBetweenTokens }
        head("http_responses_total", .counter, "Answers, by path and status.")
        for answer in answers {
            line(
                "http_responses_total",
                [("path", answer.path), ("status", String(answer.status))], Double(answer.count))
        }
    }

    private mutating func histogram(
        _ name: String, _ about: String,
        _ engines: [(model: String, statistics: EngineStatistics)],
        _ histogram: (EngineStatistics) -> Histogram
    ) {
        head(name, .histogram, about)
        for engine in engines {
            let histogram = histogram(engine.statistics)
            var sum = 0
            for (bound, count) in zip(histogram.bounds, histogram.counts) {
                sum += count
                line(
                    name + "_bucket", [("model", engine.model), ("le", Self.number(bound))],
                    Double(sum))
            }
            line(
                name + "_bucket", [("model", engine.model), ("le", "+Inf")],
                Double(histogram.count))
            line(name + "_sum", [("model", engine.model)], histogram.sum)
            line(name + "_count", [("model", engine.model)], Double(histogram.count))
        }
    }

    private mutating func head(_ name: String, _ kind: Kind, _ about: String) {
        text += "# HELP quern_\(name) \(about)\n# TYPE quern_\(name) \(kind.rawValue)\n"
    }

    private mutating func line(
        _ name: String, _ labels: [(name: String, value: String)], _ value: Double
    ) {
        let labels = labels.map { "\($0.name)=\"\(Self.escaped($0.value))\"" }
        text += "quern_\(name){\(labels.joined(separator: ","))} \(Self.number(value))\n"
    }

    private static func number(_ value: Double) -> String {
        Int(exactly: value).map(String.init) ?? "\(value)"
    }

    private static func escaped(_ text: String) -> String {
        text.reduce(into: "") { result, character in
            switch character {
            case "\\": result += "\\\\"
            case "\"": result += "\\\""
            case "\n": result += "\\n"
            default: result.append(character)
            }
        }
    }
}
