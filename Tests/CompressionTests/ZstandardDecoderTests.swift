import Compression
import Testing

@Suite struct ZstandardDecoderTests {
    @Test("a frame that the zstd tool made is read")
    func toolFrame() throws {
        // printf 'Hold my math!' | zstd -c | xxd -p
        let frame: [UInt8] = [
            0x28, 0xB5, 0x2F, 0xFD, 0x04, 0x58, 0x69, 0x00, 0x00, 0x48, 0x6F, 0x6C, 0x64, 0x20,
            0x6D, 0x79, 0x20, 0x6D, 0x61, 0x74, 0x68, 0x21, 0x2D, 0x70, 0x8D, 0x4E,
        ]
        #expect(try decompress(frame) == Array("Hold my math!".utf8))
    }

    @Test("frames one after another are read as one", arguments: [1, 2, 3, 5, 7, 64, 10_000])
    func concatenation(chunk: Int) throws {
        var bytes = Bytes(seed: 1)
        let parts = [bytes.compressible(500), [], bytes.random(40), bytes.compressible(3)]
        let data = try parts.flatMap { try compress($0) }
        for room in [1, 3, 50, 1000] {
            #expect(try decompress(data, chunk: chunk, room: room) == parts.flatMap { $0 })
        }
    }

    @Test("skippable frames are passed over, wherever they stand")
    func skippable() throws {
        let text = Array("grain".utf8)
        let frame = try compress(text)
        for variant in UInt8(0)..<16 {
            for content in [[], [1], Array(repeating: 7, count: 300)] as [[UInt8]] {
                let skipped = skippableFrame(content, variant: variant)
                for chunk in [1, 4, 9, 1000] {
                    let data = skipped + frame + skipped + skipped + frame + skipped
                    #expect(try decompress(data, chunk: chunk) == text + text)
                    #expect(try decompress(skipped, chunk: chunk) == [])
                }
            }
        }
    }

    @Test("data cut at any byte inside a frame is truncated")
    func truncation() throws {
        var bytes = Bytes(seed: 2)
        let first = try compress(bytes.compressible(200))
        let second = skippableFrame([1, 2, 3])
        let third = try compress(bytes.random(20), checksum: false)
        let data = first + second + third
        let ends = [first.count, first.count + second.count, data.count]
        for end in 0...data.count {
            for chunk in [1, 3, 1000] {
                let result = Result { try decompress(Array(data[..<end]), chunk: chunk) }
                if ends.contains(end) {
                    #expect(throws: Never.self) { try result.get() }
                } else {
                    let frameOffset = ends.last { $0 <= end } ?? 0
                    let expected = zstandard(
                        end == 0 ? .empty : .truncated(offset: frameOffset))
                    #expect(throws: expected) { try result.get() }
                }
            }
        }
    }

    @Test("no byte of a checksummed frame can change unseen")
    func flips() throws {
        var bytes = Bytes(seed: 3)
        let text = bytes.compressible(90)
        let frame = try compress(text, level: 19)
        for index in frame.indices {
            for change in UInt8(1)...255 {
                var changed = frame
                changed[index] ^= change
                // A header may say the same in another way; then the text must be the same too.
                if let decoded = try? decompress(changed, room: 64) { #expect(decoded == text) }
            }
        }
    }

    @Test("a changed checksum is told from other damage")
    func checksum() throws {
        let frame = try compress(Array("grain".utf8))
        var changed = frame + frame
        changed[changed.count - 1] ^= 1
        for chunk in [1, 10, 1000] {
            #expect(throws: zstandard(.checksumMismatch(offset: frame.count))) {
                try decompress(changed, chunk: chunk)
            }
        }
    }

