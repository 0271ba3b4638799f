import Foundation
import Testing

@testable import Files

@Suite struct DirectoryManifestTests {
    private let folder: String
    private let contents = ["a.bin": 4_000, "b.json": 31, "empty": 0, "one": 1]

    init() throws {
        folder = NSTemporaryDirectory() + "quern-manifest-" + UUID().uuidString
        try FileSystem.makeDirectory(folder)
        for (name, count) in contents {
            try write((0..<count).map { UInt8(truncatingIfNeeded: $0 * 7 + $0 >> 8) }, name)
        }
        try DirectoryManifest.write(inDirectory: folder)
    }

    private func write(_ bytes: [UInt8], _ name: String) throws {
        try FileReplacement.write(bytes.span.bytes, to: folder + "/" + name)
    }

    private func bytes(_ name: String) throws -> [UInt8] {
        Array(try #require(FileManager.default.contents(atPath: folder + "/" + name)))
    }

    private func faults(comparesBytes: Bool = true) throws -> [String] {
        let manifest = try #require(try DirectoryManifest(directory: folder))
        return try manifest.faults(inDirectory: folder, comparesBytes: comparesBytes)
    }

    @Test func `what was written is sound, and the same files give the same manifest`() throws {
        #expect(try faults() == [])
        let written = try bytes("manifest.json")
        try DirectoryManifest.write(inDirectory: folder)
        #expect(try bytes("manifest.json") == written)
        let manifest = try #require(try DirectoryManifest(directory: folder))
        #expect(manifest.files.mapValues(\.bytes) == contents)
        #expect(manifest.byteCount == 4_032)
        #expect(String(decoding: written, as: UTF8.self).contains(#""algorithm" : "xxh64""#))
    }

    @Test func `any flipped bit is found, in every file and in the manifest`() throws {
        for name in contents.keys.sorted() where contents[name] != 0 {
            let whole = try bytes(name)
            let step = max(1, whole.count * 8 / 61)
            for bit in stride(from: 0, to: whole.count * 8, by: step) {
                var damaged = whole
                damaged[bit / 8] ^= 1 << UInt8(bit % 8)
                try write(damaged, name)
                #expect(try faults() == ["\(name) is not as it was written"], "bit \(bit)")
                #expect(try faults(comparesBytes: false) == [])
            }
            try write(whole, name)
        }
        let whole = try bytes("manifest.json")
        for bit in 0..<whole.count * 8 {
            var damaged = whole
            damaged[bit / 8] ^= 1 << UInt8(bit % 8)
            try write(damaged, "manifest.json")
            #expect(throws: DirectoryManifest.Fault.changed) {
                try DirectoryManifest(directory: folder)
            }
        }
    }

    @Test func `a file that is missing or cut is named without reading any`() throws {
        try write([], "a.bin")
        try FileSystem.removeFile(folder + "/empty")
        try write([1], "added")
        #expect(
            try faults(comparesBytes: false)
                == ["a.bin has 0 bytes where 4000 were written", "empty is missing"])
    }

    @Test func `a directory without a manifest claims nothing`() throws {
        try FileSystem.removeFile(folder + "/manifest.json")
        #expect(try DirectoryManifest(directory: folder) == nil)
    }

    @Test(arguments: [#"{"a": 1, "a": 2}"#, #"{"b": [{"a": 1, "\u0061": 2}]}"#])
    func `a key that stands twice is refused`(text: String) {
        let error = #expect(throws: DecodingError.self) {
            try StrictJSON.check(Data(text.utf8))
        }
        #expect("\(error, default: "")".contains("\"a\" appears twice"))
    }
}
