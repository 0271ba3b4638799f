/// The numbers that the keys and values of a text are kept in while a model goes on with it.
///
/// Of a long text they are more bytes than the matrices, and every one is read for a token. They
/// are widened in registers; queries, scores and sums are float32 whatever the format.
public enum CacheFormat: String, CaseIterable, Sendable {
    /// As they were computed.
    case float32
    /// Half the bytes: eleven bits of precision, the largest number 65,504 for all beyond it. A key
    /// or value is rounded when it is kept, so that a text has the same bits however it is read:
    /// in parts, alone or beside others, ahead of a draft or behind it.
    case float16

    /// Bytes of a number.
    public var byteCount: Int {
        switch self {
        case .float32: 4
        case .float16: 2
        }
    }
}
