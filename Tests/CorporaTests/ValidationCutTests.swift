import Bytes
import Foundation
import Testing

@testable import Corpora

@Suite struct ValidationCutTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func document(_ text: String) -> Document {
        Document(text: Array(text.utf8), origin: DocumentOrigin(path: "a", position: .part(1)))
    }

    /// The held-out end of `text` when about `wanted` bytes of it are.
    private func end(of text: String, _ wanted: Int) throws -> String {
        let document = document(text)
        let cut = try #require(ValidationCut(of: document, holdingOut: wanted))
        let parts = try #require(cut.parts(of: document))
        #expect(parts.first.text + parts.heldOut.text == document.text)
        #expect(parts.heldOut.contentHash == cut.heldOutHash)
        #expect(parts.first.text.count == cut.byteCount)
        return String(decoding: parts.heldOut.text, as: UTF8.self)
    }

    private let filling = String(repeating: "xxxxxxxxx", count: 200)

    @Test("the best place wins: a paragraph, a line, a sentence, a word, a character")
    func places() throws {
        let tail = String(repeating: "y", count: 80)
        #expect(try end(of: filling + ". \n\nA" + tail, 70) == "A" + tail)
        #expect(try end(of: filling + ".\r\n \r\nA b.\nC. d" + tail, 70) == "A b.\nC. d" + tail)
        #expect(try end(of: filling + ".\nA b. C" + tail, 70) == "A b. C" + tail)
        #expect(try end(of: filling + " A b. C d" + tail, 70) == "C d" + tail)
        #expect(try end(of: filling + "。C d" + tail, 70) == "C d" + tail)
        #expect(try end(of: filling + "xé d" + tail, 70) == "d" + tail)
        #expect(try end(of: filling + String(repeating: "é", count: 80), 71).count == 36)
    }

    @Test("the nearest of several places of a kind wins, and never more than half is held out")
    func nearest() throws {
        let paragraphs = (0..<100).map { "Paragraph \($0) of many words." }
        let text = paragraphs.joined(separator: "\n\n")
        #expect(try end(of: text, 150) == paragraphs.suffix(5).joined(separator: "\n\n"))
        #expect(try end(of: text, text.utf8.count).utf8.count <= text.utf8.count / 2 + 1)
        // White space at the end is not what is held out.
        #expect(try end(of: text + String(repeating: "\n", count: 900), 150).hasPrefix("Para"))
    }

    @Test("a text of fewer than 1,024 bytes, or of white space, is not cut")
    func tooSmall() {
        #expect(
            ValidationCut(of: document(String(repeating: "x", count: 1_023)), holdingOut: 50)
                == nil)
        #expect(
            ValidationCut(of: document(String(repeating: " ", count: 5_000)), holdingOut: 50)
                == nil)
    }

    @Test("the largest document of a corpus without a held-out one is cut, wherever it stands")
    func outlook() throws {
        let text = (0..<400).map { "Paragraph \($0)." }.joined(separator: "\n\n")
        try folder.write("a.txt", text)
        try folder.write("b.txt", "little")
        var corpus = CorpusConfiguration(inputs: [folder.path])
        guard case .cut(let cut, documents: 2) = try corpus.validationOutlook() else {
            Issue.record("no cut")
            return
        }
        #expect(cut.origin.path.hasSuffix("a.txt"))
        let share = Double(cut.heldOutByteCount) / Double(text.utf8.count)
        #expect(abs(share - 0.05) < 0.01)
        corpus.validationCut = cut
        for threadCount in [1, 2] {
            var reader = try CorpusReader(corpus, threadCount: threadCount)
            var heldOut: [String] = []
            var all: [UInt8] = []
            while let document = try reader.next() {
                all += document.text
                guard corpus.validationSplit.isValidation(document.contentHash) else { continue }
                heldOut.append(String(decoding: document.text, as: UTF8.self))
            }
            #expect(all == Array((text + "little").utf8))
            #expect(heldOut.count == 1)
            #expect(heldOut[0].hasPrefix("Paragraph "))
            #expect(reader.progress.documents == 3)
            #expect(reader.progress.sources.map(\.documents) == [2, 1])
        }
    }

    @Test("a document is cut where the hashes hold out all of a small corpus")
    func everything() throws {
        let text = (0..<400).map { "Paragraph \($0)." }.joined(separator: "\n\n")
        try folder.write("a.txt", text)
        var corpus = CorpusConfiguration(inputs: [folder.path])
        corpus.validationFraction = 0.999_999
        guard case .cut(let cut, documents: 1) = try corpus.validationOutlook() else {
            Issue.record("no cut")
            return
        }
        corpus.validationCut = cut
        #expect(!corpus.validationSplit.isValidation(cut.documentHash))
        #expect(corpus.validationSplit.isValidation(cut.heldOutHash))
    }

    @Test("nothing is cut where hashes hold out, nothing can be, or nothing is to be held out")
    func otherOutlooks() throws {
        try folder.write("small.txt", "one\ntwo\nthree")
        let small = CorpusConfiguration(inputs: [folder.path], documents: .line)
        #expect(try small.validationOutlook() == .nothing(documents: 3, byteCount: 11))
        var all = small
        all.validationFraction = 0.999_999
        #expect(try all.validationOutlook() == .everything(documents: 3, byteCount: 11))
        all.validationFraction = 1
        #expect(try all.validationOutlook() == .byHash)
        var none = small
        none.validationFraction = 0
        #expect(try none.validationOutlook() == .byHash)
        try folder.write("many.txt", (0..<300).map { "line \($0)" }.joined(separator: "\n"))
        #expect(try small.validationOutlook() == .byHash)
        #expect(try CorpusConfiguration(inputs: ["-"]).validationOutlook() == .unknown)
        // A thousand documents and none of them: the hashes stay in force.
        var rare = small
        rare.validationFraction = 1e-12
        try folder.write("many.txt", (0..<2_000).map { "line \($0)" }.joined(separator: "\n"))
        #expect(try rare.validationOutlook() == .byHash)
    }
}
