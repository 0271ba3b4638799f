public import Work

/// Errors in a model's configuration or files.
public enum ModelError: Error, Equatable, Sendable {
    /// A configuration that describes no model.
    case badConfiguration(reason: String)
    /// A file could not be read or written.
    case storage(reason: String)
    /// A file is not what its name says.
    case malformed(path: String, reason: String)
    /// The file lacks a tensor.
    case missingTensor(path: String, name: String)
    /// A model's file lacks tensors that its configuration speaks of.
    case missingTensors(path: String, names: [String])
    /// A tensor has another shape than the configuration says.
    case shapeMismatch(path: String, name: String, expected: [Int], found: [Int])
    /// A tensor's numbers are of a type that Quern does not read.
    case unsupportedType(path: String, name: String, type: String)
    /// A number that the type of a file to be written cannot hold.
    case outOfRange(name: String, value: Float, type: String)
    /// A model computes numbers that are infinite or none.
    case notFinite
    /// A parameter is infinite or NaN; the path is that of its file, nil for a model in memory.
    case notFiniteWeight(path: String?, name: String, value: Float)
    /// A model of another kind.
    case unsupportedModel(path: String, reason: String)
    /// A model of a kind that a format of other programs does not have.
    case unwritableModel(path: String, format: String, reason: String)
    /// There is too little memory for a model.
    case tooLittleMemory(MemoryShortage)
    /// A layer or head that a model does not have; numbers begin at 1.
    case noSuchPart(name: String, number: Int, count: Int)
}

extension ModelError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        switch self {
        case .badConfiguration(let reason):
            "the configuration does not fit: \(reason)"
        case .storage(let reason):
            reason
        case .malformed(let path, let reason):
            "\(path) is damaged: \(reason); copy or write it again"
        case .missingTensor(let path, let name):
            "\(path) has no tensor \(name); it belongs to another kind of model"
        case .missingTensors(let path, let names):
            "\(path) lacks \(names.count == 1 ? "a tensor" : "\(names.count) tensors") of the "
                + "model that its configuration describes, missing: "
                + names.prefix(3).joined(separator: ", ") + (names.count > 3 ? " and more" : "")
                + "; copy the whole model, or the configuration that was written with it"
        case .shapeMismatch(let path, let name, let expected, let found):
            "\(path): \(name) has shape \(found) where the configuration says \(expected); "
                + "use the config.json that was written with it"
        case .unsupportedType(let path, let name, let type):
            "\(path): \(name) is stored as \(type), and only F32, F16, BF16 and F64 are read; "
                + "convert it to float32"
        case .outOfRange(let name, let value, let type):
            "\(name) holds \(value), which \(type) cannot; choose another type, such as bf16 or f32"
        case .notFinite:
            "the model computes numbers that are not finite: its file is damaged, or its training "
                + "went wrong"
        case .notFiniteWeight(let path, let name, let value):
            (path.map { "\($0): " } ?? "")
                + "\(name) holds \(value.isNaN ? .nan : value), which no model has: it is "
                + "damaged, or its training went wrong; copy it again, or use an earlier checkpoint"
        case .unsupportedModel(let path, let reason):
            "\(path) describes a model that Quern does not run: \(reason)"
        case .unwritableModel(let path, let format, let reason):
            "\(path) cannot be written as \(format): \(reason)"
        case .tooLittleMemory(let shortage):
            shortage.description
        case .noSuchPart(let name, let number, let count):
            "the model has no \(name) \(number); give a number from 1 to \(count)"
        }
    }
}
