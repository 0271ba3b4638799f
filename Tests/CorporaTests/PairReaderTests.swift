import Corpora
import Testing

@Suite struct PairReaderTests {
    private func pairs(
        _ name: String, _ text: String, fields: PairFields = PairFields(),
        onError: CorpusErrorPolicy = .fail
    ) throws -> (pairs: [[String]], skipped: [String]) {
        try pairs(name, Array(text.utf8), fields: fields, onError: onError)
    }

    private func pairs(
        _ name: String, _ bytes: [UInt8], fields: PairFields = PairFields(),
        onError: CorpusErrorPolicy = .fail
    ) throws -> (pairs: [[String]], skipped: [String]) {
        let folder = try TemporaryFolder()
        let path = try folder.write(name, bytes)
        var configuration = CorpusConfiguration(inputs: [path], onError: onError)
        (configuration.sourceField, configuration.targetField) = (fields.source, fields.target)
        var reader = try PairReader(configuration)
        var pairs: [[String]] = []
        while let pair = try reader.next() { pairs.append([pair.source, pair.target]) }
        #expect(reader.progress.documents == pairs.count)
        #expect(reader.progress.bytesRead == bytes.count)
        #expect(reader.progress.totalBytes == bytes.count)
        return (pairs, reader.progress.skipped.map(\.description))
    }

    @Test("files of archives are refused by name", arguments: ["a.tar.zst", "a.wet"])
    func otherFormats(name: String) throws {
        let error = try #require(throws: CorpusError.self) { try pairs(name, "a\tb\n") }
        #expect(error.description.contains("holds no pairs; use JSON, CSV, TSV or Parquet"))
    }

    @Test("lines of JSON, as source and target and as Alpaca has them")
    func lines() throws {
        let found = try pairs(
            "pairs.jsonl",
            """
            {"source": "zwei", "target": "two"}
            {"target": "drei\\n", "source": "three", "more": [1]}
            {"instruction": "Add.", "input": "1 and 1", "output": "2"}
            {"instruction": "Greet.", "output": "Hello!"}

            """)
        #expect(
            found.pairs == [
                ["zwei", "two"], ["three", "drei\n"], ["Add.\n\n1 and 1", "2"],
                ["Greet.", "Hello!"],
            ])
    }

    @Test("an array of objects, or objects one after another, however they are laid out")
    func arrays() throws {
        let objects = [
            "{\n  \"source\": \"a ]}\",\n  \"target\": \"b\"\n}",
            #"{"instruction": "Greet.", "input": "", "output": "Hello!"}"#,
        ]
        let expected = [["a ]}", "b"], ["Greet.", "Hello!"]]
        #expect(
            try pairs("a.json", "[\(objects.joined(separator: ",\n"))]\n").pairs == expected)
        #expect(
            try pairs("a.json", "\u{FEFF}" + objects.joined(separator: "\n")).pairs == expected)
        let mixed = #"[{"source": "a", "target": "b"}, 3, {"source": "c"}]"#
        let found = try pairs("a.json", mixed, onError: .skip)
        #expect(found.pairs == [["a", "b"]])
        #expect(found.skipped.count == 2)
        #expect(found.skipped.last?.contains("a.json, item 3: it has neither") == true)
        #expect(throws: CorpusError.self) { try pairs("a.json", mixed) }
        #expect(throws: CorpusError.self) { try pairs("a.json", String(mixed.dropLast())) }
    }

    @Test("two columns of Parquet, in groups or not; a row without one of them is none")
    func columns() throws {
        let file = try parquet([
            ("source", ["one", nil, "three", "", "five"]),
            ("translation.de", ["eins", "zwei", nil, "vier", "fünf"]),
        ])
        let fields = PairFields(source: "source", target: "translation.de")
        let found = try pairs("a.parquet", file, fields: fields, onError: .skip)
        #expect(found.pairs == [["one", "eins"], ["five", "fünf"]])
        #expect(found.skipped.count == 3)
        #expect(found.skipped.allSatisfy { $0.contains("a.parquet, row ") })
        #expect(throws: CorpusError.self) { try pairs("a.parquet", file) }
    }

    @Test("dots lead into objects, unless a name has them itself")
    func dots() throws {
        let lines = """
            {"translation": {"en": "two", "fr": "deux", "n": {"a.b": "x"}}, "id": 3}
            {"translation.en": "three", "translation": {"en": "no", "fr": "trois"}}

            """
        let fields = PairFields(source: "translation.en", target: "translation.fr")
        #expect(
            try pairs("a.jsonl", lines, fields: fields).pairs
                == [["two", "deux"], ["three", "trois"]])
        let deep = PairFields(source: #"translation.n.a\.b"#, target: "translation.fr")
        let found = try pairs("a.jsonl", lines, fields: deep, onError: .skip)
        #expect(found.pairs == [["x", "deux"]] && found.skipped.count == 1)
        let array = #"[{"translation": {"en": "two", "fr": "deux"}}]"#
        #expect(try pairs("a.json", array, fields: fields).pairs == [["two", "deux"]])
    }

    @Test("a column that is not there is blamed on the key that names it")
    func missingColumn() throws {
        for (source, target, key) in [
            ("en", "de", "target_field"), ("de", "fr", "source_field"),
            ("de", "it", "source_field"),
        ] {
            let error = #expect(throws: CorpusError.self) {
                try pairs("a.tsv", "en\tfr\na\tb\n", fields: .init(source: source, target: target))
            }
            let text = "\(error, default: "")"
            #expect(text.contains("no column \"de\", only \"en\", \"fr\""), "\(text)")
            #expect(text.hasSuffix("name one with corpus.\(key)"), "\(text)")
        }
    }

    @Test("two columns of a table, wherever they stand")
    func tables() throws {
        let text = "word\\tnote\\tsounds\\none\\tx\\tw ah n\\ntwo\\t\\tt uw\\n"
            .replacing("\\t", with: "\t").replacing("\\n", with: "\n")
        let found = try pairs(
            "words.tsv", text, fields: PairFields(source: "word", target: "sounds"))
        #expect(found.pairs == [["one", "w ah n"], ["two", "t uw"]])
        let quoted = try pairs(
            "words.csv", "target,source\n\"a, \"\"b\"\"\",\"two\nlines\"\nc,d\n")
        #expect(quoted.pairs == [["two\nlines", "a, \"b\""], ["d", "c"]])
    }

    @Test("records without one of their sides are refused, or skipped and told")
    func incomplete() throws {
        let table = "source,target\na,b\n,c\nd,\ne,f\n,\n"
        let found = try pairs("table.csv", table, onError: .skip)
        #expect(found.pairs == [["a", "b"], ["e", "f"]])
        #expect(found.skipped.count == 2)
        #expect(found.skipped.first?.hasSuffix("line 3: its source is empty") == true)
        let twice = #"{"source": "a", "target": "b", "target": "c"}"#
        let lines = "{\"source\": \"a\", \"target\": \"\"}\n{\"source\": \"a\"}\n[]\n\(twice)\n"
        let skipped = try pairs("lines.jsonl", lines, onError: .skip)
        #expect(skipped.pairs.isEmpty)
        #expect(skipped.skipped.count == 4)
        #expect(skipped.skipped.last?.contains("\"target\" appears twice") == true)
        #expect(throws: CorpusError.self) { try pairs("lines.jsonl", lines) }
        #expect(throws: CorpusError.self) { try pairs("table.csv", table) }
    }
}
