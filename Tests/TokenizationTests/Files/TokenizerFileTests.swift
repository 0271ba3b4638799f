import Bytes
import Testing

@testable import Tokenization
@testable import VocabularyFiles

@Suite struct TokenizerFileTests {
    /// A file put together from its parts, in the order of `keys`.
    private struct Parts {
        var vocabulary = names.enumerated().map { "\(quoted($1)): \($0)" }
        var merges = [#""t h""#, #""th e""#]
        var added: [String] = []
        var normalizer = "null"
        var preTokenizer = #"{"type": "ByteLevel"}"#
        var postProcessor = "null"
        var keys = [
            "added_tokens", "normalizer", "pre_tokenizer", "post_processor", "decoder", "model",
        ]
        var modelKeys = ["type", "vocab", "merges"]

        static let names =
            ByteCharacters.bytesInOrder.map { ByteCharacters.string(for: [$0]) } + ["th", "the"]

        static func quoted(_ name: String) -> String {
            name == "\"" || name == "\\" ? "\"\\\(name)\"" : "\"\(name)\""
        }

        mutating func add(
            _ id: Int, _ content: String, special: Bool = true, normalized: Bool = false
        ) {
            added.append(
                """
                {"id": \(id), "content": "\(content)", "single_word": false, "lstrip": false,
                 "rstrip": false, "normalized": \(normalized), "special": \(special)}
                """)
        }

        var text: String {
            let model = modelKeys.map { key in
                switch key {
                case "type": #""type": "BPE""#
                case "vocab": "\"vocab\": {\(vocabulary.joined(separator: ", "))}"
                default: "\"merges\": [\(merges.joined(separator: ","))]"
                }
            }
            let members = keys.map { key in
                switch key {
                case "added_tokens": "\"added_tokens\": [\(added.joined(separator: ","))]"
                case "normalizer": "\"normalizer\": \(normalizer)"
                case "pre_tokenizer": "\"pre_tokenizer\": \(preTokenizer)"
                case "post_processor": "\"post_processor\": \(postProcessor)"
                case "decoder": #""decoder": {"type": "ByteLevel"}"#
                default: "\"model\": {\(model.joined(separator: ", "))}"
                }
            }
            return "{\(members.joined(separator: ",\n"))}"
        }

        func read() throws -> Vocabulary {
            try Vocabulary(tokenizerJSON: Array(text.utf8).span)
        }
    }

    private func encoded(_ text: String, _ vocabulary: Vocabulary) -> [TokenID] {
        BytePairEncoder(vocabulary).encode(text)
    }

    private func refusal(_ parts: Parts) -> String {
        do {
            _ = try parts.read()
            return "nothing was refused"
        } catch {
            return "\(error)"
        }
    }

    @Test("members may come in any order")
    func order() throws {
        var parts = Parts()
        parts.add(258, "<|end|>")
        let expected = try parts.read()
        #expect(expected.count == 259)
        #expect(expected.mergeCount == 2)
        var generator = SeededGenerator(2)
        for _ in 0..<20 {
            parts.keys.shuffle(using: &generator)
            parts.modelKeys.shuffle(using: &generator)
            parts.vocabulary.shuffle(using: &generator)
            #expect(try parts.read().fingerprint == expected.fingerprint)
        }
    }

