import Foundation
import Testing

/// An input that the program must refuse.
struct BadInput: Sendable, CustomTestStringConvertible {
    /// Fault of the input.
    let testDescription: String
    /// Part of the sentence that the person reads.
    let sentence: String
    /// Folders that must hold no file afterwards.
    let outputs: [String]
    /// Makes the input in a folder, and gives the arguments.
    let prepare: @Sendable (TemporaryFolder, TinyWorld) throws -> [String]

    init(
        _ testDescription: String, says sentence: String, outputs: [String] = ["out"],
        _ prepare: @escaping @Sendable (TemporaryFolder, TinyWorld) throws -> [String]
    ) {
        self.testDescription = testDescription
        self.sentence = sentence
        self.outputs = outputs
        self.prepare = prepare
    }

    private static func encode(_ world: TinyWorld, _ input: String) -> [String] {
        ["encode", "--vocab", world.vocabulary, "--output", "out", "--quiet", input]
    }

    private static func train(_ shards: String, _ world: TinyWorld, _ settings: String...)
        -> [String]
    {
        ["train", "--shards", shards, "--vocab", world.vocabulary, "--output", "out", "--quiet"]
            + (["model.n_layer=1", "model.n_embd=16", "model.n_positions=16", "training.steps=1"]
            + settings).flatMap { ["--set", $0] }
    }

