import Bytes
import Files
import Foundation
import Testing

@testable import Tokenization
@testable import VocabularyLearning

@Suite struct PieceCountsFileTests {
    private let folder = TemporaryPath()

    private func counts(_ seed: UInt64, _ number: Int = 2_000) throws -> PieceCounts {
        var generator = SeededGenerator(seed)
        var counts = PieceCounts()
        for _ in 0..<number {
            try counts.add(
                Samples.piece(using: &generator).span,
                occurrences: .random(in: 1...1 << 40, using: &generator))
        }
        return counts
    }

    private func bytes(_ name: String) throws -> [UInt8] {
        try Array(Data(contentsOf: URL(fileURLWithPath: folder.path(name))))
    }

    @Test("a file holds the counts, in the order of bytes")
    func roundTrip() throws {
        let file = try PieceCountsFile.write(counts(1), pattern: .gpt2, to: folder.path("a"))
        var pieces: [[UInt8]] = []
        var found: [[UInt8]: UInt64] = [:]
        try file.forEachPiece { piece, count in
            pieces.append(piece.array(from: 0, to: piece.count))
            found[pieces[pieces.count - 1]] = count
        }
        let expected = try counts(1).dictionary
        #expect(found == expected)
        #expect(pieces == pieces.sorted { $0.lexicographicallyPrecedes($1) })
        #expect(file.pattern == .gpt2)
        #expect(file.pieceCount == expected.count)
        #expect(file.occurrenceCount == expected.values.reduce(0, +))
        #expect(file.textByteCount == expected.reduce(0) { $0 + UInt64($1.key.count) * $1.value })
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path("")) == ["a"])
    }

    @Test("no counts make a file too")
    func empty() throws {
        let file = try PieceCountsFile.write(PieceCounts(), pattern: .gpt4, to: folder.path("a"))
        try file.verify()
        #expect(file.pieceCount == 0)
        #expect(try VocabularyTrainer(VocabularyConfiguration()).train(file).count == 257)
    }

    @Test("merging is the same in any order and grouping, and the file of everything at once")
    func merging() throws {
        var whole = PieceCounts()
        for part in 0..<4 {
            try whole.merge(counts(UInt64(part)))
            _ = try PieceCountsFile.write(
                counts(UInt64(part)), pattern: .gpt4, to: folder.path("\(part)"))
        }
        _ = try PieceCountsFile.write(whole, pattern: .gpt4, to: folder.path("whole"))
        func merge(_ names: [String], _ name: String) throws {
            _ = try PieceCountsFile.merge(names.map(folder.path), to: folder.path(name))
        }
        try merge(["0", "1", "2", "3"], "all")
        try merge(["3", "1", "0", "2"], "all again")
        try merge(["0", "1"], "left")
        try merge(["2", "3"], "right")
        try merge(["right", "left"], "both")
        let expected = try bytes("whole")
        for name in ["all", "all again", "both"] { #expect(try bytes(name) == expected) }
        try merge(["left"], "copy")
        #expect(try bytes("copy") == bytes("left"))
    }

    @Test("more files than are merged at once")
    func manyFiles() throws {
        var whole = PieceCounts()
        var paths: [String] = []
        for part in 0..<2 * PieceRuns.fanIn + 3 {
            try whole.merge(counts(UInt64(part), 20))
            paths.append(folder.path("\(part)"))
            _ = try PieceCountsFile.write(
                counts(UInt64(part), 20), pattern: .gpt4, to: folder.path("\(part)"))
        }
        _ = try PieceCountsFile.write(whole, pattern: .gpt4, to: folder.path("whole"))
        _ = try PieceCountsFile.merge(paths, to: folder.path("merged"))
        #expect(try bytes("merged") == bytes("whole"))
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path("")).count
                == paths.count + 2)
    }

    @Test("counts of different patterns are not merged, nor learned from with another")
    func patterns() throws {
        let one = try PieceCountsFile.write(counts(1), pattern: .gpt2, to: folder.path("a"))
        _ = try PieceCountsFile.write(counts(1), pattern: .gpt4, to: folder.path("b"))
        #expect(throws: TokenizationError.self) {
            _ = try PieceCountsFile.merge(
                [folder.path("a"), folder.path("b")], to: folder.path("c"))
        }
        #expect(throws: TokenizationError.self) {
            _ = try VocabularyTrainer(VocabularyConfiguration()).train(one)
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("c")))
    }

    @Test("a sum beyond 64 bits is an error, and a merge that is ended leaves nothing")
    func failures() throws {
        var large = PieceCounts()
        try large.add([1, 2].span, occurrences: 1 << 62)
        _ = try PieceCountsFile.write(large, pattern: .gpt4, to: folder.path("a"))
        #expect(throws: TokenizationError.countOverflow) {
            _ = try PieceCountsFile.merge(
                [String](repeating: folder.path("a"), count: 4), to: folder.path("c"))
        }
        struct Ended: Error {}
        _ = try PieceCountsFile.write(counts(3, 40_000), pattern: .gpt4, to: folder.path("b"))
        #expect(throws: Ended.self) {
            _ = try PieceCountsFile.merge([folder.path("b")], to: folder.path("c")) { _, _ in
                throw Ended()
            }
        }
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path("")).sorted()
                == ["a", "b"])
    }

    // MARK: Bytes from outside

    /// Pieces and counts read from `file` to its end.
    private func read(_ file: [UInt8]) throws -> [(piece: [UInt8], count: UInt64)] {
        try Data(file).write(to: URL(fileURLWithPath: folder.path("hostile")))
        var pieces: [(piece: [UInt8], count: UInt64)] = []
        try PieceCountsFile(path: folder.path("hostile")).forEachPiece { piece, count in
            pieces.append((piece.array(from: 0, to: piece.count), count))
        }
        return pieces
    }

    /// A file with these entries, whose sums and checksum are right.
    private func sealed(_ entries: [UInt8], _ totals: [UInt64]) -> [UInt8] {
        var file = Array("quernpcs".utf8) + [1, 0, 0, 0, 4, 0, 0, 0] + Array("gpt4".utf8) + entries
        for sum in totals { file += (0..<8).map { UInt8(truncatingIfNeeded: sum >> ($0 * 8)) } }
        let hash = XXH64.hash(of: file.span)
        return file + (0..<8).map { UInt8(truncatingIfNeeded: hash >> ($0 * 8)) }
    }

    @Test("the layout is the documented one")
    func layout() throws {
        var counts = PieceCounts()
        try counts.add(Array("the".utf8).span, occurrences: 300)
        try counts.add(Array("then".utf8).span, occurrences: 1)
        try counts.add(Array("to".utf8).span, occurrences: 5)
        _ = try PieceCountsFile.write(counts, pattern: .gpt4, to: folder.path("a"))
        let entries =
            [0, 3] + Array("the".utf8) + [0xAC, 2] + [3, 1] + Array("n".utf8) + [1]
            + [1, 1] + Array("o".utf8) + [5]
        #expect(try bytes("a") == sealed(entries, [3, 9, 306, 914]))
    }

    @Test("a file that ends early, or has another byte anywhere, is refused")
    func damage() throws {
        _ = try PieceCountsFile.write(counts(1, 6), pattern: .gpt4, to: folder.path("a"))
        let good = try bytes("a")
        #expect(try read(good).count == 6)
        for end in 0..<good.count {
            #expect(throws: TokenizationError.self) { try read(Array(good[..<end])) }
        }
        #expect(throws: TokenizationError.self) { try read(good + [0]) }
        for index in good.indices {
            var bad = good
            bad[index] ^= 1 << (index % 8)
            #expect(throws: TokenizationError.self) { try read(bad) }
        }
    }

    @Test("sums that cannot be true are refused when a file is opened, before memory is reckoned")
    func hostileSums() throws {
        let entries: [UInt8] = [0, 1, 97, 1, 0, 1, 98, 1]
        func open(_ totals: [UInt64]) throws -> PieceCountsFile {
            try Data(sealed(entries, totals)).write(
                to: URL(fileURLWithPath: folder.path("hostile")))
            return try PieceCountsFile(path: folder.path("hostile"))
        }
        #expect(try open([2, 2, 2, 2]).pieceCount == 2)
        for totals in [
            [3, 2, 2, 2], [2, 17, 2, 2], [UInt64.max, 2, 2, 2], [2, UInt64.max, 2, 2],
        ] {
            #expect(throws: TokenizationError.self) { try open(totals) }
        }
        let trainer = try VocabularyTrainer(VocabularyConfiguration())
        #expect(trainer.memoryEstimate(pieceCount: .max, pieceByteCount: .max) > 1 << 52)
    }

    @Test(
        "entries that the writer would not write are refused",
        arguments: [
            // Shares more than there is; no bytes; cut off; count 0; long forms of numbers.
            ([1, 1, 97, 1], [1, 1, 1, 1]), ([0, 0, 1], [1, 0, 1, 0]),
            ([0, 9, 97, 1], [1, 9, 1, 9]),
            ([0, 1, 97], [1, 1, 1, 1]), ([0, 1, 97, 0], [1, 1, 0, 0]),
            ([0x80, 0, 1, 97, 1], [1, 1, 1, 1]), ([0, 1, 97, 0x81, 0], [1, 1, 1, 1]),
            ([0, 1, 97] + [UInt8](repeating: 0xFF, count: 9) + [2], [1, 1, 1, 1]),
            // Not behind the one before it; the same again; fewer shared bytes than there are.
            ([0, 1, 98, 1, 0, 1, 97, 1], [2, 2, 2, 2]),
            ([0, 1, 97, 1, 0, 1, 97, 1], [2, 2, 2, 2]),
            ([0, 1, 97, 1, 0, 2, 97, 98, 1], [2, 3, 2, 3]),
            // Sums of something else, and sums that overflow.
            ([0, 1, 97, 1], [1, 1, 2, 1]), ([], [1, 1, 1, 1]),
            ([0, 2, 97, 97] + [UInt8](repeating: 0xFF, count: 9) + [1], [1, 2, .max, .max &* 2]),
        ] as [([UInt8], [UInt64])])
    func hostile(entries: [UInt8], totals: [UInt64]) throws {
        #expect(throws: TokenizationError.self) { try read(sealed(entries, totals)) }
    }

    @Test("whatever is accepted is what the writer makes of it")
    func fuzz() throws {
        var generator = SeededGenerator(10)
        var accepted = 0
        for _ in 0..<800 {
            let entries = (0..<Int.random(in: 0...12, using: &generator)).map { _ in
                UInt8([0, 1, 1, 2, 97, 98, 128, 255].randomElement(using: &generator)!)
            }
            // The sums that a lenient reader would find.
            guard let guess = lenientTotals(entries) else { continue }
            let file = sealed(entries, guess)
            guard let pieces = try? read(file) else { continue }
            accepted += 1
            var counts = PieceCounts()
            for (piece, count) in pieces { try counts.add(piece.span, occurrences: count) }
            _ = try PieceCountsFile.write(counts, pattern: .gpt4, to: folder.path("again"))
            #expect(try bytes("again") == file)
        }
        #expect(accepted > 10)
    }

    private func lenientTotals(_ entries: [UInt8]) -> [UInt64]? {
        var position = 0
        var piece: [UInt8] = []
        var totals: [UInt64] = [0, 0, 0, 0]
        func varint() -> UInt64? {
            var number: UInt64 = 0
            var shift: UInt64 = 0
            while position < entries.count, shift < 63 {
                let byte = entries[position]
                position += 1
                number |= UInt64(byte & 0x7F) << shift
                if byte < 0x80 { return number }
                shift += 7
            }
            return nil
        }
        while position < entries.count {
            guard let shared = varint(), shared <= UInt64(piece.count), let added = varint(),
                added <= UInt64(entries.count - position)
            else { return nil }
            piece = Array(piece[..<Int(shared)] + entries[position..<position + Int(added)])
            position += Int(added)
            guard let count = varint() else { return nil }
            totals[0] += 1
            totals[1] += UInt64(piece.count)
            totals[2] &+= count
            totals[3] &+= count &* UInt64(piece.count)
        }
        return totals
    }
}

/// A folder that goes with the test that made it.
final class TemporaryPath: Sendable {
    private let folder = NSTemporaryDirectory() + "quern-tokenization-" + UUID().uuidString

    init() {
        try? FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func path(_ name: String) -> String { folder + "/" + name }
}
