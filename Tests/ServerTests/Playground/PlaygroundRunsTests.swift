import Foundation
import Testing

@testable import Server

@Suite struct PlaygroundRunsTests {
    private let fixture: PlaygroundFixture
    private var playground: Playground { fixture.playground }

    init() throws { fixture = try PlaygroundFixture() }

    /// Makes a run of so many steps, whose loss is 10 minus a thousandth of the step.
    private func makeRun(_ name: String, steps: Int, at folder: String? = nil) throws {
        let directory = (folder ?? fixture.runs) + "/" + name
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: true)
        var text = ""
        for step in 0..<steps {
            text += """
                {"step": \(step + 1), "loss": \(10 - Double(step + 1) / 1000), "learning_rate": \
                0.01, "gradient_norm": 1, "tokens": \((step + 1) * 50), "seconds": 0.5}

                """
            if (step + 1) % 100 == 0 {
                text += """
                    {"step": \(step + 1), "validation_loss": 3.5, "bits_per_byte": 1.5}

                    """
            }
        }
        try Data(text.utf8).write(to: URL(filePath: directory + "/metrics.jsonl"))
    }

    private func list() throws -> [[String: Any]] {
        try #require(
            JSONSerialization.jsonObject(with: playground.runs()) as? [[String: Any]])
    }

    private func names() throws -> Set<String> {
        Set(try list().compactMap { $0["name"] as? String })
    }

    private func points(
        _ answer: [String: Any], _ curve: String
    ) throws -> [(step: Int, value: Double)] {
        let curves = try #require(answer["curves"] as? [String: Any])
        let points = try #require(curves[curve] as? [[NSNumber]])
        return points.map { ($0[0].intValue, $0[1].doubleValue) }
    }

    @Test func `a folder of runs that is not there has none`() throws {
        let path = fixture.runs + "/nowhere"
        let nowhere = Playground(shown: [], runsDirectory: path, vocabulariesDirectory: path)
        #expect(String(decoding: nowhere.runs(), as: UTF8.self) == "[]")
        #expect(try list().isEmpty)
    }

    @Test func `the list has runs, and runs within runs, and their steps`() throws {
        try makeRun("kjv", steps: 120)
        try makeRun("kjv/chat", steps: 7)
        try makeRun("kjv/checkpoints/step-1", steps: 1)
        try makeRun(".hidden", steps: 1)
        try FileManager.default.createDirectory(
            atPath: fixture.runs + "/empty", withIntermediateDirectories: true)
        #expect(try names() == ["kjv", "kjv/chat"])
        #expect(try list().first { $0["name"] as? String == "kjv" }?["steps"] as? Int == 120)
        #expect(try list().allSatisfy { $0["is_running"] as? Bool == false })
        try Data().write(to: URL(filePath: fixture.runs + "/kjv/.quern-lock"))
        let running = try list().filter { $0["is_running"] as? Bool == true }
        #expect(running.map { $0["name"] as? String } == ["kjv"])
    }

    @Test func `a link is no run, and neither is anything outside`() throws {
        let outside = fixture.runs + "-outside"
        defer { try? FileManager.default.removeItem(atPath: outside) }
        try makeRun("secret", steps: 3, at: outside)
        try makeRun("real", steps: 3)
        let manager = FileManager.default
        try manager.createSymbolicLink(
            atPath: fixture.runs + "/link", withDestinationPath: outside + "/secret")
        try manager.createSymbolicLink(
            atPath: fixture.runs + "/real/link", withDestinationPath: outside + "/secret")
        try manager.createDirectory(
            atPath: fixture.runs + "/half", withIntermediateDirectories: true)
        try manager.createSymbolicLink(
            atPath: fixture.runs + "/half/metrics.jsonl",
            withDestinationPath: outside + "/secret/metrics.jsonl")
        #expect(try names() == ["real"])
        let relative = "../" + outside.split(separator: "/").last! + "/secret"
        for name in [
            "link", "real/link", "half", relative, outside + "/secret", "", ".", "..", "/",
            "real/", "real/.", "real/../real", "./real", "real\0", "Real",
        ] {
            let error = refusal { () throws(PlaygroundError) in try playground.curves(ofRun: name) }
            #expect(error?.parameter == "name", "\(name)")
        }
        #expect(
            refusal { () throws(PlaygroundError) in try playground.curves(ofRun: "real") } == nil)
    }

    @Test func `curves are those of the log`() throws {
        try makeRun("kjv", steps: 200)
        let answer = try object(playground.curves(ofRun: "kjv"))
        #expect(answer["steps"] as? Int == 200)
        let loss = try points(answer, "loss")
        #expect(loss.map(\.step) == Array(1...200))
        #expect(abs(loss[99].value - 9.9) < 1e-9)
        #expect(try points(answer, "validation_loss").map(\.step) == [100, 200])
        #expect(try points(answer, "bits_per_byte").map(\.value) == [1.5, 1.5])
        #expect(try points(answer, "learning_rate").allSatisfy { $0.value == 0.01 })
        #expect(try points(answer, "tokens_per_second").allSatisfy { abs($0.value - 100) < 1e-9 })
        let later = try object(playground.curves(ofRun: "kjv", after: 190))
        #expect(try points(later, "loss").map(\.step) == Array(191...200))
        #expect(try points(later, "tokens_per_second").count == 10)
        #expect(try points(later, "validation_loss").map(\.step) == [200])
        let none = try object(playground.curves(ofRun: "kjv", after: 200))
        #expect(try points(none, "loss").isEmpty)
    }

    @Test func `a long curve is a thousand means, and ends where the run is`() throws {
        try makeRun("long", steps: 9_001)
        let loss = try points(object(playground.curves(ofRun: "long")), "loss")
        #expect(loss.count > 400 && loss.count <= 1_000)
        #expect(loss.last?.step == 9_001)
        for (before, now) in zip(loss, loss.dropFirst()) {
            #expect(before.step < now.step)
            // The mean of the steps between.
            let middle = Double(before.step + 1 + now.step) / 2
            #expect(abs(now.value - (10 - middle / 1000)) < 0.02)
        }
    }

    @Test func `hostile names and damaged logs stay data`() throws {
        let name = "<img src=x onerror=alert(1)>\u{202E}\"\\\n"
        try makeRun(name, steps: 2)
        try makeRun("cut", steps: 2)
        let path = fixture.runs + "/cut/metrics.jsonl"
        var text = try String(contentsOfFile: path, encoding: .utf8)
        text += "{\"step\": 3, \"loss\": 1e999, \"tokens\": 150}\nno line\n{\"step\": 4, \"lo"
        try Data(text.utf8).write(to: URL(filePath: path))
        #expect(try names() == [name, "cut"])
        let answer = try object(playground.curves(ofRun: name))
        #expect(answer["name"] as? String == name)
        let loss = try points(object(playground.curves(ofRun: "cut")), "loss")
        #expect(loss.map(\.step) == [1, 2])
    }
}
