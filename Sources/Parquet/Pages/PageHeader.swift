/// What stands before a page.
struct PageHeader: Equatable {
    /// A kind of page.
    enum Kind: Equatable {
        /// Values, with their levels: `levelEncoding` is that of the definition levels.
        case data(valueCount: Int, encoding: Int, levelEncoding: Int)
        /// The same in version 2, in which levels are not compressed.
        case dataV2(
            valueCount: Int, encoding: Int, definitionByteCount: Int, repetitionByteCount: Int,
            isCompressed: Bool)
        /// Values that data pages name by their numbers.
        case dictionary(valueCount: Int, encoding: Int)
        /// Something that is not needed, such as an index.
        case other
    }

    var kind: Kind
    /// Bytes of the page after decompression.
    var byteCount: Int
    /// Bytes of the page as it is stored.
    var storedByteCount: Int
    /// The CRC-32 of the stored bytes, if it is given.
    var checksum: UInt32?

    /// Reads a header.
    init(_ reader: inout ThriftReader) throws(ThriftReader.Fault) {
        let start = reader.offset
        var type: Int?
        var sizes: (Int?, Int?) = (nil, nil)
        var checksum: UInt32?
        var counts: [Int: Int] = [:]
        var isCompressed = true
        var member = 0
        try reader.structure { reader, field throws(ThriftReader.Fault) in
            switch field.id {
            case 1: type = try reader.integer(field)
            case 2: sizes.0 = try reader.integer(field)
            case 3: sizes.1 = try reader.integer(field)
            case 4: checksum = UInt32(truncatingIfNeeded: try reader.integer(field))
            case 5, 7, 8:
                try reader.expectStructure(field)
                member = field.id
                counts = [:]
                try reader.structure { reader, field throws(ThriftReader.Fault) in
                    switch (member, field.id) {
                    case (8, 7): isCompressed = try reader.boolean(field)
                    case (5, 1...4), (7, 1...2), (8, 1...6):
                        counts[field.id] = try reader.integer(field)
                    default: return false
                    }
                    return true
                }
            default: return false
            }
            return true
        }
        func fault(_ reason: String) -> ThriftReader.Fault {
            .malformed(offset: start, reason: reason)
        }
        guard let type, let byteCount = sizes.0, let storedByteCount = sizes.1 else {
            throw fault("the header of a page lacks its type or a size")
        }
        guard byteCount >= 0, storedByteCount >= 0 else {
            throw fault("a page has \(byteCount) bytes, stored as \(storedByteCount)")
        }
        if let count = counts[1], count < 0 { throw fault("a page has \(count) values") }
        switch (type, member) {
        case (0, 5):
            guard let valueCount = counts[1], let encoding = counts[2] else {
                throw fault("the header of a page lacks its values or their encoding")
            }
            kind = .data(
                valueCount: valueCount, encoding: encoding, levelEncoding: counts[3] ?? 3)
        case (3, 8):
            guard let valueCount = counts[1], let encoding = counts[4],
                let definition = counts[5], let repetition = counts[6]
            else {
                throw fault("the header of a page lacks its values or their encoding")
            }
            guard definition >= 0, repetition >= 0 else {
                throw fault("a page has \(definition) and \(repetition) bytes of levels")
            }
            kind = .dataV2(
                valueCount: valueCount, encoding: encoding, definitionByteCount: definition,
                repetitionByteCount: repetition, isCompressed: isCompressed)
        case (2, 7):
            guard let valueCount = counts[1], let encoding = counts[2] else {
                throw fault("the header of a dictionary lacks its values or their encoding")
            }
            kind = .dictionary(valueCount: valueCount, encoding: encoding)
        case (0, _), (2, _), (3, _): throw fault("the header of a page is another type's")
        default: kind = .other
        }
        self.byteCount = byteCount
        self.storedByteCount = storedByteCount
        self.checksum = checksum
    }
}
