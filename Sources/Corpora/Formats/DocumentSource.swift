import Bytes

/// The documents of one input, one after another: the records that the reader of its format finds,
/// under the policies of the configuration.
struct DocumentSource: ~Copyable, Sendable {
    /// The end of one step from document to document.
    enum Outcome {
        /// A document; it has, or had, bytes that are not UTF-8.
        case document(Document, hasInvalidUTF8: Bool)
        /// A record of nothing but ASCII white space.
        case blank
        /// A record that cannot be read, behind which others may be good; its bytes, if they are
        /// kept.
        case refused(CorpusError, bytes: [UInt8]?)
        /// There are no more.
        case end
    }

    private let path: String
    private let limit: Int
    private let invalidUTF8: InvalidUTF8Policy
    private let keepsRefused: Bool
    private let keptFields: [[UInt8]]
    private var reader: any FormatReader & ~Copyable

    /// Opens an input. Its errors, and those of ``next()``, are of the input as a whole.
    init(_ input: FormatInput) throws(CorpusError) {
        self.init(input, reader: try input.source.format.open(input))
    }

    /// The documents that `reader`, which has opened `input`, finds.
    init(_ input: FormatInput, reader: consuming any FormatReader & ~Copyable) {
        path = input.path
        limit = input.limit
        invalidUTF8 = input.configuration.invalidUTF8
        keepsRefused = input.keepsRefused
        keptFields = input.configuration.keptFields.map { Array($0.utf8) }
        self.reader = reader
    }

    /// Stored bytes that were read from the input since the last call.
    mutating func takeStoredByteCount() -> Int { reader.takeStoredByteCount() }

    /// Goes to the next document. O(its bytes).
    mutating func next() throws(CorpusError) -> Outcome {
        switch try reader.advance() {
        case .end:
            return .end
        case .tooLarge(let position, let front):
            let origin = DocumentOrigin(path: path, position: position)
            return .refused(
                .documentTooLarge(origin: origin, limit: limit), bytes: keepsRefused ? front : nil)
        case .record(let position):
            let outcome = readText(DocumentOrigin(path: path, position: position))
            guard !keptFields.isEmpty, case .document(var document, let hasInvalidUTF8) = outcome
            else { return outcome }
            document.fields = reader.takeFields(keptFields)
            return .document(document, hasInvalidUTF8: hasInvalidUTF8)
        }
    }

    private mutating func readText(_ origin: DocumentOrigin) -> Outcome {
        do throws(RecordFault) {
            return checked(try reader.takeText(repairing: false), origin)
        } catch {
            guard error.isRepairable, invalidUTF8 == .replace else {
                return refused(error, origin)
            }
        }
        do throws(RecordFault) {
            return checked(try reader.takeText(repairing: true), origin, isRepaired: true)
        } catch {
            return refused(error, origin)
        }
    }

    /// A document of `text`, as far as its bytes are allowed.
    private mutating func checked(
        _ text: [UInt8], _ origin: DocumentOrigin, isRepaired: Bool = false
    ) -> Outcome {
        if isBlank(text.span) { return .blank }
        let end = reader.checksUTF8 ? text.count : endOfValidUTF8(text.span, from: 0)
        guard end < text.count else {
            return .document(Document(text: text, origin: origin), hasInvalidUTF8: isRepaired)
        }
        switch invalidUTF8 {
        case .fail:
            return .refused(
                .invalidUTF8(origin: origin, column: end + 1),
                bytes: keepsRefused ? reader.takeRecord() ?? text : nil)
        case .keep:
            return .document(Document(text: text, origin: origin), hasInvalidUTF8: true)
        case .replace:
            return .document(
                Document(text: repairedUTF8(text.span) ?? text, origin: origin),
                hasInvalidUTF8: true)
        }
    }

    private mutating func refused(_ fault: RecordFault, _ origin: DocumentOrigin) -> Outcome {
        .refused(
            .malformedLine(
                origin: origin, column: fault.offset.map { $0 + 1 }, reason: fault.reason),
            bytes: keepsRefused ? reader.takeRecord() : nil)
    }
}

/// Whether `bytes` hold nothing but ASCII white space. O(count), but mostly O(1).
package func isBlank(_ bytes: Span<UInt8>) -> Bool {
    for index in bytes.indices {
        let byte = bytes[index]
        guard byte == 0x20 || (0x09...0x0D).contains(byte) else { return false }
    }
    return true
}

/// The length of the byte order mark that `bytes` begin with: some editors mark a file as UTF-8
/// with three bytes at its start.
func byteOrderMarkLength(of bytes: Span<UInt8>) -> Int {
    bytes.count >= 3 && bytes[0] == 0xEF && bytes[1] == 0xBB && bytes[2] == 0xBF ? 3 : 0
}
