import Testing

@testable import Refinement

@Suite struct WordScannerTests {
    private func hashes(_ bytes: [UInt8]) -> [UInt64] {
        var hashes: [UInt64] = []
        WordScanner.forEachWord(of: bytes.span) { hashes.append($0) }
        return hashes
    }

    /// FNV-1a, from its definition.
    private func hash(_ word: String) -> UInt64 {
        word.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    @Test(
        "texts are cut as the definition says",
        arguments: [
            ("", []), ("  ,.\n", []), ("One, TWO-3!", ["one", "two", "3"]),
            ("don't", ["don", "t"]), ("naïve Éa", ["naïve", "Éa"]),
            ("“curly” — dash…end", ["curly", "dash", "end"]),
            ("a\u{A0}b\u{3000}c", ["a", "b", "c"]),
            ("漢字ab、カナ", ["漢", "字", "ab", "カ", "ナ"]), ("สวัส", ["ส", "ว", "ั", "ส"]),
            ("한국 말", ["한국", "말"]), ("𠀀x😀y", ["𠀀", "x😀y"]),
        ] as [(String, [String])])
    func words(text: String, words: [String]) {
        #expect(hashes(Array(text.utf8)) == words.map(hash))
    }

    @Test("bytes that are not UTF-8 are parts of words")
    func invalid() {
        for bytes in [
            [0x80], [0xFF, 0x61], [0xE2, 0x80], [0xE2, 0x80, 0x61], [0xC2], [0xF0, 0x9F],
        ]
            as [[UInt8]]
        {
            let hash = bytes.reduce(0xCBF2_9CE4_8422_2325 as UInt64) {
                ($0 ^ UInt64($1)) &* 0x100_0000_01B3
            }
            #expect(hashes(bytes) == [hash])
        }
    }
}
