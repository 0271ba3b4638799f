import Testing

@testable import Corpora

@Suite struct TableTests {
    private func read(
        _ text: String, name: String = "a.csv", field: String = "text",
        format: CorpusFormat = .auto, onError: CorpusErrorPolicy = .fail, buffer: Int = 4096
    ) throws -> ReadFile {
        try ReadFile(
            text, name: name, field: field, format: format, onError: onError, buffer: buffer)
    }

    @Test(
        "what RFC 4180 allows is read, across every end of the buffer",
        arguments: [
            ("id,text\r\n1,grain\r\n2,flour\r\n", ["grain", "flour"], [2, 3]),
            ("id,text\n1,grain\n2,flour", ["grain", "flour"], [2, 3]),
            (
                "text\n\"two\nlines\"\n\"three\r\n\r\nlines\"\nx\n",
                ["two\nlines", "three\r\n\r\nlines", "x"], [2, 4, 7]
            ),
            ("text\n\"a \"\"quoted\"\" word\"\n\"\"\"\"\n", ["a \"quoted\" word", "\""], [2, 3]),
            ("text,id\n\"a,b\",1\n", ["a,b"], [2]),
            ("\"id\",\"te\"\"xt\",\"text\"\n1,2,x\n", ["x"], [2]),
            ("\u{FEFF}text\nGrütze\n", ["Grütze"], [2]),
            ("text\na b\n\n\"\"\nc\n", ["a b", "c"], [2, 5]),
            ("id,text\n1,\n2, \n3,x\n", ["x"], [4]),
            ("", [], []), ("text\n", [], []), ("text", [], []),
        ])
    func accepted(text: String, expected: [String], lines: [Int]) throws {
        for buffer in 1...text.utf8.count + 1 {
            let found = try read(text, buffer: buffer)
            #expect(found.texts == expected)
            #expect(found.numbers == lines)
        }
        let tabs = try read(
            text.replacing(",", with: "\t"), name: "a.tsv", format: .quotedTSV)
        #expect(tabs.texts == expected.map { $0.replacing(",", with: "\t") })
    }

    @Test(
        "a field of tab-separated values is what stands between tabs",
        arguments: [
            ("id\ttext\n1\t\"open\n2\tb\n3\tend\"\n", ["\"open", "b", "end\""], [2, 3, 4]),
            ("text\n\"said \"\"so\"\"\"\n", ["\"said \"\"so\"\"\""], [2]),
            ("text\tid\r\na \"b\", c\t1\r\nd\t\r\n", ["a \"b\", c", "d"], [2, 3]),
            ("id\ttext\n1\ta\rb\n\n2\t\"\n", ["a\rb", "\""], [2, 4]),
        ])
    func tabs(text: String, expected: [String], lines: [Int]) throws {
        for buffer in 1...text.utf8.count + 1 {
            let found = try read(text, name: "a.tsv", buffer: buffer)
            #expect(found.texts == expected)
            #expect(found.numbers == lines)
        }
    }

