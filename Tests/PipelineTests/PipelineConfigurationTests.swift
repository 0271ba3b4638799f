import Corpora
import Files
import Foundation
import Models
import Pipeline
import Refinement
import Testing
import TokenShards
import Tokenization
import Training
import VocabularyLearning

@Suite struct PipelineConfigurationTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// Configuration read from a file of `text` with `settings`; errors without their places.
    private func read(_ text: String, _ settings: [String] = []) throws -> PipelineConfiguration {
        do {
            return try PipelineConfiguration(
                path: try folder.write("p.json", text), settings: settings)
        } catch PipelineError.written(_, _, _, let error) {
            throw error
        }
    }

    @Test func `without a file every value is the default`() throws {
        #expect(try PipelineConfiguration(path: nil) == PipelineConfiguration())
        #expect(try read("{}") == PipelineConfiguration())
    }

    @Test func `a file sets what it names and leaves the rest`() throws {
        let read = try read(
            """
            {"name": "web", "corpus": {"inputs": ["a.txt"], "text_separator": "\\n\\n"},
             "vocabulary": {"pattern": "gpt2"}, "shards": {"end_of_text": "after"},
             "model": {"n_layer": 2}, "training": {"steps": 7, "learning_rate": 1e-4},
             "generation": {"top_k": 5}, "samples": ["Once", "Twice"]}
            """)
        var expected = PipelineConfiguration()
        expected.name = "web"
        expected.corpus.inputs = ["a.txt"]
        expected.corpus.textSeparator = "\n\n"
        expected.vocabulary.pattern = .gpt2
        expected.shards.endOfText = .after
        var shape = GPTConfiguration()
        shape.layerCount = 2
        expected.model = ModelConfiguration(shape)
        expected.training.steps = 7
        expected.training.learningRate = 1e-4
        expected.generation.topK = 5
        expected.samples = ["Once", "Twice"]
        #expect(read == expected)
        #expect(read.vocabularyDirectory == "vocab/web")
        #expect(read.shardDirectory == "shards/web")
        #expect(read.runDirectory == "runs/web")
    }

    @Test func `a key that is not written where it is off is read all the same`() throws {
        #expect(try read("{}", ["training.stateful=true"]).training.carriesState)
        let file = #"{"training": {"stateful": true}}"#
        #expect(try read(file).training.carriesState)
        #expect(try read(file, ["training.stateful=false"]) == PipelineConfiguration())
        #expect(try read("{}", ["training.shift_windows=true"]).training.shiftsWindows)
    }

    @Test func `a setting goes over the file, the last one over the others`() throws {
        let file = #"{"training": {"steps": 7, "batch_size": 3}}"#
        let read = try read(file, ["training.steps=8", "training.steps=9", "name=other"])
        #expect(read.training.steps == 9)
        #expect(read.training.batchSize == 3)
        #expect(read.name == "other")
    }

    @Test func `a setting is JSON, or else a string`() throws {
        let read = try read(
            #"{"corpus": {"text_separator": "x"}, "training": {"stride": 3}}"#,
            [
                "training.learning_rate=2.5e-4", "training.stride=null",
                "corpus.text_separator=null",
                "corpus.inputs=[\"a=b.txt\", \"-\"]", "corpus.text_field=body",
                "samples=[\"one\"]", "training.seed=18446744073709551615", "name=\"7\"",
            ])
        #expect(read.training.learningRate == 2.5e-4)
        #expect(read.training.stride == nil)
        #expect(read.corpus.textSeparator == nil)
        #expect(read.corpus.inputs == ["a=b.txt", "-"])
        #expect(read.corpus.textField == "body")
        #expect(read.samples == ["one"])
        #expect(read.training.seed == .max)
        #expect(read.name == "7")
    }

    @Test func `a model of another architecture, and null for what follows from the rest`() throws {
        let text = #"{"model": {"architecture": "qwen3", "n_kv_head": 2, "rope_theta": 1e6}}"#
        let read = try read(text, ["model.tie_word_embeddings=false", "model.head_dim=null"])
        let shape = try #require(read.model.shape as? GPTConfiguration)
        #expect(shape.architecture == .qwen3)
        #expect(shape.keyWidth == 64 && shape.headSize == 32)
        #expect(shape.rotaryBase == 1e6 && !shape.tiesEmbeddings)
    }

    @Test func `a vocabulary of characters has their pattern, named in the file or a setting`()
        throws
    {
        let expected = VocabularyConfiguration(model: .character)
        #expect(try read(#"{"vocabulary": {"model": "character"}}"#).vocabulary == expected)
        #expect(try read("{}", ["vocabulary.model=character"]).vocabulary == expected)
        #expect(expected.pattern == .character)
    }

    @Test func `a section can be set whole, and keeps what it does not name`() throws {
        let read = try read(#"{"model": {"n_layer": 2}}"#, [#"model={"n_embd": 64}"#])
        let shape = try #require(read.model.shape as? GPTConfiguration)
        #expect(shape.layerCount == 2)
        #expect(shape.embeddingSize == 64)
    }

    @Test(arguments: [
        (#"{"trainning": {}}"#, "trainning", "training"),
        (#"{"training": {"batchsize": 3}}"#, "training.batchsize", "training.batch_size"),
        (#"{"model": {"n_layers": 3}}"#, "model.n_layers", "model.n_layer"),
        (#"{"model": {"n_kv_heads": 3}}"#, "model.n_kv_heads", "model.n_kv_head"),
        (
            #"{"model": {"tie_embeddings": false}}"#, "model.tie_embeddings",
            "model.tie_word_embeddings"
        ),
        (#"{"model": {"arch": "llama"}}"#, "model.arch", "model.architecture"),
        (#"{"model": {"vocab_size": 3}}"#, "model.vocab_size", "vocabulary.vocab_size"),
        (#"{"samples": [], "corpus": {"input": []}}"#, "corpus.input", "corpus.inputs"),
        (#"{"corpus": {"zebra": 1}}"#, "corpus.zebra", nil),
        (#"{"zebra": 1}"#, "zebra", nil),
        // Keys of other sections, and what other programs call them.
        (#"{"steps": 3}"#, "steps", "training.steps"),
        (#"{"max_tokens": 3}"#, "max_tokens", "generation.max_new_tokens"),
        (#"{"lr": 3}"#, "lr", "training.learning_rate"),
        (#"{"learningrate": 3}"#, "learningrate", "training.learning_rate"),
        (#"{"epochs": 3}"#, "epochs", "training.steps"),
        (#"{"seed": 3}"#, "seed", "training.seed"),
        (#"{"tokenizer": {}}"#, "tokenizer", "vocabulary"),
        (#"{"training": {"lr": 3}}"#, "training.lr", "training.learning_rate"),
        (#"{"training": {"Batch-Size": 3}}"#, "training.Batch-Size", "training.batch_size"),
        (#"{"training": {"bs": 3}}"#, "training.bs", "training.batch_size"),
        (#"{"training": {"epochs": 3}}"#, "training.epochs", "training.steps"),
        (#"{"training": {"top_k": 3}}"#, "training.top_k", "generation.top_k"),
        (#"{"training": {"context_length": 3}}"#, "training.context_length", "model.n_positions"),
        (#"{"model": {"block_size": 3}}"#, "model.block_size", "model.n_positions"),
        (#"{"model": {"d_model": 3}}"#, "model.d_model", "model.n_embd"),
        (#"{"model": {"heads": 3}}"#, "model.heads", "model.n_head"),
        (#"{"corpus": {"shuffle": true}}"#, "corpus.shuffle", "corpus.refine.shuffle"),
        (#"{"corpus": {"vocab": 3}}"#, "corpus.vocab", "vocabulary"),
    ])
    func `an unknown key is refused, with the near one`(
        text: String, key: String, nearest: String?
    ) {
        #expect(throws: PipelineError.unknownKey(key: key, nearest: nearest)) { try read(text) }
    }

    @Test func `an unknown key in a setting is refused too`() {
        #expect(
            throws: PipelineError.unknownKey(key: "training.stpes", nearest: "training.steps")
        ) { try read("{}", ["training.stpes=3"]) }
        #expect(
            "\(PipelineError.unknownKey(key: "a", nearest: "b"))".hasSuffix("did you mean \"b\"?"))
    }

    @Test(arguments: [
        (#"{"training": {"steps": "many"}}"#, "training.steps", "a whole number"),
        (#"{"training": {"steps": true}}"#, "training.steps", "a whole number"),
        (
            #"{"training": {"steps": null}}"#, "training.steps",
            "a whole number belongs here, not null"
        ),
        (#"{"training": {"steps": 2.5}}"#, "training.steps", "a whole number"),
        (#"{"training": {"seed": -1}}"#, "training.seed", "a whole number"),
        (#"{"training": {"learning_rate": "high"}}"#, "training.learning_rate", "a number"),
        (#"{"training": {"optimizer": "sgd"}}"#, "training.optimizer", "one of adamw, muon"),
        (
            #"{"training": {"schedule": "step"}}"#, "training.schedule",
            "one of constant, linear, cosine, wsd"
        ),
        (
            #"{"training": {"overfit_one_batch": 2}}"#, "training.overfit_one_batch",
            "true or false"
        ),
        (#"{"training": {"stateful": 2}}"#, "training.stateful", "true or false"),
        (#"{"training": 3}"#, "training", "a JSON object"),
        (#"{"corpus": {"inputs": "a.txt"}}"#, "corpus.inputs", "a list"),
        (#"{"corpus": {"inputs": [1]}}"#, "corpus.inputs[0]", "a string"),
        (#"{"corpus": {"format": "xml"}}"#, "corpus.format", "one of auto, text, jsonl"),
        (#"{"vocabulary": {"pattern": "word"}}"#, "", "gpt4"),
        (
            #"{"vocabulary": {"pattern": "gpt5"}}"#, "vocabulary.pattern",
            "one of gpt2, r50k, cl100k"
        ),
        (#"{"shards": {"end_of_text": "never"}}"#, "shards.end_of_text", "before, after, none"),
        (#"{"shards": {"allow_special": 3}}"#, "shards.allow_special", "a string"),
        (#"{"vocabulary": {"model": "words"}}"#, "vocabulary.model", "bpe, word, character"),
        (
            #"{"model": {"architecture": "mamba"}}"#, "model.architecture",
            "gpt2, llama, mistral, qwen2, qwen3"
        ),
        (#"{"model": {"n_kv_head": 1.5}}"#, "model.n_kv_head", "a whole number"),
        (#"{"model": {"tie_word_embeddings": 2}}"#, "model.tie_word_embeddings", "true or false"),
        (#"{"name": 3}"#, "name", "a string"),
        (#"{"samples": "one"}"#, "samples", #"a list of strings belongs here; write ["one"]"#),
        (
            #"{"training": {"steps": "9"}}"#, "training.steps",
            "belongs here; write 9 without quotes"
        ),
    ])
    func `a value of the wrong kind is refused by name`(text: String, key: String, reason: String) {
        // Cutting into words can be shown and not learned; the stage says so before it begins.
        guard !key.isEmpty else {
            #expect(throws: TokenizationError.self) { try read(text).vocabulary.validate() }
            return
        }
        let error = #expect(throws: PipelineError.self) { try read(text) }
        guard case .badValue(let found, let why) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(found == key)
        #expect(why.contains(reason), "\(why)")
    }

    @Test(arguments: ["", "{", "nothing", "{\"a\" 1}", "\u{0}", "{\"training\": {\"steps\": 3,,}}"])
    func `what is not JSON is refused`(text: String) {
        let error = #expect(throws: PipelineError.self) { try read(text) }
        guard case .unreadable(_, let reason) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(!reason.contains("\n"))
    }

    @Test(arguments: ["[]", "3", "null", "\"training\""])
    func `JSON that is no object is refused`(text: String) {
        #expect(throws: PipelineError.self) { try read(text) }
    }

    @Test func `a file that is not there is refused, and so is a folder`() {
        let path = folder.path + "/none.json"
        #expect(throws: PipelineError.unreadable(path: path, reason: "there is no such file")) {
            try PipelineConfiguration(path: path)
        }
        #expect(throws: PipelineError.unreadable(path: folder.path, reason: "it is a folder")) {
            try PipelineConfiguration(path: folder.path)
        }
    }

    @Test func `a text that is taken for a description is told as what it is`() throws {
        let path = folder.path + "/book.txt"
        try Data("The mill turns.".utf8).write(to: URL(fileURLWithPath: path))
        #expect(
            throws: PipelineError.unreadable(
                path: path, reason: "it is no JSON object, for which the file begins with {")
        ) {
            try PipelineConfiguration(path: path)
        }
        let other = folder.path + "/pipeline.json"
        try Data([0xFF, 0xFE, 0x7B, 0]).write(to: URL(fileURLWithPath: other))
        let error = #expect(throws: PipelineError.self) { try PipelineConfiguration(path: other) }
        #expect("\(try #require(error))".contains("UTF-16; save it as UTF-8"))
    }

    @Test func `an empty name is refused`() {
        #expect(throws: PipelineError.self) { try read("{}", ["name=\"\""]) }
    }

    @Test(arguments: ["a/b", ".", "..", "/", String(repeating: "n", count: 201)])
    func `a name that is no name of a folder is refused`(name: String) {
        #expect(
            throws: PipelineError.badValue(
                key: "name",
                reason:
                    "it names directories, so it may not be empty, hold a slash or a NUL, be . or "
                    + ".., or have more than 200 bytes")
        ) {
            try read("{}", ["name=\"\(name)\""])
        }
    }

    @Test(arguments: [
        "steps", "=3", "training.steps.more=1", "training.=1", "training=1", "training..steps=1",
        ".training.steps=1", "training.steps.=1",
    ])
    func `a setting that is none is refused`(setting: String) {
        #expect(throws: PipelineError.self) { try read("{}", [setting]) }
    }

    @Test(arguments: [
        "training.steps=0", "training.beta1=1", "training.learning_rate=-1",
        "training.learning_rate=1e-400", "training.dropout=1e-400",
    ])
    func `a training value that makes no sense is refused`(setting: String) {
        #expect(throws: PipelineError.self) { try read("{}", [setting]) }
    }

    @Test func `every key that a default writes is read, but the size of the vocabulary`() throws {
        let data = try JSONEncoder().encode(PipelineConfiguration())
        var object = try #require(
            try JSONSerialization.jsonObject(with: data) as? [String: Any])
        var model = try #require(object["model"] as? [String: Any])
        model["vocab_size"] = nil
        object["model"] = model
        let text = String(
            decoding: try JSONSerialization.data(withJSONObject: object), as: UTF8.self)
        #expect(try read(text) == PipelineConfiguration())
    }

    @Test func `the size of the vocabulary is not the model's to set`() {
        #expect(throws: PipelineError.self) { try read(#"{"model": {"vocab_size": 100}}"#) }
    }

    // MARK: Places in the file

    @Test(arguments: [
        ("{\n  \"name\": \"a\",\n}", 2, 14, "nothing follows this comma; remove it"),
        ("{\"a\": 1, // one\n}", 1, 10, "JSON has no comments"),
        ("{\"a\": 1 // one\n}", 1, 9, "JSON has no comments"),
        ("# mine\n{}", 1, 1, "JSON has no comments"),
        ("{\n 'name': 1}", 2, 2, "JSON has double quotes only"),
        ("{\"name\": 'a'}", 1, 10, "JSON has double quotes only"),
        ("{\u{201C}name\u{201D}: 1}", 1, 2, "write \" in place of \u{201C}"),
        ("{\"name\": \u{2018}a\u{2019}}", 1, 10, "write \" in place of \u{2018}"),
        ("{name: 1}", 1, 2, "a key stands in double quotes; write \"name\""),
        ("{\"é\": word}", 1, 7, "a text stands in double quotes; write \"word\""),
        ("{\"a\": NaN}", 1, 7, "JSON has no NaN; give a number"),
        ("{\"a\": -Infinity}", 1, 7, "this is not a JSON number"),
        ("{\"a\": True}", 1, 7, "write true in small letters"),
        ("{\"a\": None}", 1, 7, "JSON has no None; write null"),
        ("{\"a\": 01}", 1, 7, "without zeros in front"),
        ("{\"a\": 0x10}", 1, 8, "this is not a JSON number"),
        ("{\"a\": .5}", 1, 7, "write 0.5"),
        ("{\"a\" = 5}", 1, 6, "write : in place of ="),
        ("{\"a\": 1\n \"b\": 2}", 2, 2, "is a comma missing before?"),
        ("{\"a\": [1, , 2]}", 1, 11, "before this comma"),
        ("{\"a\": 1}}", 1, 9, "this } closes nothing"),
        ("{\"a\": \"x\n\"}", 1, 9, "the line ends inside a string"),
        ("{\"a\": {\"b\": 1", 1, 14, "close every quote, ] and }"),
        ("{\"steps\": 1,\n \"steps\": 2}", 2, 2, "the key \"steps\" appears twice; keep one"),
        ("\u{FEFF}{\"a\": 1,}", 1, 8, "nothing follows this comma"),
    ])
    func `what is not JSON is named with its line, its column and what to do`(
        text: String, line: Int, column: Int, advice: String
    ) {
        let error = #expect(throws: PipelineError.self) { try read(text) }
        guard case .unreadable(_, let reason) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(reason.hasPrefix("line \(line), column \(column): "), "\(reason)")
        #expect(reason.contains(advice), "\(reason)")
    }

    @Test(arguments: [
        ("{\"training\": {\n  \"steps\": 0}}", 2, 3, "\"training.steps\" does not fit: it is 0"),
        ("{\"training\": {\n  \"stpes\": 0}}", 2, 3, "did you mean \"training.steps\"?"),
        ("{\n \"models\": [{\"name\": \"a\"}]}", 2, 2, "it makes the file a comparison"),
        ("{\"training\":\n 3}", 1, 2, "a JSON object belongs here"),
        ("{\"corpus\": {\"inputs\": [\"a\",\n 1]}}", 2, 2, "\"corpus.inputs[1]\""),
        (
            "{\"corpus\": {\"sources\": [{\"name\": \"a\",\n \"weight\": 0}]}}", 2, 2,
            "\"corpus.sources[0].weight\""
        ),
        // Faults of several keys together, which are found when all are read.
        (
            "{\"training\": {\"packing\": \"document\",\n \"stride\": 4}}", 2, 2,
            "\"training.stride\" does not fit: it is for the packing"
        ),
        ("{\"model\": {\"architecture\": \"lstm\",\n \"n_head\": 4}}", 2, 2, "lstm has no n_head"),
        ("{\"model\":\n {\"hidden_size\": 4}}", 2, 3, "(did you mean n_embd?)"),
    ])
    func `a key or value that does not fit is named with its place in the file`(
        text: String, line: Int, column: Int, part: String
    ) throws {
        let path = try folder.write("p.json", text)
        let error = #expect(throws: PipelineError.self) { try PipelineConfiguration(path: path) }
        guard case .written(path, line, column, _) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        let sentence = "\(String(describing: error))"
        #expect(sentence.contains(part), "\(sentence)")
        #expect("\(error, default: "")".hasPrefix("\(path), line \(line), column \(column): "))
    }

    @Test func `a setting is not blamed on the file that it is put over`() throws {
        let path = try folder.write(
            "p.json", #"{"training": {"packing": "document", "stride": 4}}"#)
        let file = try folder.write("q.json", #"{"training": {"packing": "document"}}"#)
        #expect(
            throws: PipelineError.written(
                path: path, line: 1, column: 38,
                .badValue(
                    key: "training.stride", reason: "it is for the packing \"concatenate\" alone"))
        ) { try PipelineConfiguration(path: path) }
        #expect(
            throws: PipelineError.badValue(
                key: "training.stride", reason: "it is for the packing \"concatenate\" alone")
        ) { try PipelineConfiguration(path: file, settings: ["training.stride=4"]) }
    }

    @Test(arguments: [
        ("corpus.inputs=['a']", "column 2: JSON has double quotes only"),
        ("corpus.inputs=[\"a\",]", "column 5: nothing follows this comma"),
        ("training={\"steps\": 1, \"steps\": 2}", "column 14: the key \"steps\" appears twice"),
    ])
    func `a setting that is nearly JSON is told so`(setting: String, reason: String) {
        let error = #expect(throws: PipelineError.self) { try read("{}", [setting]) }
        #expect("\(String(describing: error))".contains(reason))
    }

    @Test(arguments: [0.1, 1e-5, 2.2250738585072014e-308, 0.30000000000000004, 5e-324, 1e22])
    func `a number is read to the last bit`(number: Double) throws {
        guard number.isNormal else {
            // Below all normal numbers a decoder may round; such a value is an error.
            #expect(throws: PipelineError.self) { try read("{}", ["training.epsilon=\(number)"]) }
            return
        }
        let found = try read("{\"training\": {\"learning_rate\": \(number)}}")
        #expect(found.training.learningRate == number)
    }

    @Test func `the key of an editor's schema is passed over`() throws {
        #expect(try read(#"{"$schema": "./x.json"}"#) == PipelineConfiguration())
    }

    // MARK: Several sources

    private static let twoSources = """
        {"name": "both", "corpus": {
          "format": "jsonl", "validation_fraction": 0.1,
          "refine": {"min_words": 3, "shuffle": true},
          "sources": [
            {"name": "web", "weight": 0.7, "inputs": ["web"], "refine": {"min_words": 5}},
            {"name": "code", "inputs_from": "code.list", "format": "text", "documents": "line",
             "refine": null}
          ]}}
        """

    @Test func `a source has what it says, and else what the section says`() throws {
        let read = try read(Self.twoSources)
        var refinement = RefinementConfiguration()
        refinement.filter.minimumWordCount = 5
        refinement.shuffles = true
        let web = CorpusConfiguration(inputs: ["web"], format: .jsonl, validationFraction: 0.1)
        let code = CorpusConfiguration(
            inputsFrom: "code.list", format: .text, documents: .line, validationFraction: 0.1)
        #expect(
            read.sources == [
                CorpusSource(name: "web", weight: 0.7, corpus: web, refinement: refinement),
                CorpusSource(name: "code", corpus: code),
            ])
        #expect(read.corpus.inputs.isEmpty)
        // A configuration that was read can be written and read again.
        let data = try JSONEncoder().encode(read)
        #expect(try JSONDecoder().decode(PipelineConfiguration.self, from: data) == read)
    }

    @Test func `a setting reaches a source by its name, and every source by the section`() throws {
        let read = try read(
            Self.twoSources,
            [
                "corpus.sources.code.weight=2.5", "corpus.sources.web.refine.min_words=9",
                "corpus.max_document_bytes=77", #"corpus.sources.code={"text_field": "body"}"#,
                "corpus.sources.web.refine.shuffle=false",
            ])
        #expect(read.sources.map(\.weight) == [0.7, 2.5])
        #expect(read.sources[0].refinement?.filter.minimumWordCount == 9)
        #expect(read.sources[0].refinement?.shuffles == false)
        #expect(read.sources.map(\.corpus.maximumDocumentByteCount) == [77, 77])
        #expect(read.sources.map(\.corpus.textField) == ["text", "body"])
        let whole = try self.read(
            Self.twoSources, [#"corpus.sources=[{"name": "one", "inputs": ["a"]}]"#])
        #expect(whole.sources.map(\.name) == ["one"])
        #expect(whole.sources[0].corpus.format == .jsonl)
    }

    @Test(arguments: [
        ("corpus.sources.cod.weight=1", "corpus.sources.cod", "corpus.sources.code"),
        ("corpus.sources.zebra.weight=1", "corpus.sources.zebra", nil),
        (
            "corpus.sources.web.wieght=1", "corpus.sources.web.wieght", "corpus.sources.web.weight"
        ),
        (
            "corpus.sources.web.refine.min_wrods=1", "corpus.sources.web.refine.min_wrods",
            "corpus.sources.web.refine.min_words"
        ),
        (
            #"corpus.sources=[{"name": "a"}, {"inptus": []}]"#, "corpus.sources[1].inptus",
            "corpus.sources[1].inputs"
        ),
        (
            #"corpus.sources=[{"refine": {"suffle": true}}]"#, "corpus.sources[0].refine.suffle",
            "corpus.sources[0].refine.shuffle"
        ),
        (#"corpus.sources=[{"sources": []}]"#, "corpus.sources[0].sources", nil),
    ])
    func `an unknown key of a source is refused, with the near one`(
        setting: String, key: String, nearest: String?
    ) {
        #expect(throws: PipelineError.unknownKey(key: key, nearest: nearest)) {
            try read(Self.twoSources, [setting])
        }
    }

    @Test(arguments: [
        (#"{"a": {}}"#, "corpus.sources", "a list of JSON objects belongs here"),
        ("null", "corpus.sources", "a list of JSON objects belongs here"),
        ("[3]", "corpus.sources[0]", "a JSON object belongs here"),
        (#"[{"inputs": ["a"]}]"#, "corpus.sources[0].name", "it names directories"),
        (#"[{"name": "a/b"}]"#, "corpus.sources[0].name", "it names directories"),
        (#"[{"name": ".."}]"#, "corpus.sources[0].name", "it names directories"),
        (#"[{"name": "unfinished-a"}]"#, "corpus.sources[0].name", "files in progress"),
        (#"[{"name": "a.partial"}]"#, "corpus.sources[0].name", "files in progress"),
        (#"[{"name": "a"}, {"name": "a"}]"#, "corpus.sources[1].name", "called \"a\""),
        (#"[{"name": "a", "weight": 0}]"#, "corpus.sources[0].weight", "above 0"),
        (#"[{"name": "a", "weight": -1}]"#, "corpus.sources[0].weight", "above 0"),
        (
            #"[{"name": "a", "weight": 1e308}, {"name": "b", "weight": 1e308}]"#,
            "corpus.sources[0].weight", "up to 1000000000000000"
        ),
        (#"[{"name": "a", "weight": "1"}]"#, "corpus.sources[0].weight", "a number"),
        (#"[{"name": "a", "format": "xml"}]"#, "corpus.sources[0].format", "one of auto, text"),
        (#"[{"name": "a", "inputs": "b"}]"#, "corpus.sources[0].inputs", "a list"),
        (
            #"[{"name": "a"}, {"name": "b", "max_document_bytes": 2.5}]"#,
            "corpus.sources[1].max_document_bytes", "a whole number"
        ),
        (
            #"[{"name": "a", "refine": {"min_words": 2.5}}]"#,
            "corpus.sources[0].refine.min_words", "a whole number"
        ),
    ])
    func `a source that makes no sense is refused by name`(
        sources: String, key: String, reason: String
    ) {
        let error = #expect(throws: PipelineError.self) {
            try read("{\"corpus\": {\"sources\": \(sources)}}")
        }
        guard case .badValue(let found, let why) = error else {
            Issue.record("another error: \(String(describing: error))")
            return
        }
        #expect(found == key)
        #expect(why.contains(reason), "\(why)")
    }

    @Test(arguments: [#"corpus.inputs=["a"]"#, "corpus.inputs_from=a.list"])
    func `inputs beside sources are refused`(setting: String) {
        let error = #expect(throws: PipelineError.self) { try read(Self.twoSources, [setting]) }
        #expect("\(String(describing: error))".contains("make them a source"))
    }
}
