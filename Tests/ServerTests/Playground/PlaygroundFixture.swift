import Foundation
import Models
import Testing
import Tokenization
import VocabularyLearning

@testable import Server

/// A playground of two tiny models, and the folders of runs and vocabularies that go with it.
final class PlaygroundFixture {
    let runs: String
    let vocabularies: String
    private let folder = NSTemporaryDirectory() + "quern-playground-" + UUID().uuidString
    let vocabulary: Vocabulary
    let model: GPT
    let playground: Playground

    init() throws {
        (runs, vocabularies) = (folder + "/runs", folder + "/vocab")
        try FileManager.default.createDirectory(atPath: runs, withIntermediateDirectories: true)
        vocabulary = try Self.vocabulary("the mill turns and the stones turn and grind the corn")
        var shape = GPTConfiguration(.gpt2)
        (shape.layerCount, shape.headCount, shape.embeddingSize) = (2, 2, 16)
        (shape.positionCount, shape.vocabularySize) = (48, vocabulary.count)
        model = try GPT(shape, seed: 3)
        let other = try Self.vocabulary("In the beginning God created the heaven and the earth")
        playground = Playground(
            shown: [
                ShownModel("mill", vocabulary, model),
                ShownModel("rnn", other, try Self.recurrent(other)),
            ], runsDirectory: runs, vocabulariesDirectory: vocabularies)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    static func vocabulary(_ text: String) throws -> Vocabulary {
        var configuration = VocabularyConfiguration()
        configuration.vocabularySize = 280
        let counter = PieceCounter(.gpt4)
        counter.count(Array(text.utf8).span)
        return try VocabularyTrainer(configuration).train(counter.takeCounts())
    }

    static func recurrent(_ vocabulary: Vocabulary) throws -> any LanguageModel {
        var shape = RecurrentConfiguration()
        (shape.layerCount, shape.embeddingSize) = (1, 8)
        shape.vocabularySize = vocabulary.count
        return try shape.makeModel(seed: 1)
    }
}

/// The body of a request.
func body(_ value: [String: Any]) throws -> Data {
    try JSONSerialization.data(withJSONObject: value)
}

/// The object in an answer, which any JSON reader reads.
func object(_ data: Data) throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
}

/// Tokens of an answer: ids, and bytes one behind the other.
func tokens(_ value: Any?) throws -> (ids: [Int], bytes: [[UInt8]]) {
    let list = try #require(value as? [[String: Any]])
    return (
        try list.map { try #require($0["id"] as? Int) },
        try list.map { try #require($0["bytes"] as? [Int]).map { UInt8($0) } }
    )
}

/// The error that `work` throws.
func refusal(_ work: () throws(PlaygroundError) -> Data) -> PlaygroundError? {
    do throws(PlaygroundError) {
        _ = try work()
        return nil
    } catch {
        return error
    }
}
