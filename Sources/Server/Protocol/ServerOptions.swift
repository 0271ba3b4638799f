/// Settings of a server of models over HTTP.
public struct ServerOptions: Sendable {
    /// Address to listen at; the default is reached from this machine alone.
    public var host = "127.0.0.1"
    /// Port to listen at; 0 takes one that is free.
    public var port = 8080
    /// Keys of which a request must have one; none for a server that asks for none.
    public var keys: [String] = []
    /// Origins of web pages of other servers that may use this one, such as
    /// `http://localhost:3000`; `*` is any.
    public var origins: [String] = []
    /// Seconds in which running answers may finish when the server stops.
    public var graceSeconds = 10.0
    /// Seconds after those in which clients may read the end of what they were sent.
    public var closeSeconds = 3.0
    /// Directory of the runs that the playground shows.
    public var runsDirectory = "runs"
    /// Directory of the vocabularies that the playground compares with those of the models.
    public var vocabulariesDirectory = "vocab"
    /// Bounds of what clients may send and take.
    public var limits = Limits()

    /// The defaults.
    public init() {}

    /// Bounds of what clients may send and take.
    public struct Limits: Sendable, Equatable {
        /// The most bytes of a request's body.
        public var bodyByteCount = 1 << 20
        /// The most bytes of a request's headers.
        public var headerByteCount = 16 << 10
        /// The most headers of a request.
        public var headerCount = 100
        /// Seconds in which the headers of a request must come, from their first byte on.
        public var headerSeconds = 10.0
        /// Seconds in which a request's body must come.
        public var bodySeconds = 30.0
        /// Seconds after which a connection on which nothing is asked is closed.
        public var idleSeconds = 60.0
        /// Seconds after which a connection is closed whose client reads nothing of its answer.
        public var writeSeconds = 30.0
        /// The most events of a stream that wait for a client that reads slowly.
        public var unreadEventCount = 1 << 18
        /// The most connections; others wait until one ends.
        public var connectionCount = 128
        /// Seconds without an event of a stream after which a line says that it lives.
        public var pingSeconds = 10.0

        /// The defaults.
        public init() {}
    }
}

extension ServerOptions {
    /// Whether only programs of this machine reach the server.
    public var isLocal: Bool {
        ["127.0.0.1", "localhost", "::1", "[::1]"].contains(host.lowercased())
            || host.hasPrefix("127.")
    }

    /// Whether the request that calls the server by `name`, the header `Host`, is one to this
    /// server. A page elsewhere whose name was made to lead to this machine names itself.
    func accepts(host name: String) -> Bool {
        guard isLocal else { return true }
        let host = Self.withoutPort(name).lowercased()
        return ["localhost", "127.0.0.1", "[::1]", self.host.lowercased()].contains(host)
    }

    /// Whether pages of `origin` may use the server, which `name` calls itself.
    func accepts(origin: String, host name: String) -> Bool {
        origins.contains("*") || origins.contains(origin) || origin == "http://" + name
            || origin == "https://" + name
    }

    /// Whether one of the keys is `candidate`. The time it takes depends on the length of the
    /// candidate alone: of no key, and of no character.
    func accepts(key candidate: String) -> Bool {
        let candidate = Array(candidate.utf8)
        var isKnown = false
        for key in keys {
            let key = Array(key.utf8)
            var difference = key.count ^ candidate.count
            for index in candidate.indices {
                difference |= Int(candidate[index] ^ key[index % key.count])
            }
            isKnown = (difference == 0) || isKnown
        }
        return isKnown
    }

    private static func withoutPort(_ name: String) -> String {
        guard let colon = name.lastIndex(of: ":"),
            name[name.index(after: colon)...].allSatisfy(\.isWholeNumber),
            !name[..<colon].contains(":") || name[..<colon].hasSuffix("]")
        else { return name }
        return String(name[..<colon])
    }

    /// The keys in the text of a file: one a line, of which blank ones and those that begin with #
    /// mean nothing.
    public static func keys(inText text: String) -> [String] {
        text.split(whereSeparator: \.isNewline).map { line in
            String(
                line.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
        }.filter { !$0.isEmpty && !$0.hasPrefix("#") }
    }
}
