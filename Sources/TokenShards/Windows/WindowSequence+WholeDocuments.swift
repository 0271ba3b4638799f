extension WindowSequence {
    /// Windows of whole documents, in order: each holds as many of those that follow each other as fit,
    /// so that none is cut but one that is longer than a window, which has windows of its own.
    ///
    /// What the last token of a window would predict is not in it. 32 bytes a window. O(documents).
    public func wholeDocumentWindows() -> [Window] {
        var windows: [Window] = []
        for (number, shard) in shards.enumerated() {
            var start = 0
            var end = 0
            func close(at stop: Int) {
                // A window reads one token less than it holds.
                if stop - start > 1 {
                    windows.append(
                        Window(
                            shard: number, start: start, length: stop - start - 1, alreadyScored: 0)
                    )
                }
                start = stop
            }
            for document in 0..<shard.documentCount {
                let next = shard.tokenRange(ofDocument: document).upperBound
                if next - start > length + 1 { close(at: end) }
                while next - start > length + 1 { close(at: start + length + 1) }
                end = next
            }
            close(at: end)
        }
        return windows
    }
}
