import Testing

@testable import ChatTemplates

@Suite struct JinjaTemplateTests {
    /// The text of a template with three messages, a mapping and a few values.
    private static func text(_ source: String) throws -> String {
        func message(_ role: String, _ content: String) -> TemplateValue {
            .object([
                .init("role", .text(role)), .init("content", .text(content, .source(0))),
            ])
        }
        return try JinjaTemplate(source).render(
            [
                "messages": .list([
                    message("system", " Be brief.\n"), message("user", "Who?"),
                    message("assistant", "God."),
                ]),
                "tool": .object([
                    .init("name", .text("add")), .init("b", .integer(2)),
                    .init("a", .list([.real(1.5), .none, .bool(true), .text("é\"\n")])),
                ]),
                "empty": .text(""), "nothing": .none,
                "numbers": .list(
                    [3, 1, 2].map {
                        .integer($0)
                    }),
            ], clock: TemplateClock(year: 2026, month: 11, day: 5)
        ).string
    }

    private static func error(_ source: String) -> TemplateError? {
        do throws(any Error) {
            _ = try text(source)
            return nil
        } catch {
            return error as? TemplateError
        }
    }

    @Test(arguments: [
        // Line breaks behind tags go, and spaces before tags at the beginning of a line.
        ("a\n  {% if true %}\n  b\n  {% endif %}\nc", "a\n  b\nc"),
        ("a {%- if true -%} b {%- endif -%} c", "abc"),
        ("a {%+ if true +%}\nb{% endif %}\n", "a \nb"),
        ("{# one #}\nx {#- two -#} y", "xy"),
        ("  {{ 1 }}\n{{ 2 -}}  \n 3", "  1\n23"),
        ("{% raw %}{{ x }}{% endraw %}\n!", "{{ x }}!"),
        ("a\r\nb\rc\n\n", "a\nb\nc\n"),
    ])
    func `whitespace is as transformers sets it`(source: String, expected: String) throws {
        #expect(try Self.text(source) == expected)
    }

    @Test(arguments: [
        (
            "{% for m in messages %}{{ loop.index }}/{{ loop.length }} {{ m.role }}"
                + "{{ '' if loop.last else ', ' }}{% endfor %}",
            "1/3 system, 2/3 user, 3/3 assistant"
        ),
        ("{% for m in messages if m.role != 'system' %}{{ loop.index0 }}{% endfor %}", "01"),
        ("{% for x in [] %}a{% else %}none{% endfor %}", "none"),
        (
            "{% for k, v in tool.items() %}{{ k }}={{ v }};{% endfor %}",
            "name=add;b=2;a=[1.5, None, True, 'é\"\\n'];"
        ),
        ("{% for x in numbers %}{% if x == 1 %}{% continue %}{% endif %}{{ x }}{% endfor %}", "32"),
        ("{% for x in range(9) %}{% if x == 3 %}{% break %}{% endif %}{{ x }}{% endfor %}", "012"),
        // What is set in a loop stays there, unless it is a namespace's.
        ("{% set x = 1 %}{% for i in [2] %}{% set x = i %}{{ x }}{% endfor %}{{ x }}", "21"),
        (
            "{% set n = namespace(x=1) %}{% for i in [2] %}{% set n.x = i %}{% endfor %}{{ n.x }}",
            "2"
        ),
        ("{% if true %}{% set x = 1 %}{% endif %}{{ x }}", "1"),
        ("{% set a, b = 1, 2 %}{{ b }}{{ a }}", "21"),
        ("{% set t | upper %}a{{ 1 }}b{% endset %}[{{ t }}]", "[A1B]"),
        (
            "{% macro f(a, b='y') %}{{ a }}{{ b }}{% endmacro %}{{ f('x') }}{{ f(b=1, a=2) }}",
            "xy21"
        ),
        ("{% macro f(n) %}{{ n }}{{ f(n - 1) if n > 0 }}{% endmacro %}{{ f(3) }}", "3210"),
        ("{% macro f(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ f(*['p', 'q']) }}", "pq"),
        ("{% filter upper %}a{{ 'b' }}{% endfilter %}", "AB"),
        ("{% with x = 1, y = 2 %}{{ x + y }}{% endwith %}{{ x is defined }}", "3False"),
        ("{% generation %}a{% endgeneration %}b", "ab"),
    ])
    func `statements do what Jinja's do`(source: String, expected: String) throws {
        #expect(try Self.text(source) == expected)
    }

