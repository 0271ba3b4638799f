/// Pieces of text that are words, or fall into words, by exception: contractions, abbreviations,
/// times and faces made of signs.
///
/// They are those of spaCy's English tokenizer (3.8, `lang/en/tokenizer_exceptions.py` and
/// `lang/tokenizer_exceptions.py`), written as what they are made of; each with an apostrophe also
/// stands for the same with a typographic one.
///
/// A class, because all that cuts words shares the one table.
final class EnglishExceptions: Sendable {
    /// The one table of the process: immutable.
    static let shared = EnglishExceptions()

    /// The longest exception, in bytes.
    let maximumByteCount: Int
    /// The lengths of the words of each exception, in bytes; by the hash of its text.
    private let parts: [UInt64: [Int]]
    /// The lengths of the words into which an exception would fall without being one, where they
    /// are several.
    private let plainParts: [UInt64: [Int]]
    /// A bit for each value of the lowest bits of a hash that some exception has: what is none is
    /// mostly known by it.
    private let sieve: [UInt64]

    private static let sieveBitCount: UInt64 = 1 << 14

    /// The lengths of the words of the exception whose text has this hash, see ``WordHash``; `nil`
    /// if there is none.
    @inline(__always)
    func parts(of hash: UInt64) -> [Int]? {
        let bit = hash & (Self.sieveBitCount - 1)
        guard sieve[Int(bit >> 6)] >> (bit & 63) & 1 == 1 else { return nil }
        return parts[hash]
    }

    /// The lengths of the words into which the exception with this hash would fall if it were none;
    /// `nil` if it were one word.
    func plainParts(of hash: UInt64) -> [Int]? { plainParts[hash] }

    /// All of them, a bar between words.
    static let texts: [String] = {
        let all = contractions + abbreviations + faces
        return all
            + all.filter { $0.contains("'") }.map { text in
                String(text.map { $0 == "'" ? "’" : $0 })
            }
    }()

    private init() {
        var parts: [UInt64: [Int]] = [:]
        var plainParts: [UInt64: [Int]] = [:]
        var sieve = [UInt64](repeating: 0, count: Int(Self.sieveBitCount / 64))
        var longest = 0
        let listed = Self.texts.map { $0.utf8.split(separator: UInt8(ascii: "|")).map(Array.init) }
        for words in listed + Self.barredFaces.map({ [Array($0.utf8)] }) {
            let text = Array(words.joined())
            var hash = WordHash()
            for byte in text { hash.append(byte) }
            parts[hash.value] = words.map(\.count)
            longest = max(longest, text.count)
            let bit = hash.value & (Self.sieveBitCount - 1)
            sieve[Int(bit >> 6)] |= 1 << (bit & 63)
            var cutter = EnglishWords(exceptions: nil)
            cutter.cut(text.span)
            if cutter.words.count > 1 {
                plainParts[hash.value] = cutter.words.map { Int($0.byteCount) }
            }
        }
        self.parts = parts
        self.plainParts = plainParts
        self.sieve = sieve
        maximumByteCount = longest
    }

