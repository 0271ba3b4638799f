extension [String] {
    /// The arguments with "--top-k -1" as "--top-k=-1": a word that begins with a minus is no value to the
    /// parser, which would say that the value is missing and not what it may be.
    var joiningNegativeNumbers: [String] {
        var result: [String] = []
        for (index, word) in enumerated() {
            if word == "--" { return result + self[index...] }
            if word.hasPrefix("-"), Double(word) != nil, let option = result.last,
                option.hasPrefix("--"), !option.contains("=")
            {
                result[result.count - 1] = option + "=" + word
            } else {
                result.append(word)
            }
        }
        return result
    }
}
