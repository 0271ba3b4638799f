extension String {
    /// The text with a new line, a tab and a carriage return for `\\n`, `\\t` and `\\r`, which a shell does not
    /// give as such. O(count).
    var unescaped: String {
        replacing("\\n", with: "\n").replacing("\\t", with: "\t").replacing("\\r", with: "\r")
    }
}
