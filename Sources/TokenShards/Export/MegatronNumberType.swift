/// How a Megatron-LM data set stores an id: the byte 17 of its index.
enum MegatronNumberType: UInt8 {
    case int32 = 4
    case uint16 = 8

    /// The type of ids that fit `width`; it has no unsigned type of 32 bits, and needs none.
    init(_ width: TokenWidth) {
        self = width == .uint16 ? .uint16 : .int32
    }

    /// The width of ids of this type.
    var width: TokenWidth { self == .uint16 ? .uint16 : .uint32 }
}
