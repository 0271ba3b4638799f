import Bytes

/// Description of the server's interface in OpenAPI 3.1, by which clients are made and checked. The
/// requests in it are those of the tables that requests are read by.
///
/// Source: <https://spec.openapis.org/oas/v3.1.0>.
struct OpenAPIDocument {
    /// Names of the models.
    private let models: [String]
    private let asksForKey: Bool

    /// The description of a server of `models`.
    init(models: [String], asksForKey: Bool) {
        self.models = models
        self.asksForKey = asksForKey
    }

    /// The document.
    var json: [UInt8] {
        var text = JSONText(isCompact: true)
        text.value(nil, document)
        return text.bytes
    }

    private var document: JSONValue {
        var members: [JSONValue.Member] = [
            .init(key: "openapi", value: .string("3.1.0")),
            .init(
                key: "info",
                value: Schema.object([
                    "title": .string("Quern"), "version": .string("1"),
                    "description": .string(
                        "Texts from models over the interface of OpenAI, and their tokens."),
                ])),
            .init(key: "paths", value: paths),
            .init(
                key: "components",
                value: Schema.object([
                    "schemas": Schema.object([
                        "Error": Self.error, "CompletionChoice": Self.completionChoice,
                        "ChatChoice": Self.chatChoice, "Usage": Self.usage, "Model": Self.model,
                    ]),
                    "securitySchemes": Schema.object([
                        "key": Schema.object([
                            "type": .string("http"), "scheme": .string("bearer"),
                        ])
                    ]),
                ])),
        ]
        if asksForKey {
            members.append(
                .init(key: "security", value: .array([Schema.object(["key": .array([])])])))
        }
        return .object(members)
    }

    private var paths: JSONValue {
        let text = "text/plain"
        var paths: [JSONValue.Member] = []
        func add(_ path: String, _ method: String, _ operation: JSONValue) {
            let value = JSONValue.object([.init(key: method, value: operation)])
            paths.append(.init(key: path, value: value))
        }
        for path in ["/health", "/v1/health"] {
            add(path, "get", get("Whether models are loaded.", answer: Self.health, fails: [503]))
        }
        add("/v1/models", "get", get("The models.", answer: Self.models))
        add(
            "/v1/models/{model}", "get",
            get("A model.", answer: Self.reference("Model"), parameter: "model", fails: [404]))
        add(
            "/v1/completions", "post",
            post(
                "Texts that continue prompts.", CompletionRequest.fields, required: ["prompt"],
                answer: Self.answer("text_completion", choice: "CompletionChoice"),
                streams: true))
        add(
            "/v1/chat/completions", "post",
            post(
                "The next message of a conversation.", ChatRequest.fields,
                required: ["messages"],
                answer: Self.answer("chat.completion", choice: "ChatChoice"), streams: true))
        add(
            "/tokenize", "post",
            post(
                "The tokens of a text.", TokenizeRequest.fields, required: [],
                answer: Self.tokens, rule: Self.oneOfTexts))
        add(
            "/detokenize", "post",
            post(
                "The text of tokens.", DetokenizeRequest.fields, required: ["tokens"],
                answer: Self.strings("prompt", "content")))
        add(
            "/apply-template", "post",
            post(
                "The text of a conversation.", TemplateRequest.fields, required: ["messages"],
                answer: Self.strings("prompt")))
        add(
            "/tokenizer_info", "get",
            get("Facts of the vocabulary.", answer: Schema.type("object")))
        add("/metrics", "get", get("Measures for Prometheus.", answer: nil, media: text))
        add("/openapi.json", "get", get("This.", answer: Schema.type("object")))
        return .object(paths)
    }

    private func get(
        _ summary: String, answer: JSONValue?, media: String = "application/json",
        parameter: String? = nil, fails: [Int] = []
    ) -> JSONValue {
        var members: [JSONValue.Member] = [.init(key: "summary", value: .string(summary))]
        if let parameter {
            members.append(
                .init(
                    key: "parameters",
                    value: .array([
                        Schema.object([
                            "name": .string(parameter), "in": .string("path"),
                            "required": .bool(true), "schema": Schema.type("string"),
                        ])
                    ])))
        }
        let value = answer.map { Schema.object(["schema": $0]) } ?? .object([])
        let content = JSONValue.object([.init(key: media, value: value)])
        members.append(.init(key: "responses", value: responses(content, fails: fails)))
        return .object(members)
    }

    private func post(
        _ summary: String, _ fields: [RequestField], required: [String], answer: JSONValue,
        streams: Bool = false, rule: JSONValue? = nil
    ) -> JSONValue {
        var body: [JSONValue.Member] = [
            .init(key: "type", value: .string("object")),
            .init(
                key: "properties",
                value: .object(fields.map { .init(key: $0.name, value: schema(of: $0)) })),
            .init(key: "required", value: .array(required.map(JSONValue.string))),
            .init(key: "additionalProperties", value: .bool(false)),
        ]
        if let rule { body += rule.members }
        var content = Schema.object(["application/json": Schema.object(["schema": answer])])
        if streams {
            // What an event holds has no place in a schema of this version.
            content["text/event-stream"] = .object([])
        }
        return Schema.object([
            "summary": .string(summary),
            "requestBody": Schema.object([
                "required": .bool(true),
                "content": Schema.object([
                    "application/json": Schema.object(["schema": .object(body)])
                ]),
            ]),
            "responses": responses(content, fails: [400, 404, 408, 413, 415, 500, 503]),
        ])
    }