    @Test(
        "quotes are what is said of them, whatever the delimiter",
        arguments: [
            (
                "id,text\n1,5\" pipe\n2,\"open\n3,\"\"\"\n", ["5\" pipe", "\"open", "\"\"\""],
                [2, 3, 4]
            ),
            ("text,id\r\n\"a\",1\r\n\"b,2\r\n", ["\"a\"", "\"b"], [2, 3]),
        ])
    func quotes(text: String, expected: [String], lines: [Int]) throws {
        for (delimiter, name) in [(",", "a.csv"), ("\t", "a.tsv")] {
            let text = text.replacing(",", with: delimiter)
            for buffer in 1...text.utf8.count + 1 {
                let found = try ReadFile(text, name: name, quotes: TableQuotes.none, buffer: buffer)
                #expect(found.texts == expected && found.numbers == lines)
            }
            #expect(throws: CorpusError.self) { try ReadFile(text, name: name, quotes: .double) }
            let quoted = "id\(delimiter)text\n1\(delimiter)\"two\nlines\"\n"
            #expect(try ReadFile(quoted, name: name, quotes: .double).texts == ["two\nlines"])
        }
        let tabs = try ReadFile(
            "text\tid\n\"a\t1\n", name: "a.tsv", format: .quotedTSV, quotes: TableQuotes.none)
        #expect(tabs.texts == ["\"a"])
        #expect {
            try ReadFile("id,text\n1,5\" pipe\n", name: "a.csv")
        } throws: { error in
            "\(error)".contains("corpus.quotes = none")
        }
    }

    @Test("a quoted table with tabs is told how it is read")
    func quotedTabs() throws {
        let text = "id\ttext\n1\t\"two\nlines\"\n"
        #expect {
            try read(text, name: "a.tsv")
        } throws: { error in
            "\(error)".contains("quoted-tsv")
        }
        #expect(try read(text, name: "a.tsv", format: .quotedTSV).texts == ["two\nlines"])
    }

    @Test(
        "what RFC 4180 forbids is refused with its place",
        arguments: [
            ("id,text\n1,a\"b\n", 2, 4, "must stand in quotes"),
            ("id,text\n1,\"a\"b\n", 2, 6, "follows the closing quote"),
            ("id,text\n1,\"a\n\n", 2, 3, "is not closed"),
            ("id,text\n1,a,b\n", 2, 1, "3 fields, and the header 2"),
            ("id,text\n1,a\n2\n", 3, 1, "1 fields, and the header 2"),
            ("id,text\n1,a\rb\n", 2, 4, "must stand in quotes"),
        ])
    func refused(text: String, line: Int, column: Int, reason: String) throws {
        #expect {
            try read(text)
        } throws: { error in
            guard case CorpusError.malformedLine(let origin, column, let text) = error else {
                return false
            }
            return origin.position == .line(line) && text.contains(reason)
        }
    }

    @Test("a stray quote takes no other record along")
    func strayQuote() throws {
        let found = try read("text,id\na\"b,1\nc,2\n\"d\"e,3\nf,4\n", onError: .skip)
        #expect(found.texts == ["c", "f"])
        #expect(found.progress.skippedLines == 2)
    }

    @Test("a column that is not there is an error that names those that are")
    func missingColumn() throws {
        #expect {
            try read("id,body\n1,x\n")
        } throws: { error in
            "\(error)".contains("no column \"text\", only \"id\", \"body\"")
        }
        #expect(try read("id,body\n1,x\n", field: "body").texts == ["x"])
        #expect(try read("id,meta.body\n1,x\n", field: "meta.body").texts == ["x"])
    }

    @Test("fields that are written by the rules are read back, whatever is in them")
    func roundTrip() throws {
        var generator = SeededGenerator(state: 11)
        let alphabet = ["a", "\"", ",", "\n", "\r\n", "ü", " "]
        for _ in 0..<150 {
            let rows = (0..<4).map { _ in
                (0..<3).map { _ in
                    (0..<Int.random(in: 0...5, using: &generator)).map { _ in
                        alphabet.randomElement(using: &generator)!
                    }.joined()
                }
            }
            let text =
                (["x,text,y"]
                + rows.map { row in
                    row.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ",")
                }).joined(separator: "\r\n")
            let expected = rows.map { $0[1] }.filter { text in
                !text.allSatisfy { $0 == " " || $0 == "\n" || $0 == "\r\n" }
            }
            let buffer = Int.random(in: 1...20, using: &generator)
            #expect(try read(text, buffer: buffer).texts == expected)
        }
    }

    @Test("random bytes are read alike across all ends of buffers")
    func fuzz() throws {
        var generator = SeededGenerator(state: 41)
        for _ in 0..<250 {
            let count = Int.random(in: 0...25, using: &generator)
            let body = (0..<count).map { _ in
                ["\"", ",", "\n", "\r", "a", "\"\""].randomElement(using: &generator)!
            }.joined()
            let text = "text,id\n" + body
            let whole = try read(text, onError: .skip)
            for buffer in [1, 2, 3, 7] {
                let found = try read(text, onError: .skip, buffer: buffer)
                #expect(found.texts == whole.texts && found.numbers == whole.numbers, "\(text)")
                #expect(found.progress.skippedLines == whole.progress.skippedLines)
            }
        }
    }
}
