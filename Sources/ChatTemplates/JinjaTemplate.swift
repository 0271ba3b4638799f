/// Chat template in the language of Jinja, as Hugging Face's tokenizers keep one: it turns the
/// messages of a conversation into the text that a model reads.
///
/// Understood is what published chat templates use, with the settings of `transformers`
/// (`trim_blocks`, `lstrip_blocks`, its `tojson`, `raise_exception`, `strftime_now`, `generation`
/// blocks, `break` and `continue`), in an environment where nothing but a namespace can be changed.
/// What lies outside is refused by its name, with line and column. A template comes from somebody
/// else: its nesting, steps and output are bounded.
///
/// ```swift
/// let template = try JinjaTemplate(
///     "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}\n{% endfor %}")
/// let message = TemplateValue.object([
///     .init("role", .text("user")), .init("content", .text("Who?", .source(0))),
/// ])
/// let text = try template.render(["messages": .list([message])])
/// // text.string == "<|user|>Who?\n", of which "Who?" is from source 0
/// ```
///
/// Source of the language: <https://jinja.palletsprojects.com/en/stable/templates/>.
public struct JinjaTemplate: Sendable {
    /// The source, as it was given.
    public let source: String
    /// Whether it says what a model is to write, by `generation` blocks.
    public let marksGeneration: Bool

    private let scalars: [UInt32]
    private let body: [Statement]

    /// Bounds of a rendering.
    public struct Limits: Sendable, Equatable {
        /// Steps, and characters and elements that they make or look through.
        public var work = 1 << 25
        /// Characters of the text.
        public var characters = 1 << 24
        /// Calls, blocks and levels of expressions within one another.
        public var depth = 200

        /// Bounds that no conversation of a model's length meets.
        public init() {}
    }

    /// The most bytes of a source.
    public static let sourceLimit = 1 << 20

    /// Reads a template. O(bytes).
    public init(_ source: String) throws(TemplateError) {
        guard source.utf8.count <= Self.sourceLimit else {
            throw TemplateError(
                .limit, "it has more than \(Self.sourceLimit) bytes", line: 1, column: 1)
        }
        let scalars = TemplateLexer.normalized(source)
        do throws(TemplateFault) {
            var parser = try TemplateParser(scalars)
            body = try parser.template()
            marksGeneration = parser.marksGeneration
        } catch {
            throw error.error(in: scalars)
        }
        self.source = source
        self.scalars = scalars
    }

    /// The text of the template with `variables`.
    ///
    /// - Parameters:
    ///   - variables: what the template finds by name, such as `messages`.
    ///   - clock: the time that `strftime_now` tells; nil where there is none.
    ///   - limits: the bounds.
    public func render(
        _ variables: [String: TemplateValue], clock: TemplateClock? = nil,
        limits: Limits = Limits()
    ) throws(TemplateError) -> TemplateText {
        let interpreter = Interpreter(
            variables.mapValues { Value($0) }, limits: limits, clock: clock)
        do throws(TemplateFault) {
            return try interpreter.run(body)
        } catch {
            throw error.error(in: scalars)
        }
    }
}
