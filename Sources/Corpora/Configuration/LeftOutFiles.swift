/// Files of folders and patterns among the inputs that are not read, by the reason.
public struct LeftOutFiles: Sendable, Equatable {
    /// Files whose names tell no format, or not the one asked for, links to folders, and what is no
    /// file, sorted.
    public internal(set) var names: [String] = []
    /// Files that are not text, where every file is read as text, sorted.
    public internal(set) var binaries: [String] = []
    /// Files and folders whose names begin with a dot, sorted. What hidden folders hold is not
    /// looked at.
    public internal(set) var hidden: [String] = []

    /// Links to nothing, sorted.
    public internal(set) var broken: [String] = []

    /// Descriptions of pipelines, and folders of their results, which are no texts, sorted.
    public internal(set) var own: [String] = []

    /// Whether all was read.
    public var isEmpty: Bool {
        names.isEmpty && binaries.isEmpty && hidden.isEmpty && broken.isEmpty && own.isEmpty
    }

    /// How many there are, by ending and reason: "12 .png, 3 .py, 2 binary, 1 hidden,
    /// 1 link to nothing, 2 of Quern's own". O(files).
    public var counts: String {
        var texts = [Self.countsByEnding(names)].filter { !$0.isEmpty }
        if !binaries.isEmpty { texts.append("\(binaries.count) binary") }
        if !hidden.isEmpty { texts.append("\(hidden.count) hidden") }
        if let brokenCount { texts.append(brokenCount) }
        if !own.isEmpty { texts.append("\(own.count) of Quern's own") }
        return texts.joined(separator: ", ")
    }

    /// "2 links to nothing"; nil if there are none.
    package var brokenCount: String? {
        broken.isEmpty ? nil : "\(broken.count) \(broken.count == 1 ? "link" : "links") to nothing"
    }

    /// How many names have which ending, the most frequent first.
    private static func countsByEnding(_ names: [String]) -> String {
        let endings = names.map { path in
            let name = path.split(separator: "/").last ?? ""
            return name.lastIndex(of: ".").map { name[$0...].lowercased() } ?? "without an ending"
        }
        let counts = Dictionary(endings.map { ($0, 1) }, uniquingKeysWith: +)
            .sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return counts.prefix(5).map { "\($0.value) \($0.key)" }.joined(separator: ", ")
            + (counts.count > 5 ? " and others" : "")
    }

    /// Sorts the names and leaves each once. O(files · log files).
    mutating func tidy() {
        names = Set(names).sorted()
        binaries = Set(binaries).sorted()
        hidden = Set(hidden).sorted()
        broken = Set(broken).sorted()
        own = Set(own).sorted()
    }
}