    @Test(arguments: [
        (
            "{{ 1 + 2 * 3 ** 2 }} {{ -7 // 2 }} {{ -7 % 3 }} {{ 7 / 2 }} {{ 1e3 }}",
            "19 -4 2 3.5 1000.0"
        ),
        ("{{ 'a' ~ 1 ~ none ~ missing }}", "a1None"), ("{{ 'ab' * 2 + 'c' }}", "ababc"),
        (
            "{{ 1 < 2 < 3 and not 3 == 4 }} {{ 'b' in 'abc' }} {{ 4 not in numbers }}",
            "True True True"
        ),
        ("{{ nothing or 'x' }}{{ '' and 'y' }}{{ 'a' if false }}", "x"),
        ("{{ 'abcdef'[1:-1:2] }} {{ numbers[::-1] }} {{ numbers[-1] }}", "bd [2, 1, 3] 2"),
        ("{{ messages[0]['content'] | trim }}{{ messages[1].content.lower() }}", "Be brief.who?"),
        (
            "{{ tool.missing is defined }}{{ nothing is none }}{{ tool is mapping }}",
            "FalseTrueTrue"
        ),
        ("{{ 'a' is string and 'a' is iterable and 3 is odd and 4 is divisibleby 2 }}", "True"),
        (
            "{{ true is boolean }}{{ 1 is boolean }}{{ 2 is in numbers }}{{ 'x' is eq('x') }}",
            "TrueFalseTrueTrue"
        ),
        ("{{ numbers | sort | join(',') }} {{ numbers | sum }} {{ numbers | max }}", "1,2,3 6 3"),
        (
            "{{ messages | selectattr('role', '==', 'user') | map(attribute='content') | first }}",
            "Who?"
        ),
        (
            "{{ messages | map(attribute='role') | map('upper') | join(' ') }}",
            "SYSTEM USER ASSISTANT"
        ),
        ("{{ messages | rejectattr('role', 'in', ['user']) | list | length }}", "2"),
        ("{{ missing | default('d') }}{{ empty | default('e', true) }}", "de"),
        ("{{ ' x.y ' | trim | replace('.', '-') | capitalize }}", "X-y"),
        ("{{ 'a\nb' | indent(2) }}|{{ 'ab' | list }}", "a\n  b|['a', 'b']"),
        ("{{ tool | tojson }}", #"{"name": "add", "b": 2, "a": [1.5, null, true, "é\"\n"]}"#),
        (
            "{{ {'b': [1, 2], 'a': {}} | tojson(indent=2, sort_keys=true) }}",
            "{\n  \"a\": {},\n  \"b\": [\n    1,\n    2\n  ]\n}"
        ),
        ("{{ '<é>' | tojson(ensure_ascii=true) }}", #""<\u00e9>""#),
        (
            "{{ 'a,b,c'.split(',', 1) }} {{ 'a b'.split()[1] }} {{ 'x</t>y'.split('</t>')[-1] }}",
            "['a', 'b,c'] b y"
        ),
        (
            "{{ 'xxay'.lstrip('x') }}{{ 'ab'.startswith('a') }}{{ 'ab'.endswith(('x', 'b')) }}",
            "ayTrueTrue"
        ),
        (
            "{{ 'a-{}-{n}'.format(1, n='z') }} {{ '12'.isdigit() }} {{ '3' | int + 1 }}",
            "a-1-z True 4"
        ),
        (
            "{{ tool.get('name') }}{{ tool.get('x', 'y') }}{{ tool.keys() | list }}",
            "addy['name', 'b', 'a']"
        ),
        ("{{ strftime_now('%d %b %Y, %A %-d.%m.') }}", "05 Nov 2026, Thursday 5.11."),
        ("{{ '<' | safe + '<' }}{{ '<' }}", "<&lt;<"),
        (#"{{ "\u00e9\x41\n" 'z' }}"#, "éA\nz"),
    ])
    func `expressions have Python's values`(source: String, expected: String) throws {
        #expect(try Self.text(source) == expected)
    }

    @Test(arguments: [
        ("a\n{% include 'x' %}", TemplateError.Kind.unsupported, 2, 4),
        ("{{ 'x' | pprint }}", .unsupported, 1, 10), ("{{ 1 is foo }}", .unsupported, 1, 9),
        ("{% for x in [1] recursive %}{% endfor %}", .unsupported, 1, 17),
        ("{% if true %}", .syntax, 1, 14), ("{{ ( }}", .syntax, 1, 6), ("{% x", .syntax, 1, 1),
        ("{% end %}", .syntax, 1, 4), ("{{ 'a }}", .syntax, 1, 4), ("{# a", .syntax, 1, 1),
        ("{% break %}", .syntax, 1, 4),
        ("\n\n {{ missing.part }}", .failed, 3, 12), ("{{ 'a' + 1 }}", .failed, 1, 4),
        ("{{ 1 // 0 }}", .failed, 1, 4), ("{% for x in 3 %}{% endfor %}", .failed, 1, 1),
        ("{{ numbers.append(1) }}", .failed, 1, 18), ("{{ [1] < 2 }}", .failed, 1, 4),
        ("{{ raise_exception('No tools.') }}", .raised, 1, 19),
        ("{{ 9223372036854775807 + 1 }}", .limit, 1, 4),
        ("{{ 'a' * 99999999999 }}", .limit, 1, 4),
        ("{{ range(999999999) | length }}", .limit, 1, 9),
        (
            "{% set n = namespace(s='ab') %}{% for i in range(99) %}{% set n.s = n.s + n.s %}"
                + "{% endfor %}", .limit, 1, 69
        ),
        ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", .limit, 1, 20),
    ])
    func `faults are named with their place`(
        source: String, kind: TemplateError.Kind, line: Int, column: Int
    ) throws {
        let error = try #require(Self.error(source))
        #expect(error.kind == kind, "\(error)")
        #expect((error.line, error.column) == (line, column), "\(error)")
        #expect(!error.description.isEmpty && !error.reason.contains("\n"))
    }

    @Test func `nesting is bounded`() throws {
        for (open, close) in [("(", ")"), ("[", "]"), ("not ", ""), ("- ", ""), ("1 + (", ")")] {
            let deep =
                "{{ " + String(repeating: open, count: 5_000) + "1"
                + String(repeating: close, count: 5_000) + " }}"
            #expect(Self.error(deep)?.kind == .limit)
        }
        for part in [" + 1", " | abs", ".x", " ~ 1", " and 1"] {
            let long = "{{ 1" + String(repeating: part, count: 5_000) + " }}"
            #expect(Self.error(long)?.kind == .limit)
        }
        let blocks = String(repeating: "{% if 1 %}", count: 5_000)
        #expect(Self.error(blocks)?.kind == .limit)
        #expect(Self.error(String(repeating: "x", count: 1 << 21))?.kind == .limit)
    }

    @Test func `time and output are bounded`() throws {
        let loops = "{% for a in range(999) %}{% for b in range(999) %}{{ '' }}"
        var limits = JinjaTemplate.Limits()
        (limits.work, limits.characters) = (100_000, 10)
        let endless = try JinjaTemplate(loops + "{% endfor %}{% endfor %}")
        let error = #expect(throws: TemplateError.self) {
            try endless.render([:], limits: limits)
        }
        #expect(error?.kind == .limit)
        let template = try JinjaTemplate("{{ 'abc' * n }}")
        #expect(try template.render(["n": .integer(3)], limits: limits).count == 9)
        #expect(throws: TemplateError.self) {
            try template.render(["n": .integer(4)], limits: limits)
        }
    }

    @Test func `every character keeps its origin`() throws {
        let source = TemplateText.Origin.source
        let variables: [String: TemplateValue] = [
            "a": .text(" <s>one ", source(1)), "b": .text("<s>,two", source(2)),
            "o": .object([.init(name: TemplateText("k", source(4)), value: .text("v", source(3)))]),
        ]
        func runs(_ template: String) throws -> [String] {
            try JinjaTemplate(template).render(variables).runs.map {
                let origin = $0.origin == .template ? "t" : "o"
                return "\($0.origin.source.map(String.init) ?? origin):\($0.text)"
            }
        }
        #expect(try runs("<s>{{ a | trim }}{{ b }}") == ["t:<s>", "1:<s>one", "2:<s>,two"])
        #expect(try runs("{{ (a + b).upper()[2:12] }}") == ["1:S>ONE ", "2:<S>,"])
        #expect(try runs("{{ b.split(',') | join('|') }}") == ["2:<s>", "t:|", "2:two"])
        #expect(try runs("{{ b | replace('two', a) }}") == ["2:<s>,", "1: <s>one "])
        #expect(try runs("{{ b | replace('two', '<s>') }}") == ["2:<s>,", "t:<s>"])
        #expect(try runs("{{ o | tojson }}") == ["o:{\"", "4:k", "o:\": \"", "3:v", "o:\"}"])
        #expect(try runs("{% set x %}<s>{{ b }}{% endset %}{{ x[1:5] }}") == ["t:s>", "2:<s"])
        #expect(
            try runs("{% for c in b %}{{ c }}-{% endfor %}").prefix(3) == ["2:<", "t:-", "2:s"])
    }

