import Bytes
import Pipeline
import Tokenization

/// Answers about tokens, which need no engine.
extension ServedModel {
    /// The answer of `POST /tokenize`.
    func answer(_ request: TokenizeRequest) throws(APIError) -> [UInt8] {
        let encoder = BytePairEncoder(vocabulary)
        var ids: [TokenID] = []
        switch request {
        case .prompt(let text, let addsSpecialTokens, let returnsStrings):
            // As transformers do it: special tokens are recognised wherever they stand.
            if addsSpecialTokens { ids += vocabulary.textPrefix }
            ids += try self.ids(of: text, .all, encoder)
            return tokenList(ids, returnsStrings: returnsStrings)
        case .messages(let messages, let beginsAnswer, let returnsStrings):
            let rendered = try rendered(messages, beginsAnswer: beginsAnswer)
            ids = try APIError.refusing { () throws(TokenizationError) in
                try rendered.ids(with: encoder)
            }
            return tokenList(ids, returnsStrings: returnsStrings)
        case .content(let text, let addsSpecialTokens, let recognizes, let returnsPieces):
            if addsSpecialTokens { ids += vocabulary.textPrefix }
            ids += try self.ids(of: text, recognizes ? .all : .none, encoder)
            var json = JSONText(isCompact: true)
            json.object { json in
                json.array("tokens") { json in
                    for id in ids {
                        if returnsPieces { piece(id, &json) } else { json.whole(nil, id.index) }
                    }
                }
            }
            return json.bytes
        }
    }

    private func ids(
        of text: String, _ specials: SpecialTokenPolicy, _ encoder: BytePairEncoder
    ) throws(APIError) -> [TokenID] {
        try APIError.refusing { () throws(TokenizationError) in
            let ids = encoder.encode(text, specials: specials)
            try encoder.check()
            return ids
        }
    }

    private func tokenList(_ ids: [TokenID], returnsStrings: Bool) -> [UInt8] {
        var json = JSONText(isCompact: true)
        json.object { json in
            json.whole("count", ids.count)
            if let limit = engine.contextLimit {
                json.whole("max_model_len", limit)
            } else {
                json.value("max_model_len", "null")
            }
            json.array("tokens") { json in for id in ids { json.whole(nil, id.index) } }
            if returnsStrings {
                json.array("token_strs") { json in
                    for id in ids {
                        json.string(nil, String(decoding: vocabulary.bytes(of: id), as: UTF8.self))
                    }
                }
            }
        }
        return json.bytes
    }

    /// A token by its id and its text, or its bytes where they are not UTF-8.
    private func piece(_ id: TokenID, _ json: inout JSONText) {
        let bytes = vocabulary.bytes(of: id)
        json.object { json in
            json.whole("id", id.index)
            if let text = String(validating: bytes, as: UTF8.self) {
                json.string("piece", text)
            } else {
                json.array("piece") { json in for byte in bytes { json.whole(nil, Int(byte)) } }
            }
        }
    }

    /// The answer of `POST /detokenize`, for clients of vLLM's server and of llama.cpp's.
    func detokenized(_ ids: [TokenID]) -> [UInt8] {
        // The ids were checked where they were read.
        let text = String(decoding: (try? vocabulary.decodeText(ids)) ?? [], as: UTF8.self)
        var json = JSONText(isCompact: true)
        json.object { json in
            json.string("prompt", text)
            json.string("content", text)
        }
        return json.bytes
    }

    /// The answer of `POST /apply-template`.
    func templated(_ messages: [ChatMessage], beginsAnswer: Bool) throws(APIError) -> [UInt8] {
        let text = try rendered(messages, beginsAnswer: beginsAnswer).string
        var json = JSONText(isCompact: true)
        json.object { $0.string("prompt", text) }
        return json.bytes
    }

    /// The answer of `GET /tokenizer_info`.
    var tokenizerInfo: [UInt8] {
        func content(_ id: TokenID?) -> String? {
            id.map { String(decoding: vocabulary.bytes(of: $0), as: UTF8.self) }
        }
        var json = JSONText(isCompact: true)
        json.object { json in
            json.string("tokenizer_class", "PreTrainedTokenizerFast")
            json.whole("vocab_size", vocabulary.count)
            if let limit = engine.contextLimit {
                json.whole("model_max_length", limit)
            } else {
                json.value("model_max_length", "null")
            }
            json.text("bos_token", content(vocabulary.beginningOfText))
            json.text("eos_token", content(vocabulary.endOfText))
            json.text("pad_token", content(vocabulary.endOfText))
            json.text("chat_template", chatTemplate?.source)
        }
        return json.bytes
    }
}
