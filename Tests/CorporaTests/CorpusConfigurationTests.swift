import Corpora
import Foundation
import Testing

@Suite struct CorpusConfigurationTests {
    @Test("keys that are left out take their defaults")
    func defaults() throws {
        let decoded = try JSONDecoder().decode(
            CorpusConfiguration.self, from: Data(#"{"inputs":["a.txt"]}"#.utf8))
        #expect(decoded == CorpusConfiguration(inputs: ["a.txt"]))
    }

    @Test("every key is read, and written as it was read")
    func allKeys() throws {
        let json = #"""
            {"inputs":["-"],"inputs_from":"list","format":"jsonl","text_field":"content",
            "documents":"file","text_separator":"\n\n\n","invalid_utf8":"replace",
            "long_window":true,"on_error":"quarantine","validation_fraction":0.5,
            "max_document_bytes":1000,"source_field":"q","target_field":"a",
            "quotes":"none"}
            """#
        var expected = CorpusConfiguration(
            inputs: ["-"], inputsFrom: "list", format: .jsonl, textField: "content",
            textSeparator: "\n\n\n", invalidUTF8: .replace, longWindow: true,
            onError: .quarantine, validationFraction: 0.5, maximumDocumentByteCount: 1_000)
        (expected.sourceField, expected.targetField) = ("q", "a")
        expected.quotes = TableQuotes.none
        let decoded = try JSONDecoder().decode(CorpusConfiguration.self, from: Data(json.utf8))
        #expect(decoded == expected)
        let written = try JSONEncoder().encode(expected)
        let object = try #require(
            JSONSerialization.jsonObject(with: written) as? [String: Any])
        #expect(Set(object.keys) == Set(CorpusConfiguration.CodingKeys.allCases.map(\.rawValue)))
        #expect(
            try JSONDecoder().decode(CorpusConfiguration.self, from: written) == expected)
    }

    @Test("values that cannot be worked with are named")
    func validation() {
        let bad: [(CorpusConfiguration, String)] = [
            (CorpusConfiguration(), "inputs"),
            (CorpusConfiguration(inputs: ["a", ""]), "inputs"),
            (CorpusConfiguration(inputs: ["a"], textSeparator: ""), "text_separator"),
            (
                CorpusConfiguration(inputs: ["a"], documents: .line, textSeparator: "|"),
                "text_separator"
            ),
            (CorpusConfiguration(inputs: ["a"], validationFraction: 1.5), "validation_fraction"),
            (CorpusConfiguration(inputs: ["a"], validationFraction: .nan), "validation_fraction"),
            (CorpusConfiguration(inputs: ["a"], maximumDocumentByteCount: 0), "max_document_bytes"),
        ]
        for (configuration, key) in bad {
            #expect {
                try configuration.validate()
            } throws: { error in
                if case CorpusError.badValue(key, _) = error { true } else { false }
            }
        }
    }
}
