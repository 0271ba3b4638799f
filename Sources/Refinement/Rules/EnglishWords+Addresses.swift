extension EnglishWords {
    /// Whether the characters are a URL, or the address of a mail.
    func isAddress(_ low: Int, _ high: Int) -> Bool {
        // Only what has a full stop inside is looked at.
        guard points[low..<high].contains(0x2E) else { return false }
        if isHost(low, high) { return true }
        // A scheme: two characters or more, ://, and the host behind it.
        var colon = low
        while colon < high, isSchemeCharacter(colon) { colon += 1 }
        if colon - low > 1, colon + 3 < high, points[colon] == 0x3A, points[colon + 1] == 0x2F,
            points[colon + 2] == 0x2F
        {
            if isHost(colon + 3, high) { return true }
        }
        // A user before an at sign. Few signs are tried, since a text could have any number.
        var tried = 0
        for index in low + 1..<high where points[index] == 0x40 && index + 1 < high {
            if isHost(index + 1, high) { return true }
            tried += 1
            if tried == 64 { break }
        }
        return false
    }

    private func isSchemeCharacter(_ index: Int) -> Bool {
        let point = points[index]
        return classes[index].contains(.letter) || isDigit(point)
            || [0x5F, 0x2B, 0x2D, 0x2E].contains(point)
    }

    /// Whether the characters are the name of a host with what may follow it: a port and a path.
    private func isHost(_ low: Int, _ high: Int) -> Bool {
        func isNameCharacter(_ index: Int) -> Bool {
            let point = points[index]
            return (point | 0x20) &- 0x61 < 26 || isDigit(point) || 0xA1...0xFFFF ~= point
        }
        var index = low
        var labelCount = 0
        while index < high {
            if labelCount > 0 {
                var end = index
                while end < high, classes[end].contains(.lower) { end += 1 }
                if 2...63 ~= end - index, isPort(end, high) { return true }
            }
            let start = index
            while index < high,
                isNameCharacter(index) || points[index] == 0x5F || points[index] == 0x2D
            {
                index += 1
            }
            guard 1...64 ~= index - start, isNameCharacter(start), isNameCharacter(index - 1),
                index < high, points[index] == 0x2E
            else { return false }
            index += 1
            labelCount += 1
        }
        return false
    }

    /// Whether a port, a path, both or nothing stands from `low` on.
    private func isPort(_ low: Int, _ high: Int) -> Bool {
        var index = low
        if index < high, points[index] == 0x3A {
            index += 1
            let start = index
            while index < high, isDigit(points[index]) { index += 1 }
            guard 2...5 ~= index - start else { return false }
        }
        return index == high || [0x2F, 0x3F, 0x23].contains(points[index])
    }
}
