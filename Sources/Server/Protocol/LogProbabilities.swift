import Bytes

/// The two forms in which answers tell log-probabilities.
extension JSONText {
    /// Appends the form of completions: lists of equal length, and where each token begins.
    ///
    /// - Parameter offset: code points of the text, with its prompt, before the first token; moved
    ///   behind the last.
    mutating func completionLogProbabilities(_ tokens: [ShownToken], offset: inout Int) {
        var offsets: [Int] = []
        for token in tokens {
            offsets.append(offset)
            offset += token.text.unicodeScalars.count
        }
        object("logprobs") { json in
            json.array("tokens") { json in for token in tokens { json.string(nil, token.text) } }
            json.array("token_logprobs") { json in
                for token in tokens { json.logProbability(nil, token.logProbability) }
            }
            json.array("top_logprobs") { json in
                for token in tokens { json.completionAlternatives(token) }
            }
            json.array("text_offset") { json in for offset in offsets { json.whole(nil, offset) } }
        }
    }

    /// Appends the object of a token's alternatives, itself among them; null for a token without a
    /// probability.
    private mutating func completionAlternatives(_ token: ShownToken) {
        guard let own = token.logProbability else { return value(nil, "null") }
        var names: [String] = []
        var values: [String: Double] = [:]
        let itself = ShownToken.Alternative(bytes: token.bytes, logProbability: own)
        for alternative in token.alternatives + [itself] {
            let name = alternative.name
            // Two tokens may have the same bytes, of which the likelier counts: a client takes the
            // greatest number for that of the likeliest token.
            if let known = values[name] {
                values[name] = max(known, alternative.logProbability)
            } else {
                names.append(name)
                values[name] = alternative.logProbability
            }
        }
        object { json in for name in names { json.logProbability(name, values[name]) } }
    }

    /// Appends the form of conversations: an object a token.
    mutating func chatLogProbabilities(_ tokens: [ShownToken]) {
        object("logprobs") { json in
            json.array("content") { json in
                for token in tokens {
                    json.object { json in
                        json.string("token", token.text)
                        json.logProbability("logprob", token.logProbability)
                        json.bytes(token.bytes)
                        json.array("top_logprobs") { json in
                            for alternative in token.alternatives {
                                json.object { json in
                                    json.string("token", alternative.name)
                                    json.logProbability("logprob", alternative.logProbability)
                                    json.bytes(alternative.bytes)
                                }
                            }
                        }
                    }
                }
            }
            json.value("refusal", "null")
        }
    }

    private mutating func bytes(_ bytes: [UInt8]) {
        array("bytes") { json in for byte in bytes { json.whole(nil, Int(byte)) } }
    }

    /// Appends a log-probability; that of what cannot be, which JSON has no number for, as OpenAI
    /// does.
    private mutating func logProbability(_ key: String?, _ number: Double?) {
        guard let number else { return value(key, "null") }
        real(key, max(number, -9999))
    }
}

extension ShownToken.Alternative {
    /// The text; that of bytes which are not UTF-8 is spelled `bytes:\xe2\x80`, as OpenAI does.
    var name: String {
        if let text = String(validating: bytes, as: UTF8.self) { return text }
        let digits = bytes.map { byte in
            let text = String(byte, radix: 16)
            return "\\x" + (text.count == 1 ? "0" : "") + text
        }
        return "bytes:" + digits.joined()
    }
}
