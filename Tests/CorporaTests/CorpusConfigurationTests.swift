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
            {"inputs":["-"],"format":"jsonl","text_field":"content","text_separator":"\n\n\n",
            "on_error":"skip","validation_fraction":0.5,"max_document_bytes":1000}
            """#
        let expected = CorpusConfiguration(
            inputs: ["-"], format: .jsonl, textField: "content", textSeparator: "\n\n\n",
            onError: .skip, validationFraction: 0.5, maximumDocumentByteCount: 1_000)
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
