/// Reason why a template cannot be read or does not render.
public struct TemplateError: Error, Equatable, Sendable {
    /// Kind of a fault.
    public enum Kind: Equatable, Sendable {
        /// It is no template: the grammar is broken.
        case syntax
        /// It asks for something that is not understood here.
        case unsupported
        /// It fails on what it was given.
        case failed
        /// It says itself, by `raise_exception`, that it does not take what it was given.
        case raised
        /// It takes more work, memory or depth than is allowed.
        case limit
    }

    /// The kind of the fault.
    public let kind: Kind
    /// What is wrong.
    public let reason: String
    /// Line of the template, from 1.
    public let line: Int
    /// Column in the line, from 1.
    public let column: Int

    init(_ kind: Kind, _ reason: String, line: Int, column: Int) {
        (self.kind, self.reason, self.line, self.column) = (kind, reason, line, column)
    }
}

extension TemplateError: CustomStringConvertible {
    /// One sentence for a person.
    public var description: String {
        let place = "line \(line), column \(column)"
        return switch kind {
        case .syntax: "the chat template is broken at \(place): \(reason)"
        case .unsupported: "the chat template has, at \(place), \(reason), which is not supported"
        case .failed: "the chat template fails at \(place): \(reason)"
        case .raised: "the chat template refuses the conversation: \(reason)"
        case .limit: "the chat template takes too much at \(place): \(reason)"
        }
    }
}

/// A fault with its place in the source, before lines are counted.
struct TemplateFault: Error {
    let kind: TemplateError.Kind
    let reason: String
    let place: Int

    init(_ kind: TemplateError.Kind, _ reason: String, at place: Int) {
        (self.kind, self.reason, self.place) = (kind, reason, place)
    }

    /// The error for who reads `source`. O(place).
    func error(in source: [UInt32]) -> TemplateError {
        let before = source.prefix(place)
        let line = before.count { $0 == 0x0A } + 1
        let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        return TemplateError(kind, reason, line: line, column: before.count - start + 1)
    }
}
