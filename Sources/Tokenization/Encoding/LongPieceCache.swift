import Bytes

/// Cache of the ids of pieces that are too long for ``PieceCache``, or have too many ids for it.
///
/// Records stand one after another in one array of words. A hash table points to those of long
/// pieces, and the entry in ``PieceCache`` to that of a short one. When it is full it is emptied,
/// so that it never takes more than 40 MiB.
struct LongPieceCache: ~Copyable {
    /// The longest piece that is kept, in bytes.
    static let maximumLength = 128

    /// The number of a record's first word, and above it the upper half of the hash, which says
    /// where the slot is looked for first; 0 is an empty slot.
    private var slots: OwnedBuffer<UInt64>

    /// Records: the length in bytes and the number of ids, the bytes, the ids.
    private var words: OwnedBuffer<UInt64>

    /// Number of times the cache was emptied: a record is there as long as this does not change.
    private(set) var generation: UInt32 = 0

    private var usedWords = 1
    private var usedSlots = 0

    private static let maximumWords = 1 << 22

    init() {
        slots = OwnedBuffer(zeros: 1 << 8)
        words = OwnedBuffer(uninitializedCapacity: 1 << 11)
    }

    /// Asks for the memory that ``find(_:from:length:hash:)`` will read first.
    @inline(__always)
    func prefetch(hash: UInt64) {
        slots.view.prefetch(firstSlot(hash))
    }

    /// Asks for the record that ``find(_:from:length:hash:)`` will read, when what it reads first
    /// is there.
    @inline(__always)
    func prefetchRecord(hash: UInt64) {
        let slot = slots.view[firstSlot(hash)]
        let record = Int(truncatingIfNeeded: slot & 0xFFFF_FFFF)
        let words = words.view
        words.prefetch(record)
        // Most records are not longer than a cache line, but few of them begin with one.
        words.prefetch(min(record &+ 8, words.count &- 1))
    }

    /// Place and number of the ids of the piece with the hash; a number of 0 if it is not here.
    /// O(length).
    func find(
        _ text: ByteView, from start: Int, length: Int, hash: UInt64
    ) -> (place: Int, count: Int) {
        let slots = slots.view
        let words = words.view
        var index = firstSlot(hash)
        while slots[index] != 0 {
            let slot = slots[index]
            if slot >> 32 == hash >> 32 {
                let record = Int(slot & 0xFFFF_FFFF)
                let head = words[record]
                if head >> 32 == UInt64(length) {
                    var offset = 0
                    var word = record + 1
                    while offset < length,
                        words[word] == text.word(at: start + offset, count: length - offset)
                    {
                        offset += 8
                        word += 1
                    }
                    if offset >= length { return (word, Int(head & 0xFFFF_FFFF)) }
                }
            }
            index = (index + 1) & (slots.count - 1)
        }
        return (0, 0)
    }

    /// Place and number of the ids of a record of some generation; a number of 0 if it is gone.
    @inline(__always)
    func find(record: Int, of generation: UInt32) -> (place: Int, count: Int) {
        guard generation == self.generation else { return (0, 0) }
        let head = words.view[record]
        let length = Int(truncatingIfNeeded: head &>> 32)
        return (record &+ 1 &+ (length &+ 7) / 8, Int(truncatingIfNeeded: head & 0xFFFF_FFFF))
    }

    /// Copies the ids that were found, and up to three numbers more, to where
    /// there is room for them. O(count).
    @inline(__always)
    func copy(from place: Int, count: Int, to ids: BufferView<UInt32>, at target: Int) {
        var index = 0
        repeat {
            ids.storeFour(words.view.fourHalves(at: place &+ index / 2), at: target &+ index)
            index &+= 4
        } while index < count
    }

    /// Remembers `count` ids of a piece. O(length + count).
    mutating func insert(
        _ text: ByteView, from start: Int, length: Int, hash: UInt64, ids: BufferView<UInt32>,
        count: Int
    ) {
        // The same piece may have been missing twice.
        if find(text, from: start, length: length, hash: hash).count > 0 { return }
        let record = append(text, from: start, length: length, ids: ids, count: count)
        put(hash & 0xFFFF_FFFF_0000_0000 | UInt64(record))
    }

    /// Remembers `count` ids of a piece that only ``find(record:of:)`` finds, and returns the
    /// record. O(length + count).
    mutating func append(
        _ text: ByteView, from start: Int, length: Int, ids: BufferView<UInt32>, count: Int
    ) -> Int {
        // One word more, because ids are read four at a time.
        makeRoom(words: 2 + (length + 7) / 8 + (count + 1) / 2)
        let words = words.view
        let record = usedWords
        words[record] = UInt64(length) << 32 | UInt64(count)
        var word = record + 1
        for offset in stride(from: 0, to: length, by: 8) {
            words[word] = text.word(at: start + offset, count: length - offset)
            word += 1
        }
        for index in stride(from: 0, to: count, by: 2) {
            let second = index + 1 < count ? UInt64(ids[index + 1]) : 0
            words[word] = UInt64(ids[index]) | second << 32
            word += 1
        }
        usedWords = word
        return record
    }

    /// The number of the first slot for a hash or for what is in a slot already.
    @inline(__always)
    private func firstSlot(_ hash: UInt64) -> Int {
        Int(truncatingIfNeeded: hash &>> 32) & (slots.view.count - 1)
    }

    private mutating func put(_ slot: UInt64) {
        let slots = slots.view
        var index = firstSlot(slot)
        while slots[index] != 0 { index = (index + 1) & (slots.count - 1) }
        slots[index] = slot
        usedSlots += 1
    }

    private mutating func makeRoom(words needed: Int) {
        if usedWords + needed > words.view.count {
            if words.view.count < Self.maximumWords {
                // Of much room only what is written is touched, so it is taken at once and copied
                // no more.
                let larger = OwnedBuffer<UInt64>(
                    uninitializedCapacity: words.view.count < 1 << 17
                        ? words.view.count * 4 : Self.maximumWords)
                for index in 0..<usedWords { larger.view[index] = words.view[index] }
                words = larger
            } else {
                for index in 0..<slots.view.count { slots.view[index] = 0 }
                usedWords = 1
                usedSlots = 0
                generation &+= 1
            }
        }
        guard usedSlots * 2 > slots.view.count else { return }
        // `old` must live to the end: its elements are read.
        var old = OwnedBuffer<UInt64>(zeros: slots.view.count * 4)
        swap(&old, &slots)
        defer { extendLifetime(old) }
        usedSlots = 0
        let view = old.view
        for index in 0..<view.count where view[index] != 0 { put(view[index]) }
    }
}

extension BufferView<UInt64> {
    /// The halves of two words from `index` on, the lower half of each first.
    @inline(__always)
    fileprivate func fourHalves(at index: Int) -> SIMD4<UInt32> {
        assert(index >= 0 && index + 2 <= count, "index outside the buffer")
        return unsafe UnsafeRawPointer(base + index).loadUnaligned(as: SIMD4<UInt32>.self)
    }
}
