import Tokenization

/// Order in which equally frequent pairs become tokens.
///
/// Both rules take the pair with the smallest left id, then the smallest right id; tokens are
/// numbered in the order in which they are made. They differ in how the 256 bytes are numbered
/// before that.
public enum TieRule: String, Codable, CaseIterable, Sendable {
    /// The bytes in the order of the characters that stand for them: `!` first, the space behind
    /// all that is printable. Hugging Face's `BpeTrainer` does it so.
    case huggingface
    /// The bytes by their values. rustbpe and bpeasy do it so.
    case bytes

    /// The 256 bytes, the first of them with number 0.
    var bytesInOrder: [UInt8] {
        switch self {
        case .huggingface: ByteCharacters.bytesInOrder
        case .bytes: Array(0...255)
        }
    }
}
