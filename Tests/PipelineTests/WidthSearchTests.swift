import Models
import Testing

@testable import Pipeline

@Suite struct WidthSearchTests {
    /// Those that can stand in a comparison: pairs are other data.
    private static let architectures = ModelFamilies.all.filter { !$0.readsPairs }
        .flatMap { $0.architectures }

    @Test(arguments: architectures, [20_000, 787_000, 12_345_678])
    func `the width that is found comes nearer than its neighbours`(
        architecture: String, count: Int
    ) throws {
        var shape = try #require(ModelFamilies.shape(defaultsOf: architecture))
        shape.vocabularySize = 300
        let search = try WidthSearch(shape, key: "n_embd")
        // A small model of many heads has few widths to choose from.
        guard let found = search.shape(nearestTo: count) else {
            #expect(count == 20_000)
            return
        }
        let distance = abs(found.nonEmbeddingParameterCount - count)
        #expect(distance <= count / 10)
        #expect(found.architectureName == architecture)
        #expect(found.vocabularySize == 300)
        for width in stride(from: search.step, to: 4_096, by: search.step) {
            guard let other = search.shape(width: width) else { continue }
            #expect(abs(other.nonEmbeddingParameterCount - count) >= distance)
        }
    }

    @Test func `no width is found where none comes near`() throws {
        var shape = GPTConfiguration(.gpt2)
        shape.vocabularySize = 300
        #expect(try WidthSearch(shape, key: "n_embd").shape(nearestTo: 5) == nil)
        #expect(try WidthSearch(shape, key: "n_embd").shape(nearestTo: 1 << 50) == nil)
    }

    @Test func `parameters are counted without embeddings, positions and head`() {
        var shape = GPTConfiguration(
            architecture: .gpt2, layerCount: 2, headCount: 2, embeddingSize: 16, positionCount: 8,
            vocabularySize: 300)
        shape.tiesEmbeddings = false
        // Of a block 12 C² weights and 13 C biases and gains; of the last norm 2 C.
        #expect(shape.nonEmbeddingParameterCount == 2 * (12 * 256 + 13 * 16) + 2 * 16)
    }
}
