import Files
import Foundation
import Testing
import Training

@testable import Pipeline

@Suite struct AsideMoverTests {
    private let folder: TemporaryFolder
    private let mover = AsideMover(steps: 600, date: Date(timeIntervalSince1970: 1_795_960_000))

    init() throws { folder = try TemporaryFolder() }

    private func make(_ name: String, _ text: String) throws {
        try FileSystem.makeDirectory(folder.path + "/" + name)
        _ = try folder.write(name + "/file", text)
    }

    @Test func `a name says when and what, and is never taken twice`() throws {
        #expect(
            mover.suffix.wholeMatch(of: #/-2026-11-\d\dT\d\d-\d\d-step-600/#) != nil,
            "\(mover.suffix)")
        #expect(AsideMover(steps: nil).suffix.wholeMatch(of: #/-\d{4}-\d\d-\d\dT\d\d-\d\d/#) != nil)
        var places: [String] = []
        for number in 0..<3 {
            try make("kjv", "\(number)")
            places.append(try #require(try mover.move(folder.path + "/kjv")))
        }
        let first = folder.path + "/kjv" + mover.suffix
        #expect(places == [first, first + "-2", first + "-3"])
        for (number, place) in places.enumerated() {
            #expect(
                FileManager.default.contents(atPath: place + "/file") == Data("\(number)".utf8))
        }
        #expect(try mover.move(folder.path + "/kjv") == nil)
    }

    @Test func `what is moved together gets one ending, which none of it has had before`() throws {
        try make("vocab/kjv", "old")
        _ = try mover.move(folder.path + "/vocab/kjv")
        try make("vocab/kjv", "new")
        try make("runs/kjv", "new")
        let paths = ["runs/kjv", "vocab/kjv", "shards/kjv"].map { folder.path + "/" + $0 }
        let together = AsideMover(
            steps: 600, together: paths, date: Date(timeIntervalSince1970: 1_795_960_000))
        #expect(together.suffix == mover.suffix + "-2")
        #expect(
            try paths.map { try together.move($0) }
                == [paths[0] + together.suffix, paths[1] + together.suffix, nil])
    }

    @Test func `a link is not moved, and what it leads to neither`() throws {
        try make("disk", "run")
        let path = folder.path + "/kjv"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "disk")
        let error = #expect(throws: FileError.self) { try mover.move(path) }
        #expect("\(error, default: "")".contains("it is a link to disk"))
        #expect(try FileSystem.namesInDirectory(folder.path).sorted() == ["disk", "kjv"])
    }

    @Test func `work that goes on stays under the old name`() throws {
        try make("set", "old")
        try make("set/unfinished-1", "new")
        let place = try #require(
            try mover.move(folder.path + "/set", leaving: ["unfinished-1", "not there"]))
        #expect(try FileSystem.namesInDirectory(folder.path + "/set") == ["unfinished-1"])
        #expect(try FileSystem.namesInDirectory(place) == ["file"])
    }

    @Test func `a run is not moved while another process trains in it or below it`() throws {
        for run in ["kjv", "kjv/chat"] {
            try make(run, "run")
            let claim = try OutputClaim(folder.path + "/" + run, .filled)
            #expect(throws: TrainingError.runInUse(directory: folder.path + "/" + run)) {
                try mover.moveRun(folder.path + "/kjv")
            }
            withExtendedLifetime(claim) {}
        }
        #expect(try mover.moveRun(folder.path + "/kjv") != nil)
        #expect(try FileSystem.namesInDirectory(folder.path + "/kjv").isEmpty)
    }

    @Test func `the new run knows the stages before the model, and nothing else`() throws {
        let run = folder.path + "/kjv"
        try make("kjv", "output")
        var ledger = StageLedger(directory: run)
        for (stage, source) in [(Stage.vocab, nil), (.encode, "web"), (.train, nil), (.tune, nil)] {
            try ledger.record(
                stage, source: source, inputs: "in", outputs: [run + "/file"],
                settings: ["key": "1"])
        }
        let place = try #require(try mover.moveRun(run))
        #expect(StageLedger(directory: place).settings(of: .train, source: nil) == ["key": "1"])
        let new = StageLedger(directory: run)
        #expect(new.settings(of: .vocab, source: nil) == ["key": "1"])
        #expect(new.settings(of: .encode, source: "web") == ["key": "1"])
        #expect(new.settings(of: .train, source: nil) == nil)
        #expect(new.settings(of: .tune, source: nil) == nil)
    }
}
