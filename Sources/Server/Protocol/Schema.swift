import Bytes

/// Parts of JSON Schema that requests share.
enum Schema {
    static func object(_ members: KeyValuePairs<String, JSONValue>) -> JSONValue {
        .object(members.map { .init(key: $0.key, value: $0.value) })
    }

    static func type(_ name: String) -> JSONValue { object(["type": .string(name)]) }

    static func list(_ items: JSONValue, atLeast count: Int = 0) -> JSONValue {
        object([
            "type": .string("array"), "items": items, "minItems": .number(String(count)),
        ])
    }

    static let ids = list(whole(0...Int(Int32.max)))

    static func whole(_ range: ClosedRange<Int>) -> JSONValue {
        object([
            "type": .string("integer"), "minimum": .number(String(range.lowerBound)),
            "maximum": .number(String(range.upperBound)),
        ])
    }

    static func real(_ range: ClosedRange<Double>) -> JSONValue {
        object([
            "type": .string("number"), "minimum": .number("\(range.lowerBound)"),
            "maximum": .number("\(range.upperBound)"),
        ])
    }

    static let prompt = object([
        "anyOf": .array([
            type("string"), list(whole(0...Int(Int32.max)), atLeast: 1),
            list(
                object([
                    "anyOf": .array([
                        type("string"), list(whole(0...Int(Int32.max)), atLeast: 1),
                    ])
                ]), atLeast: 1),
        ])
    ])

    private static let stopString = object([
        "type": .string("string"), "minLength": .number("1"), "maxLength": .number("256"),
    ])

    static let stop = object([
        "anyOf": .array([
            stopString,
            object([
                "type": .string("array"), "items": stopString,
                "maxItems": .number(String(SamplingSettings.stopLimits.count)),
            ]),
        ])
    ])

    static let logitBias = object([
        "type": .string("object"),
        "propertyNames": object(["pattern": .string("^(0|[1-9][0-9]*)$")]),
        "additionalProperties": real(-100...100),
    ])

    static let streamOptions = object([
        "type": .string("object"),
        "properties": object([
            "include_usage": type("boolean"), "include_obfuscation": type("boolean"),
        ]),
        "additionalProperties": .bool(false),
    ])

    private static let part = object([
        "type": .string("object"),
        "properties": object([
            "type": object(["const": .string("text")]), "text": type("string"),
        ]),
        "required": .array([.string("type"), .string("text")]),
        "additionalProperties": .bool(false),
    ])

    static let messages = list(
        object([
            "type": .string("object"),
            "properties": object([
                "role": object([
                    "enum": .array(
                        ["system", "developer", "user", "assistant", "tool"].map(JSONValue.string))
                ]),
                "content": object([
                    "anyOf": .array([type("string"), list(part, atLeast: 1), type("null")])
                ]),
                "reasoning_content": type("string"),
                "tool_calls": list(object(["type": .string("object")])),
                "tool_call_id": type("string"), "name": type("string"),
            ]),
            "required": .array([.string("role")]),
            "additionalProperties": .bool(false),
        ]), atLeast: 1)
}