    @Test("names and merges may be spelled with escapes")
    func escapes() throws {
        let expected = try Parts().read()
        var parts = Parts()
        parts.vocabulary = Parts.names.enumerated().map { id, name in
            let escaped = name.unicodeScalars.map { scalar in
                let digits = String(scalar.value, radix: 16)
                return "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            }
            return "\"\(escaped.joined())\": \(id)"
        }
        parts.merges = [#"["\u0074", "h"]"#, #""th\u0020e""#]
        #expect(try parts.read().fingerprint == expected.fingerprint)
    }

    @Test(
        "added tokens that the model does not list have the next numbers, as tokenizers gives them")
    func unlisted() throws {
        var parts = Parts()
        parts.add(258, "<a>")
        parts.add(259, "<b>")
        #expect(try parts.read().specialTokens.map(\.content) == ["<a>", "<b>"])
        parts.add(261, "<c>")
        #expect(refusal(parts).contains("number it 260"))

        // Listed with a gap is fine; a gap and an unlisted one is not certain.
        parts = Parts()
        parts.vocabulary.append(#""<a>": 300"#)
        parts.add(300, "<a>")
        let vocabulary = try parts.read()
        #expect(vocabulary.count == 301)
        #expect(vocabulary.unusedIDs.count == 301 - 259)
        #expect(try Vocabulary(tokenizerJSON: vocabulary.tokenizerJSON().span).count == 301)
        parts.add(259, "<b>")
        #expect(refusal(parts).contains("not certain"))
    }

    @Test("numbers and names that clash are refused")
    func clashes() {
        let cases: [((inout Parts) -> Void, String)] = [
            ({ $0.add(5, "<a>") }, "both the added token"),
            ({ $0.add(258, "the") }, "name of two tokens"),
            (
                {
                    $0.add(258, "<a>")
                    $0.add(258, "<b>")
                }, "two special tokens have the number 258"
            ),
            (
                {
                    $0.add(258, "<a>")
                    $0.add(259, "<a>")
                }, "listed twice"
            ),
            ({ $0.add(258, "") }, "lacks its id or content"),
            ({ $0.vocabulary.append(#""the": 258"#) }, "same bytes"),
            ({ $0.vocabulary.append(#""x y": 258"#) }, "not spelled in byte characters"),
            ({ $0.vocabulary.append(#""zz": 4294967295"#) }, "the most is"),
            ({ $0.vocabulary.append(#""zz": 4294967296"#) }, "too large"),
            ({ $0.vocabulary.append(#""zz": -1"#) }, "whole number"),
            ({ $0.vocabulary.append(#""zz": 1.5"#) }, "whole number"),
            ({ $0.vocabulary.append(#""": 258"#) }, "is empty"),
            ({ $0.merges.append(#""th e""#) }, "merges 1 and 2 are the same"),
            ({ $0.merges.append(#""e th""#) }, "which is not a token"),
            ({ $0.merges.append(#""e the th""#) }, "merge 2 does not name two tokens"),
            ({ $0.merges.append(#"["e"]"#) }, "merge 2 does not name two tokens"),
            ({ $0.merges.append(#"["zz", "e"]"#) }, "merge 2 does not name two tokens"),
            ({ $0.merges.append(#""zz""#) }, "merge 2 does not name two tokens"),
            ({ $0.merges.append(#""""#) }, "merge 2 does not name two tokens"),
            ({ $0.merges.append("") }, "nothing follows a comma"),
            ({ $0.merges.append("7") }, "expected '\"'"),
            ({ $0.modelKeys.removeLast() }, "no merges"),
            ({ $0.modelKeys.append("merges") }, "appears twice"),
            ({ $0.keys.append("model") }, "appears twice"),
        ]
        for (index, (change, reason)) in cases.enumerated() {
            var parts = Parts()
            change(&parts)
            let message = refusal(parts)
            #expect(message.contains(reason), "case \(index): \(message)")
        }
    }

    @Test("an error in the merges says where")
    func place() throws {
        var parts = Parts()
        parts.merges += (0..<100).map { _ in #""q q""# }
        parts.merges[60] = #""漢 q""#
        let error = #expect(throws: TokenizationError.self) { try parts.read() }
        guard case .malformed(_, let offset, let reason)? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let bytes = Array(parts.text.utf8)
        #expect(String(decoding: bytes[offset...].prefix(6), as: UTF8.self) == #""漢 q"#)
        #expect(reason.contains("merge 60"))
    }

    @Test("an empty normalizer is none; a normal form is applied, or left out when asked")
    func normalizers() throws {
        var parts = Parts()
        let expected = try parts.read()
        parts.normalizer =
            #"{"type": "Sequence", "normalizers": [{"type": "Sequence", "normalizers": []}]}"#
        #expect(try parts.read().fingerprint == expected.fingerprint)
        parts.normalizer = #"{"type": "Sequence", "normalizers": [{"type": "NFC"}]}"#
        let normalizing = try parts.read()
        #expect(normalizing.fingerprint != expected.fingerprint && normalizing.changesTexts)
        let (apart, whole) = ("e\u{301}", "\u{E9}")
        let (ids, same) = (encoded(apart, normalizing), encoded(whole, normalizing))
        #expect(ids == same && encoded(apart, expected) != same)
        let again = try Vocabulary(tokenizerJSON: normalizing.tokenizerJSON().span)
        #expect(again.fingerprint == normalizing.fingerprint)
        var importer = VocabularyImport()
        importer.ignoresNormalizer = true
        let result = try importer.read(Array(parts.text.utf8), .huggingface)
        #expect(result.vocabulary.fingerprint == expected.fingerprint)
        #expect(result.remarks.count == 1)

        // Nothing else can be left out.
        parts.normalizer = #"{"type": "Lowercase"}"#
        #expect(throws: TokenizationError.self) {
            try importer.read(Array(parts.text.utf8), .huggingface)
        }
        // What is searched in the normalized text is normalized, too.
        parts.normalizer = #"{"type": "NFKC"}"#
        parts.add(258, "<｜end｜>", normalized: true)
        let compatible = try parts.read()
        for text in ["<｜end｜>", "<|end|>"] {
            var ids: [TokenID] = []
            BytePairEncoder(compatible).encode(Array(text.utf8).span, specials: .all, into: &ids)
            #expect(ids == [TokenID(258)])
        }
    }

    @Test("pre-tokenizers amount to patterns")
    func preTokenizers() throws {
        func sequence(_ parts: String...) -> String {
            #"{"type": "Sequence", "pretokenizers": ["# + parts.joined(separator: ", ") + "]}"
        }
        func split(_ pattern: SplitPattern, _ behavior: String, _ invert: Bool) -> String {
            let expression = pattern.regularExpressions[0].replacing(#"\"#, with: #"\\"#)
            return #"{"type": "Split", "pattern": {"Regex": ""# + expression
                + #""}, "behavior": ""# + behavior + #"", "invert": \#(invert)}"#
        }
        let bytes = #"{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}"#
        let digits = #"{"type": "Digits", "individual_digits": true}"#
        let punctuation = #"{"type": "Punctuation", "behavior": "Contiguous"}"#
        let runs = #"{"type": "Digits", "individual_digits": false}"#
        let three =
            #"{"type": "Split", "pattern": {"Regex": "[0-9][0-9][0-9]"}, "#
            + #""behavior": "Isolated", "invert": false}"#
        let known: [(String, SplitPattern)] = [
            (#"{"type": "ByteLevel", "add_prefix_space": false}"#, .gpt2),
            (sequence(digits, #"{"type": "ByteLevel", "use_regex": true}"#), .starcoder),
            (sequence(split(.llama3, "Isolated", false), bytes), .llama3),
            (sequence(split(.o200k, "Removed", true), bytes), .o200k),
            (sequence(punctuation, #"{"type": "ByteLevel"}"#, runs, three), .falcon),
        ]
        for (value, pattern) in known {
            var parts = Parts()
            parts.preTokenizer = value
            #expect(try parts.read().pattern == pattern)
        }
        for value in [
            "null", bytes, sequence(), sequence(digits, bytes),
            sequence(split(.gpt4, "Removed", false), bytes),
            sequence(split(.gpt4, "MergedWithNext", false), bytes),
            sequence(bytes, split(.gpt4, "Isolated", false)),
            #"{"type": "Whitespace"}"#,
            sequence(digits, #"{"type": "ByteLevel", "add_prefix_space": true}"#),
            sequence(runs, bytes), sequence(punctuation, bytes, runs, three),
            sequence(#"{"type": "Punctuation"}"#, #"{"type": "ByteLevel"}"#, runs, three),
            sequence(
                #"{"type": "Split", "pattern": {"String": " "}, "behavior": "Isolated"}"#, bytes),
        ] {
            var parts = Parts()
            parts.preTokenizer = value
            #expect(refusal(parts).contains("refused"), "\(value)")
        }
    }

    @Test("what stands around a text is kept as it was, and is no part of its ids")
    func postProcessors() throws {
        func template(_ id: Int, _ single: String) -> String {
            """
            {"type": "Sequence", "processors": [{"type": "ByteLevel", "trim_offsets": false},
            {"type": "TemplateProcessing", "single": [\(single)], "pair": [],
            "special_tokens": {"<s>": {"id": "<s>", "ids": [\(id)], "tokens": ["<s>"]}}}]}
            """
        }
        let beginning = #"{"SpecialToken": {"id": "<s>", "type_id": 0}}"#
        let text = #"{"Sequence": {"id": "A", "type_id": 0}}"#
        var parts = Parts()
        parts.add(258, "<s>")
        let plain = try parts.read()
        parts.postProcessor = template(258, beginning + "," + text)
        let vocabulary = try parts.read()
        #expect(vocabulary.fingerprint == plain.fingerprint)
        #expect(BytePairEncoder(vocabulary).encode("the") == [257])
        let written = String(decoding: vocabulary.tokenizerJSON(), as: UTF8.self)
        #expect(written.contains("TemplateProcessing"))
        let again = try Vocabulary(tokenizerJSON: Array(written.utf8).span)
        #expect(String(decoding: again.tokenizerJSON(), as: UTF8.self) == written)
        #expect(plain.textPrefix == [] && plain.beginningOfText == TokenID(258))
        #expect(vocabulary.textPrefix == [TokenID(258)] && again.textPrefix == [TokenID(258)])
        // A token behind a text does not begin it.
        parts.postProcessor = template(258, text + "," + beginning)
        #expect(try parts.read().textPrefix == [])
        for value in [
            template(257, beginning + "," + text), template(258, beginning),
            template(258, text + "," + text),
            template(258, #"{"SpecialToken": {"id": "<x>", "type_id": 0}},"# + text),
            #"{"type": "BertProcessing"}"#,
        ] {
            parts.postProcessor = value
            #expect(refusal(parts).contains("post-processor"), "\(value)")
        }
    }

    @Test("what a text begins with is read and written, and can be another token or none")
    func textPrefixes() throws {
        func template(_ names: [String], _ ids: [Int]) -> String {
            let tokens = zip(names, ids).map { name, id in
                #""\#(name)": {"id": "\#(name)", "ids": [\#(id)], "tokens": ["\#(name)"]}"#
            }
            let items = names.map { #"{"SpecialToken": {"id": "\#($0)", "type_id": 0}},"# }
            return """
                {"type": "TemplateProcessing", "pair": [], "single":
                [\(items.joined()) {"Sequence": {"id": "A", "type_id": 0}}],
                "special_tokens": {\(tokens.joined(separator: ", "))}}
                """
        }
        func sequence(_ parts: String...) -> String {
            #"{"type": "Sequence", "processors": [\#(parts.joined(separator: ", "))]}"#
        }
        var parts = Parts()
        parts.add(258, "</s>")
        parts.add(259, "<b>")
        parts.postProcessor = sequence(template(["</s>"], [258]), template(["<b>"], [259]))
        #expect(refusal(parts).contains("one TemplateProcessing"))
        parts.postProcessor = sequence(template(["<b>", "</s>"], [259, 258]))
        let vocabulary = try parts.read()
        #expect(vocabulary.textPrefix == [TokenID(259), TokenID(258)])
        let one = vocabulary.beginningTexts(with: TokenID(259))
        let none = vocabulary.beginningTexts(with: nil)
        #expect(one.textPrefix == [TokenID(259)] && none.textPrefix == [])
        #expect(one.beginningOfText == TokenID(259) && none.beginningOfText == TokenID(258))
        #expect(one.fingerprint == vocabulary.fingerprint)
        let read = try Vocabulary(tokenizerJSON: one.tokenizerJSON().span)
        #expect(read.textPrefix == [TokenID(259)])
        #expect(
            String(decoding: one.tokenizerConfigJSON(), as: UTF8.self).contains(#"_token": "<b>""#))

        // llama.cpp has room for one.
        var settings = Vocabulary.GGUFSettings(rowCount: vocabulary.count)
        settings.preTokenizer = "gpt-2"
        func says(_ vocabulary: Vocabulary, begins: Bool) throws -> Bool {
            // The key, the kind of truths, and the value.
            let key = Array("add_bos_token".utf8) + [7, 0, 0, 0, begins ? 1 : 0]
            let bytes = try vocabulary.ggufMembers(settings).bytes
            return bytes.indices.contains { bytes[$0...].starts(with: key) }
        }
        #expect(throws: TokenizationError.self) { try says(vocabulary, begins: true) }
        #expect(try says(one, begins: true) && says(none, begins: false))
        settings.addsBeginning = true
        #expect(try says(vocabulary, begins: true) && says(none, begins: true))
        settings.addsBeginning = false
        #expect(try says(one, begins: false))
    }

    @Test("added tokens are found as tokenizers finds them: in two passes, longest first")
    func addedTokens() throws {
        var parts = Parts()
        let contents = ["ab", "b", "bc", "abca", "cc", "a"]
        for (index, content) in contents.enumerated() {
            parts.add(
                258 + index, "<\(content)", special: index % 2 == 0, normalized: index % 3 == 0)
        }
        let vocabulary = try parts.read()
        let specials = vocabulary.specialTokens
        let encoder = BytePairEncoder(vocabulary)
        var generator = SeededGenerator(6)
        let alphabet = ["<", "a", "b", "c", "<ab", "<bc"].map { Array($0.utf8) }
        for policy in [SpecialTokenPolicy.none, .all, .only(["<ab"])] {
            let allowed = specials.filter { special in
                switch policy {
                case .all: true
                case .none: special.recognition == .everywhere
                case .only(let set):
                    special.recognition == .everywhere || set.contains(special.content)
                }
            }
            for _ in 0..<300 {
                let text = Samples.text(alphabet, count: 8, using: &generator)
                // Each pass cuts the parts that are still text.
                var pieces: [(text: [UInt8], id: TokenID?)] = [(text, nil)]
                for isLast in [false, true] {
                    pieces = pieces.flatMap { piece in
                        piece.id == nil
                            ? Self.cut(
                                piece.text, at: allowed.filter { $0.isSearchedLast == isLast })
                            : [piece]
                    }
                }
                var expected: [TokenID] = []
                for piece in pieces {
                    if let id = piece.id {
                        expected.append(id)
                    } else {
                        encoder.encode(piece.text.span, specials: .only([]), into: &expected)
                    }
                }
                var ids: [TokenID] = []
                encoder.encode(text.span, specials: policy, into: &ids)
                #expect(ids == expected, "\(String(decoding: text, as: UTF8.self))")
            }
        }
    }

    /// `text` cut at the leftmost, longest of `specials`, again and again.
    private static func cut(
        _ text: [UInt8], at specials: [SpecialToken]
    ) -> [(text: [UInt8], id: TokenID?)] {
        for start in text.indices {
            let found = specials.filter { text[start...].starts(with: Array($0.content.utf8)) }
                .max { $0.content.utf8.count < $1.content.utf8.count }
            if let found {
                let end = start + found.content.utf8.count
                return [(Array(text[..<start]), nil), ([], found.id)]
                    + cut(Array(text[end...]), at: specials)
            }
        }
        return [(text, nil)]
    }
}
