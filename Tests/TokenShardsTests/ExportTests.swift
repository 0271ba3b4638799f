import Files
import Foundation
import Testing
import Tokenization

@testable import TokenShards

@Suite struct ExportTests {
    private func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    private func number(_ bytes: [UInt8], at offset: Int, bytes count: Int) -> Int {
        (0..<count).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }

    private func ids(_ set: ShardSet, _ split: Split) -> [TokenID] {
        set.shards(of: split).flatMap { $0.tokens(0..<$0.tokenCount) }
    }

    private func ids(_ bytes: some Collection<UInt8>, width: Int) -> [TokenID] {
        let bytes = Array(bytes)
        return stride(from: 0, to: bytes.count, by: width).map {
            TokenID(number(bytes, at: $0, bytes: width))
        }
    }

    private func lengths(_ set: ShardSet, _ split: Split) -> [Int] {
        set.shards(of: split).flatMap { shard in
            (0..<shard.documentCount).map { shard.tokenRange(ofDocument: $0).count }
        }
    }

    @Test("nanoGPT's files are the ids and nothing else")
    func nanoGPT() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write()
        let set = try ShardSet(directory: fixture.path("set"))
        let files = try ShardExport(of: set, as: .nanogpt).write(to: fixture.path("out"))
        #expect(files == [fixture.path("out/train.bin"), fixture.path("out/val.bin")])
        for (file, split) in zip(files, Split.allCases) {
            #expect(try ids(bytes(file), width: 2) == ids(set, split))
        }
    }

    @Test("Megatron's index says where each document lies")
    func megatron() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write()
        let set = try ShardSet(directory: fixture.path("set"))
        _ = try ShardExport(of: set, as: .megatron).write(to: fixture.path("out"))
        for split in Split.allCases {
            let stem = fixture.path("out/\(split.rawValue)_text_document")
            #expect(try ids(bytes(stem + ".bin"), width: 2) == ids(set, split))
            let index = try bytes(stem + ".idx")
            let lengths = lengths(set, split)
            let count = lengths.count
            #expect(index[..<9] == Array("MMIDIDX\0\0".utf8)[...])
            #expect(number(index, at: 9, bytes: 8) == 1)
            #expect(index[17] == 8)
            #expect(number(index, at: 18, bytes: 8) == count)
            #expect(number(index, at: 26, bytes: 8) == count + 1)
            #expect((0..<count).map { number(index, at: 34 + 4 * $0, bytes: 4) } == lengths)
            var places = [0]
            for length in lengths { places.append(places.last! + 2 * length) }
            let start = 34 + 4 * count
            #expect(
                (0..<count).map { number(index, at: start + 8 * $0, bytes: 8) } == places.dropLast()
            )
            #expect(
                (0...count).map { number(index, at: start + 8 * (count + $0), bytes: 8) }
                    == Array(0...count))
            #expect(index.count == 34 + 4 * count + 8 * count + 8 * (count + 1))
        }
    }

    @Test("datatrove's index holds the documents' ends, a file for each shard")
    func datatrove() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write()
        let set = try ShardSet(directory: fixture.path("set"))
        let files = try ShardExport(of: set, as: .datatrove).write(to: fixture.path("out"))
        #expect(files.count == 3 * set.manifest.shards.count)
        for split in Split.allCases {
            for (number, shard) in set.shards(of: split).enumerated() {
                let path = fixture.path("out/\(split.rawValue)/0000\(number)_unshuffled.ds")
                #expect(try ids(bytes(path), width: 2) == shard.tokens(0..<shard.tokenCount))
                let index = try bytes(path + ".index")
                #expect(
                    (0..<shard.documentCount).map { self.number(index, at: 8 * $0, bytes: 8) }
                        == (0..<shard.documentCount).map {
                            shard.tokenRange(ofDocument: $0).upperBound
                        })
                let text = String(decoding: try bytes(path + ".metadata"), as: UTF8.self)
                #expect(
                    text == """
                        vocabulary \(set.manifest.vocabulary.fingerprint)|2
                        \(shard.tokenCount)
                        \(Double(shard.tokenCount).formatted(3)) T
                        """)
            }
        }
    }

    @Test("OLMo's tables name each document's tokens and source, and gzip reads them")
    func olmo() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write()
        let set = try ShardSet(directory: fixture.path("set"))
        _ = try ShardExport(of: set, as: .olmo).write(to: fixture.path("out"))
        var document = 0
        for (number, shard) in set.shards(of: .train).enumerated() {
            let stem = fixture.path("out/train/part-00-0000\(number)")
            #expect(try ids(bytes(stem + ".npy"), width: 2) == shard.tokens(0..<shard.tokenCount))
            var expected = ""
            for local in 0..<shard.documentCount {
                let range = shard.tokenRange(ofDocument: local)
                let line = shard.document(local).place?.number ?? 0
                expected += "\(range.lowerBound),\(range.upperBound),\(document),,\(line)\n"
                document += 1
            }
            #expect(try unzipped(stem + ".csv.gz") == expected)
        }
    }

    private func unzipped(_ path: String) throws -> String {
        let process = Process()
        let pipe = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", path]
        process.standardOutput = pipe
        try process.run()
        let data = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        return String(decoding: data, as: UTF8.self)
    }

    @Test("samples of MDS are the split cut into equal parts", arguments: [1, 7, 64])
    func mds(length: Int) throws {
        let fixture = try ShardFixture()
        _ = try fixture.write()
        let set = try ShardSet(directory: fixture.path("set"))
        _ = try ShardExport(of: set, as: .mds, sampleLength: length).write(
            to: fixture.path("out"))
        let all = ids(set, .train)
        let data = try bytes(fixture.path("out/train/shard.00000.mds"))
        let count = number(data, at: 0, bytes: 4)
        #expect(count == all.count / length)
        let places = (0...count).map { number(data, at: 4 + 4 * $0, bytes: 4) }
        #expect(places.last == data.count)
        for sample in 0..<count {
            #expect(
                ids(data[places[sample]..<places[sample + 1]], width: 2)
                    == Array(all[sample * length..<(sample + 1) * length]))
        }
        let index = try JSONSerialization.jsonObject(
            with: Data(bytes(fixture.path("out/train/index.json"))))
        let shards = try #require((index as? [String: Any])?["shards"] as? [[String: Any]])
        #expect(shards[0]["samples"] as? Int == count)
        #expect(shards[0]["column_encodings"] as? [String] == ["ndarray:uint16:\(length)"])
        #expect(shards[0]["column_sizes"] as? [Int] == [2 * length])
        #expect((shards[0]["raw_data"] as? [String: Any])?["bytes"] as? Int == data.count)
        #expect(shards[0]["zip_data"] is NSNull)
    }

    @Test("chunks of litdata are whole documents, behind their places")
    func litdata() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write(tokensPerShard: 200)
        let set = try ShardSet(directory: fixture.path("set"))
        _ = try ShardExport(of: set, as: .litdata).write(to: fixture.path("out"))
        let text = try bytes(fixture.path("out/train/index.json"))
        let index = try #require(
            try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any])
        let chunks = try #require(index["chunks"] as? [[String: Any]])
        #expect(chunks.count == set.shards(of: .train).count && chunks.count > 1)
        for (chunk, shard) in zip(chunks, set.shards(of: .train)) {
            let name = try #require(chunk["filename"] as? String)
            let data = try bytes(fixture.path("out/train/" + name))
            let count = number(data, at: 0, bytes: 4)
            #expect(count == shard.documentCount && chunk["chunk_size"] as? Int == count)
            #expect(chunk["chunk_bytes"] as? Int == data.count)
            #expect(chunk["dim"] as? Int == shard.tokenCount)
            let places = (0...count).map { number(data, at: 4 + 4 * $0, bytes: 4) }
            #expect(places.first == 4 * (count + 2) && places.last == data.count)
            for document in 0..<count {
                #expect(
                    ids(data[places[document]..<places[document + 1]], width: 2)
                        == Array(shard.tokens(shard.tokenRange(ofDocument: document))))
            }
        }
        let settings = index["config"] as? [String: Any]
        #expect(settings?["data_format"] as? [String] == ["no_header_tensor:13"])
    }

    @Test("an export refuses what is there, what does not fit, and leaves nothing when it fails")
    func refused() throws {
        let fixture = try ShardFixture()
        _ = try fixture.write()
        let set = try ShardSet(directory: fixture.path("set"))
        #expect(throws: FileError.self) {
            try ShardExport(of: set, as: .megatron).write(to: fixture.path("set"))
        }
        try FileSystem.makeDirectory(fixture.path("there"))
        #expect(throws: ShardError.self) {
            try ShardExport(of: set, as: .megatron).write(to: fixture.path("there"))
        }
        try FileSystem.removeItem(fixture.path("there"))
        #expect(throws: ShardError.self) {
            try ShardExport(of: set, as: .mds, sampleLength: 100_000).write(
                to: fixture.path("out"))
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.directory)
        #expect(names == ["set"])
    }
}

extension Double {
    /// Three digits, for numbers below 1,000.
    fileprivate func formatted(_ digits: Int) -> String {
        String(format: "%.\(digits - String(Int(self)).count)f", self)
    }
}
