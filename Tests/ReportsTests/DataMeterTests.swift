import Testing
import Tokenization

@testable import Reports

@Suite struct DataMeterTests {
    @Test func `a text that a vocabulary cannot encode is refused and not counted up to there`()
        throws
    {
        let vocabulary = try LackingVocabulary.read()
        let found = try DataMeter.encoding(Array("a mill".utf8), vocabulary, "own")
        #expect(found.bytes == 6 && found.tokens == 6)
        #expect(throws: TokenizationError.lackedByte(0x71, offset: 2)) {
            try DataMeter.encoding(Array("a quern".utf8), vocabulary, "own")
        }
    }
}
