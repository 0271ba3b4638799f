import Testing
import Work

@Suite struct SpellingTests {
    @Test(arguments: [
        ("train", "trian", 1), ("ca", "abc", 3), ("kitten", "sitting", 3), ("abcd", "badc", 2),
        ("verison", "version", 1),
    ])
    func `edits are counted as by hand`(a: String, b: String, count: Int) {
        #expect(Spelling.editCount(a, b) == count)
    }

    @Test func `edits are as few as the definition allows, for all short names`() {
        var names = [""]
        for length in 0..<4 {
            names += names.filter { $0.count == length }.flatMap { ["\($0)a", "\($0)b"] }
        }
        for a in names {
            for b in names {
                #expect(Spelling.editCount(a, b) == Self.count(a[...], b[...]), "\(a) \(b)")
            }
        }
    }

    /// The definition: the last characters are equal, or one of the four edits made them.
    private static func count(_ a: Substring, _ b: Substring) -> Int {
        guard let x = a.last, let y = b.last else { return max(a.count, b.count) }
        let (shortA, shortB) = (a.dropLast(), b.dropLast())
        var least = min(count(shortA, b), count(a, shortB)) + 1
        least = min(least, count(shortA, shortB) + (x == y ? 0 : 1))
        if let beforeX = shortA.last, let beforeY = shortB.last, x == beforeY, y == beforeX {
            least = min(least, count(shortA.dropLast(), shortB.dropLast()) + 1)
        }
        return least
    }

    @Test func `what is too far is no guess`() {
        #expect(Spelling.nearest(to: "genrate", among: ["encode", "generate"]) == "generate")
        #expect(Spelling.nearest(to: "frobnicate", among: ["encode", "generate"]) == nil)
        #expect(Spelling.nearest(to: "run", among: []) == nil)
    }
}
