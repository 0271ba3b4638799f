import Testing

@testable import Server

@Suite struct ServerOptionsTests {
    @Test(arguments: [
        ("localhost", true), ("localhost:8080", true), ("LOCALHOST:1", true), ("127.0.0.1", true),
        ("127.0.0.1:99", true), ("[::1]", true), ("[::1]:8080", true), ("evil.example", false),
        ("evil.example:8080", false), ("localhost.evil.example", false), ("localhost:x", false),
        ("127.0.0.1.evil.example", false), ("", false), ("[::1]evil", false),
        ("192.168.0.7", false),
    ])
    func `a server of this machine answers to its own names alone`(name: String, isTaken: Bool) {
        var options = ServerOptions()
        #expect(options.accepts(host: name) == isTaken)
        // A server for others is called by names that it does not know.
        options.host = "0.0.0.0"
        #expect(options.accepts(host: name))
    }

    @Test func `pages of other origins are let in by name`() {
        var options = ServerOptions()
        #expect(options.accepts(origin: "http://localhost:8080", host: "localhost:8080"))
        #expect(!options.accepts(origin: "http://localhost:3000", host: "localhost:8080"))
        #expect(!options.accepts(origin: "null", host: "localhost:8080"))
        options.origins = ["http://localhost:3000"]
        #expect(options.accepts(origin: "http://localhost:3000", host: "localhost:8080"))
        #expect(!options.accepts(origin: "http://evil.example", host: "localhost:8080"))
        options.origins = ["*"]
        #expect(options.accepts(origin: "http://evil.example", host: "localhost:8080"))
    }

    @Test func `keys are lines that are neither blank nor remarks`() {
        let text = "# of the mill\n\n  first \r\nsecond\n\t\n#third\n"
        #expect(ServerOptions.keys(inText: text) == ["first", "second"])
        #expect(ServerOptions.keys(inText: "\n # none\n").isEmpty)
    }

    @Test(arguments: [
        ("first", true), ("second", true), ("", false), ("firs", false), ("firstf", false),
        ("firstfirst", false), ("First", false), ("secon\u{0}", false),
    ])
    func `a key is one of them, whole`(key: String, isTaken: Bool) {
        var options = ServerOptions()
        options.keys = ["first", "second"]
        #expect(options.accepts(key: key) == isTaken)
    }

    @Test func `a log has one line for an answer, whatever its path holds`() {
        let entry = ServerLogEntry(
            method: "GET", path: "/a\r\nx\u{1B}[2J\u{202E}é\\" + String(repeating: "a", count: 999),
            status: 404, seconds: 1, isWhole: true)
        #expect(entry.path.allSatisfy { $0 == "…" || (" "..."~").contains($0) })
        #expect(entry.path.count <= 110)
        #expect(entry.path.hasPrefix(#"/a\u{d}\u{a}x\u{1b}[2J\u{202e}\u{e9}\u{5c}aaa"#))
    }
}
