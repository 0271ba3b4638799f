import Bytes

/// Finds the pieces of up to 64 bytes at once, by arithmetic on one bit a byte.
///
/// ``PieceSplitter`` has most texts cut by `qk_find_starts`, a few hundred bytes at a time, and comes here
/// where that is in doubt. A window begins where a piece begins, so nothing before it matters. In it, the starts of runs are
/// bits that follow no bit of their kind, and a carry that runs through a run finds its end; words,
/// punctuation and whitespace of a whole line are cut by some fifty instructions without a branch.
/// What is rare or needs more sight is not decided: the window then ends before it, and if no piece
/// is certain, the pattern's ``PieceScanner`` finds the next one. So the scanner is exact, and quick
/// where texts are ordinary.
///
/// The method is that of simdjson (Langdale and Lemire, https://arxiv.org/abs/1902.08318), for
/// patterns in place of JSON.
struct BlockScanner {
    /// What is known of the text from one piece's start on.
    struct Window {
        /// Where pieces start after the first, as far as is certain.
        var starts: UInt64
        /// Whether the text ends in the window and the last piece is known to end there.
        var isComplete: Bool
    }

    /// The pieces that begin `offset` bytes into what `masks` has classified.
    ///
    /// - Parameters:
    ///   - count: how many bytes of it follow from there on.
    ///   - isEnd: whether the text ends after them.
    @inline(__always)
    static func window(
        _ masks: borrowing BlockMasks, at offset: Int, count available: Int, isEnd: Bool,
        text: ByteView, position: Int, rules: BlockRules
    ) -> Window {
        var count = min(64, available)
        var letters = masks.window(.letter, at: offset)
        var uppercase: UInt64 = 0
        if rules.cutsAtUppercase { uppercase = masks.window(.uppercase, at: offset) }
        var continuations: UInt64 = 0
        if !masks.isASCII {
            continuations = masks.window(.continuation, at: offset)
            var hard = masks.window(.hard, at: offset)
            if rules.cutsAtUppercase {
                // Whether the word goes on depends on what is before and after both.
                hard |= uppercase & masks.window(.uncased, at: offset) &<< 1
                // After punctuation a mark is more of it or begins a word.
                let others =
                    letters | masks.window(.number, at: offset)
                    | masks.window(.whitespace, at: offset)
                hard |= masks.window(.mark, at: offset) & ~(others &<< 1) & ~1
            }
            if hard != 0 { count = min(count, hard.trailingZeroBitCount) }
        }
        let isComplete = isEnd && count == available
        let valid = count == 64 ? UInt64.max : UInt64(1) &<< UInt64(count) &- 1
        letters &= valid
        let numbers = masks.window(.number, at: offset) & valid
        var whitespace = masks.window(.whitespace, at: offset) & valid
        let spaces = masks.window(.space, at: offset) & valid
        var punctuation = valid & ~(letters | numbers | whitespace)
        var newlines: UInt64 = 0
        if rules.cutsAfterNewlines { newlines = masks.window(.newline, at: offset) & valid }

        // Line breaks right after punctuation belong to it.
        if rules.tail != .nothing {
            let first = newlines & punctuation &<< 1
            var taken = newlines
            if rules.tail == .newlinesAndSlashes {
                taken |= masks.window(.slash, at: offset) & valid
            }
            taken = taken & ~(taken &+ first) | first
            newlines &= ~taken
            whitespace &= ~taken
            if rules.tail == .newlinesAndSlashes { punctuation &= ~taken }
        }

        var starts: UInt64 = 0
        let afterSpace = spaces &<< 1
        let letterStarts = letters & ~(letters &<< 1)
        let punctuationStarts = punctuation & ~(punctuation &<< 1) & ~afterSpace
        var joined: UInt64 = 0
        switch rules.prefix {
        case .space:
            starts |= letterStarts & ~afterSpace
        case .anyCharacter:
            // The place after the first character of each run of punctuation: a carry leaps over
            // the rest of the character.
            let second =
                (punctuationStarts &<< 1 &+ continuations) & ~continuations
            joined = letterStarts & second
            starts |= letterStarts & ~joined & ~((whitespace & ~newlines) &<< 1)
        }
        starts |= punctuationStarts

        switch rules.numberGroup {
        case 0:
            starts |= numbers & ~(numbers &<< 1) & ~afterSpace
        case 1:
            starts |= numbers
        default:
            var group = numbers & ~(numbers &<< 1)
            starts |= group
            var whole = numbers & numbers &<< 1
            if rules.numberGroup == 3 { whole &= numbers &<< 2 }
            while true {
                group = group &<< UInt64(rules.numberGroup) & whole
                guard group != 0 else { break }
                starts |= group
            }
        }

        // The last whitespace before something else is left for it to take.
        let blanks = whitespace & ~newlines
        var lastBlanks = blanks & ~(whitespace &>> 1)
        if rules.numbersDivide { lastBlanks &= ~(numbers &>> 1) }
        starts |= whitespace & ~(whitespace &<< 1) | lastBlanks
        if rules.cutsAfterNewlines {
            // What follows the last line break of a run.
            var candidates = blanks & ~(blanks &<< 1) & newlines &<< 1
            while candidates != 0 {
                let bit = candidates & (0 &- candidates)
                let end = (blanks &+ bit) & ~blanks
                // Only the carry out of this run is where no blank is.
                if end & newlines == 0 { starts |= bit }
                candidates &= candidates &- 1
            }
        }

        if rules.cutsAtUppercase {
            starts |= uppercase & letters & (letters & ~uppercase) &<< 1
        }

        switch rules.contraction {
        case .punctuationAndLetters:
            break
        case .lowercasePiece, .piece, .suffix:
            var candidates =
                masks.window(.apostrophe, at: offset) & punctuationStarts & letters &>> 1
            if rules.contraction == .suffix { candidates &= letters &<< 1 }
            var lastEnd = 0
            while candidates != 0 {
                let bit = candidates.trailingZeroBitCount
                candidates &= candidates &- 1
                // A word has one suffix; what follows it is the next piece.
                if bit == lastEnd, rules.contraction == .suffix { continue }
                let length = contractionLength(
                    in: text, at: position + bit, limit: count - bit,
                    anyCase: rules.contraction != .lowercasePiece)
                guard length > 0 else { continue }
                lastEnd = bit + length
                let one = UInt64(1) &<< UInt64(bit)
                let after = length + bit < 64 ? one &<< UInt64(length) : 0
                // None of its letters starts a piece, but what follows does.
                starts &= ~((after == 0 ? 0 &- one : after &- one) & ~one)
                if rules.contraction == .suffix { starts &= ~one }
                starts |= after & letters
            }
        }

        // What is certain: all but the last bytes, and no whitespace whose end is not in sight.
        if !isComplete {
            starts &= count > 3 ? UInt64.max &>> UInt64(64 - (count - 3)) : 0
        }
        let isOpen = whitespace & valid & ~(valid &>> 1) != 0
        if isOpen {
            let others = ~whitespace & valid
            let run = others == 0 ? 0 : 64 - others.leadingZeroBitCount
            starts &= UInt64.max &>> UInt64(63 - run)
        }
        return Window(starts: starts & ~1, isComplete: isComplete && !isOpen)
    }

    /// How many of the next `limit` bytes are a contraction, the apostrophe at `index` included.
    @inline(__always)
    private static func contractionLength(
        in text: ByteView, at index: Int, limit: Int, anyCase: Bool
    ) -> Int {
        guard limit >= 2 else { return 0 }
        // Setting the bit also folds control characters, never onto these letters.
        let fold: UInt8 = anyCase ? 0x20 : 0
        let second = text[index + 1]
        switch second | fold {
        case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"):
            return 2
        case UInt8(ascii: "r"), UInt8(ascii: "v"):
            return limit >= 3 && text[index + 2] | fold == UInt8(ascii: "e") ? 3 : 0
        case UInt8(ascii: "l"):
            return limit >= 3 && text[index + 2] | fold == UInt8(ascii: "l") ? 3 : 0
        default:
            // The long s, U+017F.
            return anyCase && limit >= 3 && second == 0xC5 && text[index + 2] == 0xBF ? 3 : 0
        }
    }
}
