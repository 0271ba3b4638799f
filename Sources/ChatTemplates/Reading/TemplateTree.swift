/// Expression of a template.
struct Expression: Sendable {
    let kind: Kind
    /// Its place in the source.
    let place: Int
    /// Levels of expressions within it, itself counted.
    let depth: Int

    indirect enum Kind: Sendable {
        case none
        case bool(Bool)
        case integer(Int)
        case real(Double)
        case text(TemplateText)
        case name(String)
        case list([Expression])
        case tuple([Expression])
        case mapping([(key: Expression, value: Expression)])
        case attribute(Expression, String)
        case item(Expression, Expression)
        case slice(Expression, Expression?, Expression?, Expression?)
        case call(Expression, Arguments)
        case filter(Expression, String, Arguments)
        case test(Expression, String, [Expression], isNegated: Bool)
        case not(Expression)
        case negative(Expression)
        case positive(Expression)
        case and(Expression, Expression)
        case or(Expression, Expression)
        case arithmetic(String, Expression, Expression)
        case comparison(Expression, [(word: String, operand: Expression)])
        case condition(Expression, then: Expression, otherwise: Expression?)
    }
}

/// Arguments of a call, a filter or a macro's call.
struct Arguments: Sendable {
    var positional: [Expression] = []
    /// A list of more arguments, written `*list`.
    var unpacked: Expression?
    var named: [(name: String, value: Expression)] = []

    var all: [Expression] {
        positional + (unpacked.map { [$0] } ?? []) + named.map(\.value)
    }
}

/// Place that a value is given to.
indirect enum AssignmentTarget: Sendable {
    case name(String)
    case attribute(String, of: String)
    case tuple([AssignmentTarget])
}

/// Macro as it is written.
struct MacroDefinition: Sendable {
    let name: String
    let parameters: [(name: String, standard: Expression?)]
    let body: [Statement]
}

/// Filter that a block of text goes through.
struct FilterUse: Sendable {
    let name: String
    let arguments: Arguments
    let place: Int
}

/// Statement of a template.
struct Statement: Sendable {
    let kind: Kind
    let place: Int

    indirect enum Kind: Sendable {
        case text(TemplateText)
        case output(Expression)
        case choice([(test: Expression, body: [Statement])], otherwise: [Statement])
        case loop(LoopStatement)
        case assignment(AssignmentTarget, Expression)
        case textAssignment(AssignmentTarget, [FilterUse], [Statement])
        case macro(MacroDefinition)
        case filtered([FilterUse], [Statement])
        case generation([Statement])
        case with([(target: AssignmentTarget, value: Expression)], [Statement])
        case leaveLoop
        case nextTurn
    }
}

/// Loop as it is written.
struct LoopStatement: Sendable {
    let target: AssignmentTarget
    let items: Expression
    let test: Expression?
    let body: [Statement]
    let otherwise: [Statement]
}
