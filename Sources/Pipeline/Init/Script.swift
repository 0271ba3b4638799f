/// Writing systems, told by the blocks of the Unicode Standard in which their letters lie.
enum Script {
    /// Blocks of letters: first and last scalar, and the script. Latin and the rest of Unicode 16
    /// that is in wide use; what Katakana and Hiragana share counts as Kana.
    private static let blocks: [(ClosedRange<UInt32>, String)] = [
        (0xC0...0x24F, "Latin"), (0x250...0x2AF, "Latin"), (0x370...0x3FF, "Greek"),
        (0x400...0x52F, "Cyrillic"), (0x531...0x58F, "Armenian"), (0x5D0...0x5F4, "Hebrew"),
        (0x620...0x6FF, "Arabic"), (0x750...0x77F, "Arabic"), (0x8A0...0x8FF, "Arabic"),
        (0x900...0x97F, "Devanagari"), (0x980...0x9FF, "Bengali"), (0xA00...0xA7F, "Gurmukhi"),
        (0xA80...0xAFF, "Gujarati"), (0xB00...0xB7F, "Oriya"), (0xB80...0xBFF, "Tamil"),
        (0xC00...0xC7F, "Telugu"), (0xC80...0xCFF, "Kannada"), (0xD00...0xD7F, "Malayalam"),
        (0xD80...0xDFF, "Sinhala"), (0xE00...0xE7F, "Thai"), (0xE80...0xEFF, "Lao"),
        (0xF00...0xFFF, "Tibetan"), (0x1000...0x109F, "Myanmar"), (0x10A0...0x10FF, "Georgian"),
        (0x1100...0x11FF, "Hangul"), (0x1200...0x139F, "Ethiopic"), (0x13A0...0x13FF, "Cherokee"),
        (0x1780...0x17FF, "Khmer"), (0x1800...0x18AF, "Mongolian"), (0x1E00...0x1EFF, "Latin"),
        (0x1F00...0x1FFF, "Greek"), (0x3041...0x30FF, "Kana"), (0x3105...0x312F, "Bopomofo"),
        (0x3400...0x4DBF, "Han"), (0x4E00...0x9FFF, "Han"), (0xAC00...0xD7A3, "Hangul"),
        (0xF900...0xFAFF, "Han"), (0xFB50...0xFDFF, "Arabic"), (0xFE70...0xFEFC, "Arabic"),
        (0x20000...0x323AF, "Han"),
    ]

    /// The script of a scalar above ASCII; nil for what is no letter or lies in none of the blocks.
    /// O(log blocks).
    static func name(of scalar: UInt32) -> String? {
        var (low, high) = (0, blocks.count)
        while low < high {
            let middle = (low + high) / 2
            if blocks[middle].0.upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        guard low < blocks.count, blocks[low].0.contains(scalar), scalar != 0xD7, scalar != 0xF7
        else { return nil }
        return blocks[low].1
    }
}