    private func responses(_ content: JSONValue, fails: [Int]) -> JSONValue {
        var responses: [JSONValue.Member] = [
            .init(
                key: "200",
                value: Schema.object(["description": .string("The answer."), "content": content]))
        ]
        let statuses = Set(fails + [400, 403, 503] + (asksForKey ? [401] : [])).sorted()
        for status in statuses {
            responses.append(
                .init(
                    key: String(status),
                    value: Schema.object([
                        "description": .string("A refusal, which says why."),
                        "content": Schema.object([
                            "application/json": Schema.object([
                                "schema": Self.reference("Error")
                            ])
                        ]),
                    ])))
        }
        return .object(responses)
    }

    /// Schema of a field's values, of which null is one that means nothing.
    private func schema(of field: RequestField) -> JSONValue {
        let about = JSONValue.Member(key: "description", value: .string(field.about))
        func orNull(_ schema: JSONValue) -> JSONValue {
            .object([
                about, .init(key: "anyOf", value: .array([schema, Schema.type("null")])),
            ])
        }
        switch field.kind {
        case .flag: return orNull(Schema.type("boolean"))
        case .text where field.name == "model":
            return orNull(Schema.object(["enum": .array(models.map(JSONValue.string))]))
        case .text: return orNull(Schema.type("string"))
        case .whole(let range): return orNull(Schema.whole(range))
        case .real(let range): return orNull(Schema.real(range))
        case .special(let schema): return orNull(schema)
        case .ignored: return .object([about])
        case .unsupported(let neutral):
            return .object([about, .init(key: "enum", value: .array(neutral + [.null]))])
        }
    }

    private static func reference(_ name: String) -> JSONValue {
        Schema.object(["$ref": .string("#/components/schemas/" + name)])
    }

    /// An object that has all members of `properties`.
    private static func record(_ properties: KeyValuePairs<String, JSONValue>) -> JSONValue {
        Schema.object([
            "type": .string("object"), "properties": Schema.object(properties),
            "required": .array(properties.map { .string($0.key) }),
        ])
    }

    private static func optional(_ type: String) -> JSONValue {
        Schema.object(["type": .array([.string(type), .string("null")])])
    }

    private static func strings(_ names: String...) -> JSONValue {
        Schema.object([
            "type": .string("object"),
            "properties": .object(names.map { .init(key: $0, value: Schema.type("string")) }),
            "required": .array(names.map(JSONValue.string)),
        ])
    }

    private static let error = record([
        "error": record([
            "message": Schema.type("string"),
            "type": Schema.object([
                "enum": .array(APIError.Kind.allCases.map { .string($0.rawValue) })
            ]),
            "param": optional("string"),
            "code": Schema.object([
                "type": .array([.string("string"), .string("integer"), .string("null")])
            ]),
        ])
    ])

    private static let health = record(["status": Schema.object(["const": .string("ok")])])

    private static let model = record([
        "id": Schema.type("string"), "object": Schema.object(["const": .string("model")]),
        "created": Schema.type("integer"), "owned_by": Schema.type("string"),
        "meta": Schema.type("object"), "chat": Schema.type("boolean"),
    ])

    private static let models = record([
        "object": Schema.object(["const": .string("list")]),
        "data": Schema.list(reference("Model"), atLeast: 1),
    ])

    private static let finishReason = Schema.object([
        "enum": .array([.string("stop"), .string("length")])
    ])

    private static let completionChoice = record([
        "index": Schema.type("integer"), "text": Schema.type("string"),
        "logprobs": Schema.object([
            "anyOf": .array([
                Schema.type("null"),
                record([
                    "tokens": Schema.list(Schema.type("string")),
                    "token_logprobs": Schema.list(optional("number")),
                    "top_logprobs": Schema.list(optional("object")),
                    "text_offset": Schema.list(Schema.type("integer")),
                ]),
            ])
        ]),
        "finish_reason": finishReason,
    ])

    private static let chatChoice = record([
        "index": Schema.type("integer"),
        "message": record([
            "role": Schema.object(["const": .string("assistant")]),
            "content": Schema.type("string"),
        ]),
        "logprobs": Schema.object([
            "anyOf": .array([
                Schema.type("null"),
                record([
                    "content": Schema.list(
                        record([
                            "token": Schema.type("string"), "logprob": Schema.type("number"),
                            "bytes": Schema.list(Schema.whole(0...255)),
                            "top_logprobs": Schema.list(Schema.type("object")),
                        ]))
                ]),
            ])
        ]),
        "finish_reason": finishReason,
    ])

    private static let usage = record([
        "prompt_tokens": Schema.type("integer"), "completion_tokens": Schema.type("integer"),
        "total_tokens": Schema.type("integer"),
        "prompt_tokens_details": record(["cached_tokens": Schema.type("integer")]),
    ])

    private static func answer(_ kind: String, choice: String) -> JSONValue {
        record([
            "id": Schema.type("string"), "object": Schema.object(["const": .string(kind)]),
            "created": Schema.type("integer"), "model": Schema.type("string"),
            "system_fingerprint": Schema.type("string"),
            "choices": Schema.list(reference(choice), atLeast: 1),
            "usage": reference("Usage"), "timings": Schema.type("object"),
        ])
    }

    private static let tokens = record([
        "tokens": Schema.object(["type": .string("array")])
    ])

    /// One of the names of a text, and not several.
    private static let oneOfTexts = Schema.object([
        "oneOf": .array(
            ["prompt", "messages", "content"].map { name in
                Schema.object([
                    "required": .array([.string(name)]),
                    "properties": .object([
                        .init(
                            key: name,
                            value: Schema.object(["not": Schema.type("null")]))
                    ]),
                ])
            })
    ])
}
