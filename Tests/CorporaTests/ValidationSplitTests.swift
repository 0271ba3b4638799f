import Corpora
import Testing

@Suite struct ValidationSplitTests {
    @Test("a fraction of 0 holds out nothing and of 1 everything")
    func edges() {
        var generator = SeededGenerator(state: 1)
        for hash in [0, .max, 1] + (0..<1_000).map({ _ in generator.next() }) {
            #expect(!ValidationSplit(fraction: 0).isValidation(hash))
            #expect(ValidationSplit(fraction: 1).isValidation(hash))
        }
    }

    @Test("about the fraction is held out", arguments: [0.01, 0.05, 0.5, 0.9])
    func share(fraction: Double) {
        let split = ValidationSplit(fraction: fraction)
        let count = 20_000
        let held = (0..<count).count { index in
            let text = Array("document \(index)".utf8)
            let document = Document(
                text: text, origin: DocumentOrigin(path: "", position: .part(1)))
            return split.isValidation(document.contentHash)
        }
        let deviation = (Double(count) * fraction * (1 - fraction)).squareRoot()
        #expect(abs(Double(held) - Double(count) * fraction) < 5 * deviation)
    }

    @Test("what is held out at a small fraction is held out at a larger one")
    func nested() {
        var generator = SeededGenerator(state: 2)
        for _ in 0..<2_000 {
            let hash = generator.next()
            if ValidationSplit(fraction: 0.1).isValidation(hash) {
                #expect(ValidationSplit(fraction: 0.2).isValidation(hash))
            }
        }
    }

    @Test("the choice is the same for ever")
    func pinned() {
        let split = ValidationSplit(fraction: 0.5)
        // From the same arithmetic in Python.
        #expect((0..<16).filter { split.isValidation($0) } == [3, 4, 5, 7, 10, 11, 14])
    }
}