    @Test("data that is not zstd is refused at its first wrong byte", arguments: [1, 2, 100])
    func notZstandard(chunk: Int) throws {
        for text in ["text", "(", "\u{28}not", "P*", "P*M?"] {
            let error = zstandard(
                text == "(" || text == "P*" ? .truncated(offset: 0) : .foreign)
            #expect(throws: error) { try decompress(Array(text.utf8), chunk: chunk) }
        }
        // Version 0.7 of the format, which libzstd can be built to read.
        #expect(throws: zstandard(.foreign)) {
            try decompress([0x27, 0xB5, 0x2F, 0xFD, 0, 0, 0, 0, 0, 0], chunk: chunk)
        }
    }

    @Test("what follows the last frame is refused with its place", arguments: [1, 2, 100])
    func trailing(chunk: Int) throws {
        let frame = try compress(Array("grain".utf8))
        for rest in [[0], [0x28, 0xB5, 0], [0x28, 0xB5, 0x2F, 0xFE, 1, 2]] as [[UInt8]] {
            #expect(throws: zstandard(.trailingBytes(offset: frame.count))) {
                try decompress(frame + rest, chunk: chunk)
            }
        }
    }

    @Test("a frame made with a dictionary is refused, and the dictionary named")
    func dictionary() throws {
        // Frame header descriptor 0x21: single segment, one byte of dictionary number.
        let frame: [UInt8] = [0x28, 0xB5, 0x2F, 0xFD, 0x21, 5, 0, 1, 0, 0]
        #expect(throws: zstandard(.dictionaryNeeded(offset: 0, dictionaryID: 5))) {
            try decompress(frame)
        }
    }

    /// A frame whose header states `stated` bytes in `length` of its own, and that holds `content`.
    private func frame(stating stated: UInt64, length: Int, content: [UInt8]) -> [UInt8] {
        let flag: UInt8 = [1: 0x20, 2: 0x60, 4: 0xA0, 8: 0xE0][length]!
        let field = (0..<length).map {
            UInt8(truncatingIfNeeded: (length == 2 ? stated - 256 : stated) >> UInt64(8 * $0))
        }
        let block = UInt32(content.count) << 3 | 1
        return [0x28, 0xB5, 0x2F, 0xFD, flag] + field
            + (0..<3).map { UInt8(truncatingIfNeeded: block >> (8 * $0)) } + content
    }

    @Test(
        "a size in the header that is not that of the data is told from damage",
        arguments: [1, 500])
    func forgedSize(chunk: Int) throws {
        let content = [UInt8](repeating: 7, count: 300)
        for length in [2, 4, 8] {
            #expect(
                try decompress(frame(stating: 300, length: length, content: content), chunk: chunk)
                    == content)
            for stated in [299, 301, 100_000] where length > 2 || stated < 60_000 {
                let whole = try compress([1])
                #expect(
                    throws: zstandard(
                        .contentSizeMismatch(
                            offset: whole.count, statedByteCount: stated, isLonger: stated < 300))
                ) {
                    let forged = frame(stating: UInt64(stated), length: length, content: content)
                    _ = try decompress(whole + forged, chunk: chunk, room: 64)
                }
            }
        }
        #expect(throws: CompressionError.self) {
            try decompress(frame(stating: 2, length: 1, content: [1]), chunk: chunk)
        }
        // A size that no memory holds asks for a window that is not allowed.
        for stated in [UInt64(1) << 40, .max] {
            let forged = frame(stating: stated, length: 8, content: content)
            #expect(
                throws: zstandard(
                    .windowTooLarge(
                        offset: 0, windowByteCount: Int(clamping: stated), maximumWindowLog: 27))
            ) {
                try decompress(forged, chunk: chunk)
            }
        }
    }

    @Test("a reserved bit is refused")
    func reserved() throws {
        var frame = frame(stating: 5, length: 1, content: Array("grain".utf8))
        frame[4] |= 8
        #expect {
            try decompress(frame)
        } throws: { error in
            if case .corrupt(0, _) = (error as? CompressionError)?.fault { true } else { false }
        }
    }

    @Test("a window above the limit is refused before it is allocated")
    func window() throws {
        // Window descriptor: exponent in the upper five bits, 2^(10 + exponent) bytes; one empty
        // last block follows.
        func frame(windowLog: UInt8) -> [UInt8] {
            [0x28, 0xB5, 0x2F, 0xFD, 0x00, (windowLog - 10) << 3, 1, 0, 0]
        }
        #expect(try decompress(frame(windowLog: 20), maximumWindowLog: 20) == [])
        #expect(
            throws: zstandard(
                .windowTooLarge(
                    offset: 0, windowByteCount: 1 << 21, maximumWindowLog: 20))
        ) {
            try decompress(frame(windowLog: 21), maximumWindowLog: 20)
        }
        #expect(try decompress(frame(windowLog: 27)) == [])
        #expect(
            throws: zstandard(
                .windowTooLarge(
                    offset: 0, windowByteCount: 1 << 28, maximumWindowLog: 27))
        ) {
            try decompress(frame(windowLog: 28))
        }
        #expect {
            _ = try ZstandardDecoder(maximumWindowLog: 99)
        } throws: { error in
            if case .windowLogOutOfRange = (error as? CompressionError)?.fault {
                true
            } else {
                false
            }
        }
    }

    @Test("a hundred million zeros come out in pieces of the room that was given")
    func bomb() throws {
        let total = 100_000_000
        var encoder = try ZstandardEncoder()
        let zeros = [UInt8](repeating: 0, count: 1 << 20)
        var frame: [UInt8] = []
        var left = total
        while left > 0 {
            let count = min(left, zeros.count)
            try encoder.append(zeros.span.extracting(first: count), to: &frame)
            left -= count
        }
        try encoder.finish(into: &frame)
        #expect(frame.count < 20_000)

        var decoder = try ZstandardDecoder()
        var room = [UInt8](repeating: 1, count: 1 << 16)
        var used = 0
        var decoded = 0
        while used < frame.count || decoder.hasMoreOutput {
            var target = room.mutableSpan
            let step = try decoder.decode(frame.span.extracting(used...), into: &target)
            #expect(step.producedCount <= 1 << 16)
            used += step.consumedCount
            decoded += step.producedCount
        }
        try decoder.finish()
        #expect(decoded == total)
    }

    @Test("output goes behind what is in the room already, and nowhere else")
    func start() throws {
        let frame = try compress(Array("grain".utf8))
        var decoder = try ZstandardDecoder()
        var room = [UInt8](repeating: 9, count: 8)
        var target = room.mutableSpan
        let step = try decoder.decode(frame.span, into: &target, from: 2)
        #expect(step.producedCount == 5)
        #expect(room == [9, 9] + Array("grain".utf8) + [9])
    }

    @Test("an error stays")
    func spent() throws {
        var decoder = try ZstandardDecoder()
        var room = [UInt8](repeating: 0, count: 8)
        let bad = Array("bad".utf8)
        for _ in 0..<2 {
            #expect(throws: zstandard(.foreign)) {
                var target = room.mutableSpan
                _ = try decoder.decode(bad.span, into: &target)
            }
        }
        #expect(throws: zstandard(.foreign)) { try decoder.finish() }
    }

    @Test("random bytes behind a frame's magic never crash and seldom pass")
    func fuzz() throws {
        var bytes = Bytes(seed: 4)
        for _ in 0..<2_000 {
            let data = [0x28, 0xB5, 0x2F, 0xFD] + bytes.random(Int(bytes.next() % 60))
            _ = try? decompress(data, maximumWindowLog: 17)
        }
    }
}
