import ChatTemplates
import Pipeline
import Work

extension Reader {
    /// Readers of what people write: descriptions of runs, settings, sizes.
    static let settings: [Reader] = [
        .file("pipeline", "settings", "pipeline.json") { folder in
            _ = try PipelineConfiguration(path: folder + "/pipeline.json")
        },
        .file("comparison", "settings", "comparison.json") { folder in
            _ = try ComparisonConfiguration(path: folder + "/comparison.json")
        },
        .bytes("setting", "strings") { bytes in
            _ = try PipelineConfiguration(
                path: nil, settings: [String(decoding: bytes, as: UTF8.self)])
        },
        .bytes("template", "templates") { bytes in
            // As much as a slow machine does in the time of a trial.
            var limits = JinjaTemplate.Limits()
            (limits.work, limits.characters) = (1 << 20, 1 << 18)
            let template = try JinjaTemplate(String(decoding: bytes, as: UTF8.self))
            let message = TemplateValue.object([
                .init("role", .text("user")), .init("content", .text("Who?", .source(0))),
            ])
            let text = try template.render(
                [
                    "messages": .list([message, message]), "tools": .none,
                    "add_generation_prompt": .bool(true),
                ], clock: TemplateClock(year: 2026, month: 11, day: 30), limits: limits)
            precondition(text.count <= limits.characters)
            precondition(text.runs.map(\.text).joined() == text.string)
        },
        .bytes("size", "strings") { bytes in
            guard let size = ByteSize(String(decoding: bytes, as: UTF8.self)) else { return }
            precondition(size.byteCount >= 0 && ByteSize("\(size)") == size)
        },
    ]
}