    /// Words that run into the one before, with and without an apostrophe.
    private static let contractions: [String] = {
        var result: [String] = []
        // A small word and the same with a capital.
        func both(_ words: [String]) -> [String] {
            words.flatMap { [$0, $0.prefix(1).uppercased() + $0.dropFirst()] }
        }
        func add(_ words: [String], _ endings: String...) {
            for word in both(words) {
                for ending in endings {
                    result.append(word + "|" + ending)
                    result.append(word + "|" + ending.filter { $0 != "'" })
                }
            }
        }
        add(["i"], "'m", "'m|a")
        add(["i", "you", "he", "she", "it", "we", "they"], "'ll", "'ll|'ve", "'d", "'d|'ve")
        add(["i", "you", "we", "they"], "'ve")
        add(["you", "we", "they"], "'re")
        add(["he", "she", "it"], "'s")
        let questions = ["who", "what", "when", "where", "why", "how", "there"]
        add(questions + ["that", "this"], "'s")
        add(
            questions + ["that", "this", "these", "those"], "'ll", "'ll|'ve", "'d", "'d|'ve")
        add(questions + ["these", "those"], "'re", "'ve")
        add(
            [
                "ca", "could", "do", "does", "did", "had", "may", "might", "must", "need", "ought",
                "sha", "should", "wo", "would",
            ], "n't", "n't|'ve")
        add(["could", "might", "must", "should", "would"], "'ve")
        add(["ai", "are", "is", "was", "were", "have", "has", "dare"], "n't")
        // Without an apostrophe these are other words.
        let others: Set = ["i|ll", "it|s", "he|ll", "she|ll", "she|d", "we|re", "we|ll", "who|re"]
        result.removeAll { others.contains($0.lowercased()) }
        result += both(["doin", "goin", "nothin", "nuthin", "ol", "somethin", "lovin", "havin"])
            .flatMap { [$0, $0 + "'"] }
        result += ["em", "ll", "nuff"].flatMap { [$0, "'" + $0] }
        for hour in 1...12 {
            result += ["a.m.", "am", "p.m.", "pm"].map { "\(hour)|\($0)" }
        }
        result += both(["can|not", "gon|na", "got|ta", "let|'s", "c'm|on", "not|'ve", "not|ve"])
        result += ["y'|all", "y|all", "how|'d|'y", "How|'d|'y"]
        result += ["'S", "'s", "‘S", "‘s", "and/or", "w/o", "'re", "'bout", "'d"]
        result += both(["cause", "cos", "coz", "cuz"]).map { "'" + $0 }
        result += both(["ma'am", "o'clock"])
        return result
    }()

    /// Words that end with a full stop, and others that are kept whole.
    private static let abbreviations: [String] = {
        let states =
            "Ak Ala Ariz Ark Calif Colo Conn Del Fla Ga Ia Id Ill Ind Kan Kans Ky La Mass "
            + "Mich Minn Miss N.C N.D N.H N.J N.M N.Y Neb Nebr Nev Okla Ore Pa S.C Tenn Va Wash Wis"
        let months = "Apr Aug Dec Feb Jan Jul Jun Mar Nov Oct Sep Sept"
        let titles =
            "Mt Adm Bros co Co Corp D.C Dr Gen Gov Inc Jr Ltd Md Messrs Mo Mont Mr Mrs Ms "
            + "Ph.D Prof Rep Rev Sen St vs v.s a.m p.m e.g E.g E.G i.e I.e I.E"
        let letters = "a b c d e f g h i j k l m n o p q r s t u v w x y z ä ö ü"
        let stopped = [states, months, titles, letters].joined(separator: " ")
        return stopped.split(separator: " ").map { $0 + "." }
            + "cfkCFK".map { "°|\($0)|." }
            + ["—", "\\t", "\\n", "'", "''", "\\\")", "<space>", "C++"]
    }()

    /// Faces made of signs.
    private static let faces: [String] =
        #"""
        :) :-) :)) :-)) :))) :-))) (: (-: =) (= :] :-] [: [-: [= =] :o) (o: :} :-} 8) 8-) (-8 ;)
        ;-) (; (-; :( :-( :(( :-(( :((( :-((( ): )-: =( >:( :') :'-) :'( :'-( :/ :-/ =/ ]= =[ :1
        :P :-P :p :-p :O :-O :o :-o :0 :-0 :() >:o :* :-* :3 :-3 =3 :> :-> :X :-X :x :-x :D :-D ;D
        ;-D =D xD XD xDD XDD 8D 8-D ^_^ ^__^ ^___^ >.< >.> <.< ._. ;_; -_- -__- v.v V.V v_v V_V
        o_o o_O O_o O_O 0_o o_0 0_0 o.O O.o O.O o.o 0.0 o.0 0.o @_@ <3 <33 <333 </3 (^_^) (-_-)
        (._.) (>_<) (*_*) (¬_¬) ಠ_ಠ ಠ︵ಠ (ಠ_ಠ) ¯\(ツ)/¯ (╯°□°）╯︵┻━┻ ><(((*>
        """#.split(whereSeparator: \.isWhitespace).map(String.init)

    /// Those that have a bar themselves.
    static let barredFaces = ["=|", ":|", ":-|"]
}

/// The 64-bit FNV-1a of a word's bytes (<http://www.isthe.com/chongo/tech/comp/fnv/>).
struct WordHash {
    private(set) var value: UInt64 = 0xCBF2_9CE4_8422_2325

    @inline(__always)
    mutating func append(_ byte: UInt8) {
        value = (value ^ UInt64(byte)) &* 0x100_0000_01B3
    }
}
