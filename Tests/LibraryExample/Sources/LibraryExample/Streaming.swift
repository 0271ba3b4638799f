import Tokenization

/// Prints tokens as they come, in whole characters.
func show(_ ids: some Sequence<TokenID>, of vocabulary: Vocabulary) throws {
    var stream = TextStream(vocabulary)
    for id in ids { print(try stream.text(of: id), terminator: "") }
    print(stream.finishText())
}