    static let corpora = [
        BadInput("a file that is not there", says: "there is no file or folder none.txt") {
            encode($1, "none.txt")
        },
        BadInput("a pattern without a file", says: "no file matches *.jsonl") {
            encode($1, "*.jsonl")
        },
        BadInput("a folder without a text", says: "the folder in holds no file") { folder, world in
            try folder.write("in/main.py", "text")
            return encode(world, "in")
        },
        BadInput("a name without a format", says: "(use --format text)") { folder, world in
            try folder.write("main.py", "text")
            return encode(world, "main.py")
        },
        BadInput("an empty corpus", says: "no document was found in empty.txt") { folder, world in
            try folder.write("empty.txt", "")
            return encode(world, "empty.txt")
        },
        BadInput(
            "a corpus of nothing but bad lines",
            says: "2 were skipped, the first for this: bad.jsonl, line 1"
        ) {
            try $0.write("bad.jsonl", "{}\n[]\n")
            return encode($1, "bad.jsonl") + ["--on-error", "skip"]
        },
        BadInput("a file that would replace the one that is read", says: "is the input a.jsonl") {
            try $0.write("a.jsonl", #"{"text": "x"}"#)
            _ = $1
            return ["corpus", "pack", "--output", "a.jsonl", "--quiet", "a.jsonl"]
        },
        BadInput("a table with two columns of texts", says: "more than one column \"text\"") {
            try $0.write("a.csv", "text,text\na,b\n")
            return encode($1, "a.csv")
        },
        BadInput("a table with stray quotes", says: "its own quotes doubled: \"say \"\"so\"\"\"") {
            try $0.write("a.csv", "text,id\nhe said \"so\",1\nb,c\n")
            return encode($1, "a.csv")
        },
        BadInput("a lone surrogate", says: "(use --invalid-utf8 replace)") {
            try $0.write("a.jsonl", #"{"text": "\ud800"}"#)
            return encode($1, "a.jsonl")
        },
        BadInput(
            "a field that is not there",
            says: "corpus.text_field names another (use --text-field)"
        ) {
            try $0.write("a.jsonl", #"{"body": "x"}"#)
            return encode($1, "a.jsonl")
        },
        BadInput("no column of the text", says: "(use --text-field)") {
            try $0.write("a.csv", "body\nx\n")
            return encode($1, "a.csv")
        },
        BadInput(
            "a line above the limit",
            says: "(use --max-document-bytes, --documents or --text-separator)"
        ) {
            try $0.write("a.jsonl", #"{"text": "a line"}"#)
            return encode($1, "a.jsonl") + ["--max-document-bytes", "8B"]
        },
        BadInput("nothing on standard input", says: "no document was found") { encode($1, "-") },
        BadInput("a corpus of white space", says: "no document was found") { folder, world in
            try folder.write("blank.jsonl", "\n{\"text\": \" \\n\"}\n\n")
            return encode(world, "blank.jsonl")
        },
        BadInput("zstd data cut short", says: "ends inside the frame that begins at byte 0") {
            folder, world in
            let whole = try compress(TinyWorld.corpus)
            try folder.write("cut.txt.zst", Array(whole.dropLast(whole.count / 3)))
            return encode(world, "cut.txt.zst")
        },
        BadInput("zstd data with another byte", says: "bad.txt.zst") { folder, world in
            var bytes = try compress(TinyWorld.corpus)
            bytes[bytes.count / 2] ^= 0x55
            try folder.write("bad.txt.zst", bytes)
            return encode(world, "bad.txt.zst")
        },
        BadInput("a line that is no JSON", says: "web.jsonl, line 2") { folder, world in
            try folder.write("web.jsonl", "{\"text\": \"one\"}\n{\"text\": oops}\n")
            return encode(world, "web.jsonl")
        },
        BadInput("a line without the field", says: "web.jsonl, line 1") { folder, world in
            try folder.write("web.jsonl", "{\"body\": \"one\"}\n")
            return encode(world, "web.jsonl")
        },
        BadInput("the same while a vocabulary is learned", says: "web.jsonl, line 1") { folder, _ in
            try folder.write("web.jsonl", "{\"text\": \"one\"\n")
            return ["vocab", "train", "--output", "out", "--quiet", "web.jsonl"]
        },
        BadInput("nothing left to learn from", says: "a smaller validation fraction") {
            folder, _ in
            try folder.write("a.txt", "text")
            return [
                "vocab", "train", "--output", "out", "--validation-fraction", "1", "--quiet",
                "a.txt",
            ]
        },
        BadInput("a file where a folder should be made", says: "out/in: Not a directory") {
            folder, world in
            try folder.write("a.txt", "text")
            try folder.write("out", "in the way")
            return [
                "encode", "--vocab", world.vocabulary, "--output", "out/in", "--quiet", "a.txt",
            ]
        },
    ]

    static let vocabularies = [
        BadInput("a vocabulary that is not there", says: "none/tokenizer.json: No such file") {
            folder, _ in
            try folder.write("a.txt", "text")
            return ["encode", "--vocab", "none", "--output", "out", "a.txt"]
        },
        BadInput("a vocabulary that is no JSON", says: "vocab/tokenizer.json") { folder, _ in
            try folder.write("vocab/tokenizer.json", "{\"model\": ")
            return ["tokenize", "--vocab", "vocab", "text"]
        },
        BadInput("ids beyond the vocabulary", says: "ids are from 0 to 299") {
            ["vocab", "show", $1.vocabulary, "--tokens", "300..400"]
        },
        BadInput("an id beyond the vocabulary", says: "\"300\" is no id") {
            ["decode", "--vocab", $1.vocabulary, "299", "300"]
        },
        BadInput("a word for an id", says: "\"mill\" is no id") {
            ["decode", "--vocab", $1.vocabulary, "mill"]
        },
    ]

    /// Copies the tiny shards into `folder`, as `shards`.
    /// A model of which no manifest says how it was written.
    private static func copyModel(_ folder: TemporaryFolder, _ world: TinyWorld) throws {
        try folder.copy(world.folder.path + "/runs/tiny/checkpoints/step-00000006", to: "m")
        try folder.remove("m/manifest.json")
    }

    private static func copyShards(_ folder: TemporaryFolder, _ world: TinyWorld) throws {
        try folder.copy(world.shards, to: "shards")
    }

    /// Learns nothing, and is another vocabulary all the same.
    private static func anotherVocabulary(_ folder: TemporaryFolder, _ world: TinyWorld) throws {
        let text = String(
            decoding: try world.folder.bytes("vocab/tiny/tokenizer.json"), as: UTF8.self)
        try folder.write("other/tokenizer.json", text.replacing("<|endoftext|>", with: "<|end|>"))
    }

    static let shards = [
        BadInput("a data set that is not there", says: "there is no directory none", outputs: []) {
            _ = ($0, $1)
            return ["shards", "verify", "none", "--quiet"]
        },
        BadInput("a folder that is no data set", says: "holds no manifest.json") { folder, world in
            try folder.write("shards/train_000000.bin", "x")
            return train("shards", world)
        },
        BadInput("a manifest that is no JSON", says: "shards/manifest.json") { folder, world in
            try folder.write("shards/manifest.json", "{")
            return train("shards", world)
        },
        BadInput("a manifest of another kind", says: "\"vocabulary\" does not fit") {
            folder, world in
            try folder.write("shards/manifest.json", "{}")
            return train("shards", world)
        },
        BadInput("a shard cut short", says: "train_000000.bin is damaged") { folder, world in
            try copyShards(folder, world)
            let shard = "shards/train_000000.bin"
            try folder.write(shard, Array(try folder.bytes(shard).dropLast(2)))
            return train("shards", world)
        },
        BadInput("a shard cut inside its header", says: "train_000000.bin is damaged") {
            folder, world in
            try copyShards(folder, world)
            try folder.write("shards/train_000000.bin", [1, 2, 3])
            return train("shards", world)
        },
        BadInput("a shard that is gone", says: "train_000000.bin") { folder, world in
            try copyShards(folder, world)
            try folder.remove("shards/train_000000.bin")
            return train("shards", world)
        },
        BadInput("a shard with another byte", says: "train_000000.bin is damaged") {
            folder, world in
            try copyShards(folder, world)
            var bytes = try folder.bytes("shards/train_000000.bin")
            bytes[2_000] ^= 1
            try folder.write("shards/train_000000.bin", bytes)
            return ["shards", "verify", "shards", "--quiet"]
        },
        BadInput("an index cut short", says: "val_000000.idx is damaged") { folder, world in
            try copyShards(folder, world)
            let index = "shards/val_000000.idx"
            try folder.write(index, Array(try folder.bytes(index).dropLast(1)))
            return ["evaluate", "--model", world.model, "--shards", "shards", "--quiet"]
        },
        BadInput("shards of another vocabulary, to train", says: "with another vocabulary") {
            folder, world in
            try anotherVocabulary(folder, world)
            return ["train", "--shards", world.shards, "--vocab", "other", "--output", "out"]
        },
        BadInput("shards of another vocabulary, to decode", says: "with another vocabulary") {
            folder, world in
            try anotherVocabulary(folder, world)
            return ["decode", "--shards", world.shards, "--vocab", "other"]
        },
        BadInput("too little text for the context", says: "use a larger corpus") {
            train($1.shards, $1, "model.n_positions=4096")
        },
    ]

    static let models = [
        BadInput("a model that is not there", says: "there is no model in none: name") { _, _ in
            ["generate", "--model", "none"]
        },
        BadInput("a start that is not there", says: "there is no model in none: name") {
            train($1.shards, $1) + ["--init-from", "none"]
        },
        BadInput("a run that was not tuned", says: "was not tuned to answer", outputs: []) {
            try $0.copy($1.folder.path + "/runs/tiny", to: "run")
            return ["chat", "--model", "run"]
        },
        BadInput("a run without a best", says: "its run has run/checkpoints/latest", outputs: []) {
            folder, world in
            try folder.copy(world.folder.path + "/runs/tiny", to: "run")
            for step in ["3", "6"] {
                try? folder.remove("run/checkpoints/step-0000000\(step)")
            }
            return ["model", "show", "run/checkpoints/best"]
        },
        BadInput("an empty split to score", says: "the val split holds no document", outputs: []) {
            folder, world in
            try folder.write("shards/train.bin", [1, 0, 1, 0])
            return ["evaluate", "--model", world.model, "--shards", "shards", "--quiet"]
        },
        BadInput(
            "a start with another vocabulary",
            says: "(use `quern encode --vocab m`, then --vocab m here)"
        ) {
            folder, world in
            try copyModel(folder, world)
            try anotherVocabulary(folder, world)
            try folder.remove("m/tokenizer.json")
            try folder.copy(folder.path + "/other/tokenizer.json", to: "m/tokenizer.json")
            return train(world.shards, world) + ["--init-from", "m"]
        },
        BadInput("nothing to resume", says: "out has no checkpoint") {
            train($1.shards, $1) + ["--resume"]
        },
        BadInput("a run that is there already", says: "has checkpoints already", outputs: []) {
            [
                "train", "--shards", $1.shards, "--vocab", $1.vocabulary, "--output",
                $1.folder.path + "/runs/tiny",
            ]
        },
        BadInput("a checkpoint of another shape", says: "n_embd 16, now 32", outputs: []) {
            folder, world in
            try folder.copy(world.folder.path + "/runs/tiny", to: "run")
            return [
                "train", "--shards", world.shards, "--vocab", world.vocabulary, "--output", "run",
                "--set", "model.n_embd=32", "--resume",
            ]
        },
        BadInput("weights of another shape", says: "has shape", outputs: []) { folder, world in
            try copyModel(folder, world)
            let text = String(decoding: try folder.bytes("m/config.json"), as: UTF8.self)
            let changed = text.replacing(/"n_embd": *16/, with: "\"n_embd\": 32")
            #expect(changed != text)
            try folder.write("m/config.json", changed)
            return ["generate", "--model", "m"]
        },
        BadInput("weights cut short", says: "model.safetensors is damaged", outputs: []) {
            folder, world in
            try copyModel(folder, world)
            let weights = "m/model.safetensors"
            try folder.write(weights, Array(try folder.bytes(weights).dropLast(4)))
            return ["generate", "--model", "m"]
        },
        BadInput("a model of another kind", says: "model_type is bert, none of gpt2") {
            folder, world in
            try copyModel(folder, world)
            try folder.write("m/config.json", "{\"model_type\": \"bert\"}")
            return ["model", "import", "m", "--output", "out"]
        },
        BadInput("a model without a tokenizer", says: "none of tokenizer.json") { folder, world in
            try copyModel(folder, world)
            try folder.remove("m/tokenizer.json")
            return ["model", "import", "m", "--output", "out"]
        },
        BadInput("more tokens than embeddings", says: "do not belong together") { folder, world in
            let text = String(
                decoding: try world.folder.bytes("vocab/tiny/tokenizer.json"), as: UTF8.self)
            try folder.write(
                "more.json",
                text.replacing(
                    "\"added_tokens\": [",
                    with: """
                        "added_tokens": [{"id": 300, "content": "<|more|>", "single_word": false, \
                        "lstrip": false, "rstrip": false, "normalized": false, "special": true},
                        """))
            return [
                "model", "import", world.model, "--vocab", folder.path + "/more.json", "--output",
                "out",
            ]
        },
        BadInput("a model where something is", says: "out holds something that", outputs: []) {
            folder, world in
            try folder.write("out/mine.txt", "mine")
            return ["model", "import", world.model, "--output", "out"]
        },
        BadInput("a pattern that llama.cpp lacks", says: "the pattern nanochat") { folder, world in
            try copyModel(folder, world)
            let text = String(decoding: try folder.bytes("m/tokenizer.json"), as: UTF8.self)
            let changed = text.replacing("{1,3}", with: "{1,2}")
            #expect(changed != text)
            try folder.write("m/tokenizer.json", changed)
            return ["model", "export", "m", "--format", "gguf", "--output", "out/model.gguf"]
        },
        BadInput("beams for a model of texts", says: "gpt2 continues a text", outputs: []) {
            ["evaluate", "--model", $1.model, "--shards", $1.shards, "--beams", "2"]
        },
        BadInput("targets of a model of texts", says: "leave it out", outputs: []) {
            ["evaluate", "--model", $1.model, "--shards", $1.shards, "--targets", "7"]
        },
        BadInput(
            "a prompt too long for its attention", says: "is shown for at most 16"
        ) {
            [
                "generate", "--model", $1.model, "--prompt",
                String(repeating: "grinding ", count: 20), "--attention", "heads.svg",
            ]
        },
    ]

    static let configurations = [
        BadInput("an unknown key", says: "did you mean \"training.steps\"?", outputs: made) {
            folder, _ in
            try TinyWorld.prepare(folder)
            try folder.write("pipeline.json", "{\"training\": {\"step\": 3}}")
            return ["run"]
        },
        BadInput("an unknown key in a setting", says: "unknown key \"model.heads\"", outputs: made)
        {
            folder, _ in
            try TinyWorld.prepare(folder)
            return ["run", "--set", "model.heads=3"]
        },
        BadInput("a value of another type", says: "a whole number belongs here", outputs: made) {
            folder, _ in
            try TinyWorld.prepare(folder)
            return ["run", "--set", "training.steps=many"]
        },
        BadInput("a side of pairs", says: "architecture encoder_decoder", outputs: made) {
            folder, _ in
            try TinyWorld.prepare(folder)
            return ["run", "--set", "corpus.source_field=q"]
        },
        BadInput("the other side", says: "corpus.target_field", outputs: made) { folder, _ in
            try TinyWorld.prepare(folder)
            return ["run", "--set", "corpus.target_field=q"]
        },
        BadInput("a state and a packing", says: "gpt2 has no state to carry", outputs: made) {
            folder, _ in
            try TinyWorld.prepare(folder)
            return ["run", "--set", "training.stateful=true", "--set", "training.packing=best-fit"]
        },
        BadInput("n-grams by themselves", says: "ngram is for comparisons", outputs: made) {
            folder, _ in
            try folder.write(
                "pipeline.json", #"{"model": {"architecture": "ngram", "order": 3}}"#)
            return ["run"]
        },
        BadInput("n-grams in a setting", says: "their list \"models\"", outputs: made) {
            folder, _ in
            try TinyWorld.prepare(folder)
            return ["run", "--set", "model.architecture=ngram"]
        },
        BadInput("no pipeline", says: "pipeline.json cannot be read", outputs: made) { _, _ in
            ["run"]
        },
        BadInput("a pipeline that is no JSON", says: "pipeline.json cannot be read", outputs: made)
        {
            folder, _ in
            try folder.write("pipeline.json", "name: tiny")
            return ["run"]
        },
        BadInput(
            "a value for the last stage", says: "\"generation.top_p\" does not fit: it is 0;",
            outputs: made
        ) { folder, _ in
            try TinyWorld.prepare(folder)
            return ["run", "--set", "generation.top_p=0"]
        },
        BadInput("a pipeline on standard input", says: "only once", outputs: made) { folder, _ in
            try TinyWorld.prepare(folder)
            return ["run", "--set", "corpus.inputs=[\"-\"]"]
        },
        BadInput("a pipeline without a corpus", says: "corpus.inputs", outputs: made) { folder, _ in
            try folder.write("pipeline.json", "{}")
            return ["run"]
        },
    ]

    /// Directories in which a pipeline puts what it makes.
    private static let made = ["vocab", "shards", "runs"]

    static let all = corpora + vocabularies + shards + models + configurations
}
