import Bytes
import ChatTemplates

extension Probe {
    private struct RenderReply: Encodable {
        var text: String?
        var kind: String?
        var error: String?
        /// Characters that a model is to write: the first, and the one behind the last.
        var generated: [[Int]] = []
    }

    /// Renders templates, a line of JSON each on standard input with `template` and `variables`, on
    /// the last day of November 2026.
    static func render(_ arguments: [String]) throws {
        while let line = readLine() {
            let request = try JSONPullReader<JSONError>.with(Array(line.utf8).span) {
                (reader) throws(JSONError) in try reader.readValue()
            }
            var reply = RenderReply()
            do throws(TemplateError) {
                let template = try JinjaTemplate(request["template"]?.string ?? "")
                var variables: [String: TemplateValue] = [:]
                for member in request["variables"]?.members ?? [] {
                    variables[member.key] = TemplateValue(member.value)
                }
                let text = try template.render(
                    variables, clock: TemplateClock(year: 2026, month: 11, day: 30))
                reply.text = text.string
                var place = 0
                for run in text.runs {
                    let end = place + run.text.unicodeScalars.count
                    if run.isGenerated {
                        if reply.generated.last?[1] == place {
                            reply.generated[reply.generated.count - 1][1] = end
                        } else {
                            reply.generated.append([place, end])
                        }
                    }
                    place = end
                }
            } catch {
                (reply.kind, reply.error) = ("\(error.kind)", "\(error)")
            }
            try printJSON(reply)
        }
    }
}

extension TemplateValue {
    /// What JSON says, as the text of somebody else.
    fileprivate init(_ value: JSONValue) {
        switch value {
        case .null: self = .none
        case .bool(let flag): self = .bool(flag)
        case .number(let spelling):
            self = Int(spelling).map { .integer($0) } ?? .real(Double(spelling) ?? .nan)
        case .string(let text): self = .text(text, .source(0))
        case .array(let elements): self = .list(elements.map { TemplateValue($0) })
        case .object(let members):
            self = .object(
                members.map {
                    .init(name: TemplateText($0.key, .source(0)), value: TemplateValue($0.value))
                })
        }
    }
}
