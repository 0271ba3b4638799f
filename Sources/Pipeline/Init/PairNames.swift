import Corpora

/// Names of fields that tell that their texts are the two sides of pairs.
enum PairNames {
    /// Names of a source and its target.
    private static let known = [
        ("source", "target"), ("src", "tgt"), ("src", "trg"), ("original", "translation"),
        ("input", "target"), ("input", "output"),
    ]

    /// Languages in wide use by their codes in ISO 639-1, without those that are other words too,
    /// such as `id` and `no`; by their codes in ISO 639-3; and by their names.
    private static let languages: Set<String> = {
        let lists = """
            ar bg bn ca cs cy da de el en es et eu fa fi fr ga gl gu he hi hr hu hy it ja ka kk km \
            kn ko la lt lv mk ml mr nl pa pl pt ro ru sk sl sq sr sv sw ta te th tl tr uk ur uz vi \
            xh yo zh zu
            ara bul ben cat ces dan deu ell eng spa est fas fin fra glg heb hin hrv hun hye ind \
            isl ita jpn kat kor lat lav lit nld nob nor pol por ron rus slk slv sqi srp swe tam \
            tel tha tur ukr urd vie zho
            arabic bulgarian chinese croatian czech danish dutch english estonian finnish french \
            german greek hebrew hindi hungarian indonesian irish italian japanese korean latin \
            latvian lithuanian norwegian persian polish portuguese romanian russian serbian slovak \
            slovenian spanish swahili swedish thai turkish ukrainian urdu vietnamese welsh
            """
        return Set(lists.split(whereSeparator: \.isWhitespace).map(String.init))
    }()

    /// The two fields among `names` that are a source and its target: by their names, by two
    /// languages, or whatever they are called in the object `translation` of Hugging Face's data
    /// sets; nil if there are none.
    ///
    /// - Parameter names: fields, the earlier first, whose dots lead into objects.
    static func pair(among names: [String]) -> PairFields? {
        let split = names.map { name in
            let parts = name.lowercased().split(separator: ".")
            return (
                name: name, front: parts.dropLast().joined(separator: "."),
                last: parts.last.map(String.init) ?? ""
            )
        }
        for source in split {
            for (first, second) in known where source.last == first {
                let target = split.first { $0.front == source.front && $0.last == second }
                if let target { return PairFields(source: source.name, target: target.name) }
            }
        }
        for source in split where isLanguage(source.last, in: source.front) {
            let target = split.first {
                $0.front == source.front && $0.last != source.last
                    && isLanguage($0.last, in: $0.front)
            }
            if let target { return PairFields(source: source.name, target: target.name) }
        }
        return nil
    }

    private static func isLanguage(_ name: String, in front: String) -> Bool {
        // A region or a script may stand behind: `zh_cn`, `eng_latn`.
        let code = name.prefix { $0 != "_" && $0 != "-" }
        return front == "translation" || languages.contains(String(code))
    }
}
