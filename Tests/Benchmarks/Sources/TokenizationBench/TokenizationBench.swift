import ArgumentParser
import Foundation
import Tokenization

/// Times the library `Tokenization` on text in memory.
@main
struct TokenizationBench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "TokenizationBench",
        abstract: "Encode, decode or cut text in memory and print one line of JSON.",
        discussion: """
            The text is a flat file of documents and, beside it, their lengths as 64-bit numbers, \
            as texts.py makes them; without lengths it is one document. Reading and loading are \
            not timed. Speeds are MB (10⁶ bytes) of text a second.

            Example:
              TokenizationBench --vocab vocab/kjv --flat text --lengths text.lengths --passes 3
            """)

    @Option(help: "The vocabulary's directory.")
    var vocab: String

    @Option(help: "The documents' bytes, one after the other.")
    var flat: String

    @Option(help: "The documents' lengths, little-endian 64-bit numbers.")
    var lengths: String?

    @Option(help: "Threads, each with an encoder and an equal share of the documents' bytes.")
    var threads = 1

    @Option(help: "Passes over the text with the same encoder.")
    var passes = 2

    @Option(help: "How often to begin anew, with a new encoder.")
    var `repeat` = 1

    @Option(help: "Take only the first documents, so many bytes.")
    var limitBytes: Int?

    @Flag(help: "Take the whole text as one document.")
    var whole = false

    @Flag(help: "Turn the ids back into text instead, and check that it is the same.")
    var decode = false

    @Flag(help: "Only cut the text into pieces.")
    var scan = false

    @Option(help: "Write the ids to this file, little-endian 32-bit numbers.")
    var ids: String?

    func validate() throws {
        if threads < 1 || passes < 1 || `repeat` < 1 {
            throw ValidationError("--threads, --passes and --repeat are at least 1")
        }
        if decode && scan { throw ValidationError("choose one of --decode and --scan") }
    }

    func run() async throws {
        let vocabulary = try Vocabulary(directory: vocab)
        var texts = try Texts(flat: flat, lengths: lengths, limit: limitBytes)
        if whole { texts = texts.joined }
        let task: Worker.Task = decode ? .decode : scan ? .scan : .encode
        let shares = texts.shares(threads)

        var workers: [Worker] = []
        var timings: [[Timing]] = []
        for _ in 0..<`repeat` {
            // Those before are let go first.
            workers = []
            workers = shares.map { Worker(texts, $0, vocabulary) }
            workers.forEach { $0.prepare(for: task) }
            var passed: [Timing] = []
            for _ in 0..<passes { passed.append(try await time(task, on: workers)) }
            timings.append(passed)
        }
        if decode, !workers.allSatisfy(\.isTextRestored) {
            throw BenchError("the decoded text is not the text that was encoded")
        }
        try print(report(texts, task, workers, timings).line())
        if let ids { try write(workers, to: ids) }
    }

    private func time(_ task: Worker.Task, on workers: [Worker]) async throws -> Timing {
        guard workers.count > 1 else { return try await .of { try workers[0].run(task) } }
        return try await .of {
            try await withThrowingTaskGroup { group in
                for worker in workers { group.addTask { try worker.run(task) } }
                try await group.waitForAll()
            }
        }
    }

    private func report(
        _ texts: Texts, _ task: Worker.Task, _ workers: [Worker], _ timings: [[Timing]]
    ) -> Report {
        var checksum = Checksum()
        for worker in workers { checksum.add(worker.ids) }
        let first = timings.map { $0[0] }
        let later = timings.flatMap { $0.dropFirst() }
        func speeds(_ timings: [Timing], _ seconds: KeyPath<Timing, Double>) -> [Double] {
            timings.map { (Double(texts.bytes.count) / 1e3 / $0[keyPath: seconds]).rounded() / 1e3 }
        }
        return Report(
            mode: "\(task)", threads: threads, bytes: texts.bytes.count,
            documents: texts.documents.count,
            count: workers.reduce(0) { $0 + (scan ? $1.pieceCount : $1.ids.count) },
            checksum: scan ? nil : checksum.text,
            first: median(speeds(first, \.wall)) ?? 0,
            firstCPU: median(speeds(first, \.processor)) ?? 0,
            later: median(speeds(later, \.wall)), laterCPU: median(speeds(later, \.processor)),
            firstBest: speeds(first, \.wall).max() ?? 0, laterBest: speeds(later, \.wall).max(),
            seconds: timings.map { $0.map(\.wall) },
            processorSeconds: timings.map { $0.map(\.processor) },
            peakMegabytes: peakMegabytes())
    }

    private func write(_ workers: [Worker], to path: String) throws {
        var data = Data()
        for worker in workers {
            for id in worker.ids.lazy.map(\.rawValue) {
                unsafe withUnsafeBytes(of: id.littleEndian) { unsafe data.append(contentsOf: $0) }
            }
        }
        try data.write(to: URL(fileURLWithPath: path))
    }
}
