import Bytes
import Tokenization

/// A `.tiktoken` file: a line a token, its bytes in base64 and its rank, which is its number.
///
/// The file holds neither special tokens nor the pattern; both are constants of the program that
/// reads it. Source: `load_tiktoken_bpe` in tiktoken's `load.py`.
enum TiktokenFile {
    /// The tokens of a file. O(size).
    static func read(_ text: ByteView, path: String) throws(TokenizationError) -> ListedTokens {
        var tokens = ListedTokens(fileSize: text.count)
        var start = 0
        while start < text.count {
            var end = start
            while end < text.count, text[end] != 0x0A { end += 1 }
            let next = end + 1
            if end > start, text[end - 1] == 0x0D { end -= 1 }
            if end > start { try readLine(text, from: start, to: end, path: path, into: &tokens) }
            start = next
        }
        guard tokens.count > 0 else {
            throw .malformed(path: path, offset: 0, reason: "there is no token in it")
        }
        return tokens
    }

    private static func readLine(
        _ text: ByteView, from start: Int, to end: Int, path: String,
        into tokens: inout ListedTokens
    ) throws(TokenizationError) {
        var space = start
        while space < end, text[space] != 0x20 { space += 1 }
        // Whisper's file has an empty token, which no text ever becomes: its number stays unused.
        let isEmpty = space == start + 1 && text[start] == UInt8(ascii: "=")
        guard isEmpty || Base64.decode(text, from: start, to: space, into: &tokens.bytes) else {
            throw .malformed(
                path: path, offset: start,
                reason: "a line does not begin with a token in base64; a .tiktoken file has lines "
                    + "such as \"SGk= 17250\"")
        }
        var rank: UInt32 = 0
        var index = space + 1
        while index < end, text[index] >= 0x30, text[index] <= 0x39, rank <= ListedTokens.maximumID
        {
            rank = rank * 10 + UInt32(text[index] - 0x30)
            index += 1
        }
        guard index == end, index > space + 1 else {
            throw .malformed(
                path: path, offset: start,
                reason: "a line does not end with a rank from 0 to \(ListedTokens.maximumID)")
        }
        if !isEmpty { tokens.endToken(rank) }
    }

    /// The ordinary tokens of `vocabulary`, by number. O(size).
    static func write(_ vocabulary: Vocabulary) -> [UInt8] {
        var text: [UInt8] = []
        for id in vocabulary.ordinaryIDs {
            text += Base64.encode(vocabulary.bytes(of: id))
            text.append(0x20)
            text += Array(id.description.utf8)
            text.append(0x0A)
        }
        return text
    }
}