    @Test func `what a model is to write is marked, through any block`() throws {
        let template = try JinjaTemplate(
            "a{% set x %}{% generation %}b{{ 'c' }}{% endgeneration %}d{% endset %}{{ x | upper }}")
        #expect(template.marksGeneration)
        let runs = try template.render([:]).runs
        #expect(runs.map(\.text) == ["a", "BC", "D"])
        #expect(runs.map(\.isGenerated) == [false, true, false])
    }

    @Test func `templates of chance render or fail, and nothing else`() {
        var generator = SystemRandomNumberGenerator()
        let parts = [
            "{% for m in messages %}", "{% endfor %}", "{% if m.role == 'user' %}", "{% else %}",
            "{% endif %}", "{{ m.content | trim }}", "{% set x = [1, 'a', none] %}", "{{ x[0:2] }}",
            "{{", "}}", "{%", "%}", "{%-", "-%}", "{#", "#}", "'", "\"", "\\", "(", ")", "[", "]",
            "|", "~", ".", ",", ":", "=", "*", "-", "9", "1e9", "loop", "is", "not", "in", "tojson",
            "{% macro f(a) %}", "{% endmacro %}", "{{ f(f) }}", "x", "\n", " ", "é", "\u{0}", "{",
            "{{ numbers | sort(reverse=true) | map('string') | join('<') }}", "[::-2]", "%",
        ]
        for _ in 0..<3_000 {
            let count = Int.random(in: 1...24, using: &generator)
            let source = (0..<count).map { _ in parts.randomElement(using: &generator)! }.joined()
            if let error = Self.error(source) { #expect(error.line > 0 && error.column > 0) }
        }
    }
}
