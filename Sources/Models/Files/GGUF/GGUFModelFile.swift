package import Bytes
import Files

/// Error of the reader of GGUF files, as one of a model's.
extension ModelError: GGUFFailure {
    package init(_ error: GGUFError, path: String) {
        self =
            switch error.reason {
            case .unsupportedVersion:
                .unsupportedModel(path: path, reason: "\(error.reason)")
            case .malformed(let reason):
                .malformed(path: path, reason: "\(reason) (byte \(error.offset))")
            }
    }
}

/// A model in a GGUF file, looked at but not read: its keys, and where its tensors lie.
///
/// Everything in the file is a claim until it is checked against the bytes that are there.
struct GGUFModelFile: Sendable {
    /// The file's path.
    let path: String
    /// Values by key, but for lists.
    let values: [String: GGUFScalar]
    /// Lengths of lists by key.
    let listLengths: [String: Int]
    /// Lists of truths by key, but for long ones.
    let flags: [String: [Bool]]
    /// Every tensor by its name.
    let tensors: [String: Place]

    private let file: MappedFile
    private let dataStart: Int

    /// The longest list of truths that is kept: one for each layer of a model.
    private static let mostFlags = 1 << 16

    /// A tensor and the type of its numbers.
    struct Place: Sendable {
        let tensor: GGUFTensorPlace
        let format: GGUFNumberFormat
        let byteCount: Int
    }

    /// Maps the file at `path` and checks its head. O(size of the head).
    init(path: String) throws(ModelError) {
        do { file = try MappedFile(path: path) } catch {
            throw .storage(reason: error.description)
        }
        var (values, lists) = ([String: GGUFScalar](), [String: Int]())
        var flags: [String: [Bool]] = [:]
        let (places, dataStart) = try file.withBytes {
            (bytes) throws(ModelError) -> ([GGUFTensorPlace], Int) in
            let span = Span<UInt8>(_bytes: bytes)
            return try ByteView.with(span) { (text) throws(ModelError) in
                var reader = GGUFReader<ModelError>(text, path: path)
                try reader.readMembers { (reader, key, kind) throws(ModelError) in
                    if kind == .array {
                        let (element, count) = try reader.readArrayHead()
                        lists[key] = count
                        guard element == .bool, count <= Self.mostFlags else { return }
                        flags[key] = try (0..<count).map { (_) throws(ModelError) in
                            try reader.readScalar(.bool) == .flag(true)
                        }
                    } else if let value = try reader.readScalar(kind) {
                        values[key] = value
                    }
                }
                var alignment = GGUFHead.alignment
                if case .integer(let number)? = values["general.alignment"] { alignment = number }
                return try reader.readTensors(alignment: alignment)
            }
        }
        self.path = path
        self.values = values
        listLengths = lists
        self.flags = flags
        self.dataStart = dataStart
        tensors = try Self.check(
            places, path: path, dataByteCount: max(0, file.byteCount - dataStart))
    }

    /// The tensors by name, which must lie within the data, none over another.
    private static func check(
        _ places: [GGUFTensorPlace], path: String, dataByteCount: Int
    ) throws(ModelError) -> [String: Place] {
        var tensors: [String: Place] = [:]
        var end = 0
        for tensor in places.sorted(by: { ($0.offset, $0.name) < ($1.offset, $1.name) }) {
            guard let format = GGUFNumberFormat(rawValue: tensor.typeCode) else {
                throw .unsupportedModel(
                    path: path,
                    reason: "its \(tensor.name) is stored as ggml's type \(tensor.typeCode); read "
                        + "are " + GGUFNumberFormat.allCases.map(\.name).joined(separator: ", "))
            }
            let width = tensor.shape[tensor.shape.count - 1]
            guard let byteCount = format.byteCount(of: tensor.count, width: width) else {
                throw .malformed(
                    path: path,
                    reason: "\(tensor.name) of type \(format.name) has rows of \(width) numbers, "
                        + "which are no whole blocks")
            }
            guard tensor.offset >= end else {
                throw .malformed(
                    path: path, reason: "there is an overlap at the bytes of \(tensor.name)")
            }
            guard byteCount <= dataByteCount - tensor.offset else {
                throw .malformed(path: path, reason: "the file ends within \(tensor.name)")
            }
            end = tensor.offset + byteCount
            tensors[tensor.name] = Place(tensor: tensor, format: format, byteCount: byteCount)
        }
        return tensors
    }

    /// Copies some numbers of a tensor, none of which may be infinite or NaN. O(count).
    func read(_ place: Place, numbers: Range<Int>, into floats: FloatSlice) throws(ModelError) {
        file.withBytes { bytes in
            let start = dataStart + place.tensor.offset
            place.format.decode(
                bytes.extracting(start..<start + place.byteCount), numbers: numbers, into: floats)
        }
        try floats.checkFinite(name: place.tensor.name, path: path)
    }

    // MARK: Keys

    /// A whole number that is not negative.
    func integer(_ key: String) throws(ModelError) -> Int? {
        switch values[key] {
        case nil where listLengths[key] == nil: return nil
        case .integer(let number)? where number >= 0: return number
        default: throw unsupported("its \(key) is no whole number for the whole model")
        }
    }

    /// A number.
    func real(_ key: String) throws(ModelError) -> Double? {
        switch values[key] {
        case nil where listLengths[key] == nil: return nil
        case .integer(let number)?: return Double(number)
        case .real(let number)?: return number
        default: throw unsupported("its \(key) is no number")
        }
    }

    /// A text; nil for none, and for what is not UTF-8.
    func text(_ key: String) -> String? {
        guard case .text(let bytes)? = values[key] else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    /// The error of a model that Quern does not run.
    func unsupported(_ reason: String) -> ModelError {
        .unsupportedModel(path: path, reason: reason)
    }
}
