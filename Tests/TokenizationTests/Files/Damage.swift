@testable import Tokenization

/// Files as they should not be.
enum Damage {
    /// Damaged copies of `bytes`: cut short, with bytes changed, removed, inserted or swapped.
    static func copies(
        of bytes: [UInt8], count: Int, marks: String, using generator: inout SeededGenerator
    ) -> [[UInt8]] {
        (0..<count).map { round in
            var damaged = bytes
            if round % 3 == 0 {
                damaged.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
            }
            for _ in 0..<Int.random(in: 1...3, using: &generator) where !damaged.isEmpty {
                let place = Int.random(in: 0..<damaged.count, using: &generator)
                switch round % 5 {
                case 0: damaged[place] = UInt8.random(in: 0...255, using: &generator)
                case 1: damaged.remove(at: place)
                case 2:
                    damaged.insert(
                        Array(marks.utf8).randomElement(using: &generator) ?? 0, at: place)
                case 3: damaged[place] = [0, 1, 0x7F, 0x80, 0xFF][place % 5]
                default: damaged.swapAt(place, damaged.count - 1 - place)
                }
            }
            return damaged
        }
    }

    /// Reads each of `copies`: a vocabulary that works or an error that says something.
    static func check(
        _ copies: [[UInt8]], _ read: ([UInt8]) throws -> Vocabulary
    ) -> [String] {
        var silent: [String] = []
        for copy in copies {
            do {
                let vocabulary = try read(copy)
                let text = Array("In the beginning".utf8)
                var ids: [TokenID] = []
                let encoder = BytePairEncoder(vocabulary)
                encoder.encode(text.span, specials: .all, into: &ids)
                try encoder.check()
                var back: [UInt8] = []
                try vocabulary.decode(ids.span, into: &back)
                if back != text, !vocabulary.changesTexts {
                    silent.append("another text came back")
                }
            } catch let error as TokenizationError {
                if error.description.isEmpty { silent.append("an error said nothing") }
            } catch {
                silent.append("\(error)")
            }
        }
        return silent
    }
}
