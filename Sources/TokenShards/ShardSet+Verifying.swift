import Files
public import Tokenization

extension ShardSet {
    /// A piece of the work.
    private enum Check: Sendable {
        case checksums(TokenShard)
        case documents(TokenShard, Range<Int>)

        func run(_ vocabulary: Vocabulary?, isEndOfTextAllowed: Bool) throws(ShardError) {
            switch self {
            case .checksums(let shard):
                try shard.verifyChecksums()
            case .documents(let shard, let range):
                try shard.verify(
                    documents: range, decodingWith: vocabulary,
                    isEndOfTextAllowed: isEndOfTextAllowed)
            }
        }

        /// Tokens that are done with it.
        var tokenCount: Int {
            guard case .documents(let shard, let range) = self else { return 0 }
            return shard.tokenRange(ofDocument: range.upperBound - 1).upperBound
                - shard.tokenRange(ofDocument: range.lowerBound).lowerBound
        }
    }

    /// All pieces, in the order in which failures are told.
    private struct Checks {
        let shards: [TokenShard]
        private var number = 0
        /// First document of the next slice of the shard; nil before its checksums.
        private var start: Int?

        init(shards: [TokenShard]) { self.shards = shards }

        /// The next piece. An index is checked before its shard's documents are looked up in it.
        mutating func next() throws(ShardError) -> Check? {
            while number < shards.count {
                let shard = shards[number]
                guard let start else {
                    self.start = 0
                    return .checksums(shard)
                }
                if start == 0 { try shard.verifyIndex() }
                if start < shard.documentCount {
                    let end = shard.endOfSlice(from: start, tokenCount: sliceTokenCount)
                    self.start = end
                    return .documents(shard, start..<end)
                }
                self.start = nil
                number += 1
            }
            return nil
        }
    }

    /// Tokens that are checked in one go.
    private static let sliceTokenCount = 1 << 20

    /// Reads every byte of every shard and checks it, and that the manifest says the same.
    /// O(tokens).
    ///
    /// Any single flipped bit is found, in any file of the data set: the manifest was checked when
    /// the set was opened. What is reported does not depend on `threadCount`.
    ///
    /// - Parameters:
    ///   - vocabulary: when given, every document is decoded and its text compared with the hash of
    ///     what was encoded.
    ///   - threadCount: checks made at once.
    ///   - progress: called now and then with the tokens checked so far.
    /// - Throws: ``ShardError``.
    public func verify(
        decodingWith vocabulary: Vocabulary? = nil, threadCount: Int = 1,
        progress: (Int) -> Void = { _ in }
    ) async throws {
        try verifyManifest()
        let endOfTextIsAllowed = manifest.allowSpecial != nil
        let failure = await withTaskGroup(
            of: (place: Int, tokenCount: Int, error: ShardError?).self
        ) { group in
            var (running, checked) = (0, 0)
            // The failure that stands first in the data set; later ones may be told earlier.
            var first: (place: Int, error: ShardError)?
            func take(_ done: (place: Int, tokenCount: Int, error: ShardError?)) {
                running -= 1
                checked += done.tokenCount
                progress(checked)
                if let error = done.error, done.place < first?.place ?? .max {
                    first = (done.place, error)
                }
            }
            var checks = Checks(shards: Split.allCases.flatMap(shards(of:)))
            var place = 0
            while first == nil {
                let check: Check
                do throws(ShardError) {
                    guard let next = try checks.next() else { break }
                    check = next
                } catch {
                    first = (place, error)
                    break
                }
                if running >= threadCount, let done = await group.next() { take(done) }
                running += 1
                group.addTask { [place] in
                    do throws(ShardError) {
                        try check.run(vocabulary, isEndOfTextAllowed: endOfTextIsAllowed)
                        return (place, check.tokenCount, nil)
                    } catch {
                        return (place, 0, error)
                    }
                }
                place += 1
            }
            while let done = await group.next() { take(done) }
            return first?.error
        }
        if let failure { throw failure }
    }

    /// Bytes that ``verifyChecksums(of:progress:)`` reads.
    public func byteCount(of splits: [Split] = Split.allCases) -> Int {
        guard layout == .quern else { return 0 }
        return splits.flatMap(shards(of:)).reduce(0) { $0 + $1.storedByteCount }
    }

    /// Compares every byte of the shards and their indices with the checksums of the manifest, and
    /// nothing else: that they are as they were written. O(bytes), at the speed of memory.
    ///
    /// A data set of another program has no checksums; opening it has read every id.
    ///
    /// - Parameters:
    ///   - splits: the parts of the data set.
    ///   - progress: takes the bytes that have been read; ends the work by an error.
    /// - Throws: ``ShardError/badShard(path:reason:)``, and what `progress` throws.
    public func verifyChecksums(
        of splits: [Split] = Split.allCases, progress: (Int) throws -> Void = { _ in }
    ) throws {
        guard layout == .quern else { return }
        var done = 0
        for shard in splits.flatMap(shards(of:)) {
            try shard.verifyChecksums { try progress(done + $0) }
            done += shard.storedByteCount
        }
    }

    /// Checks that the manifest's sums are those of its shards, and that no one can take another
    /// file of the directory for one of them. O(shards + files).
    private func verifyManifest() throws(ShardError) {
        let path = directory + "/" + ShardManifest.fileName
        for split in Split.allCases {
            var totals = ShardManifest.Totals()
            let shards = manifest.shards.filter { $0.split == split }
            for (number, shard) in shards.enumerated() {
                guard shard.name == ShardManifest.shardName(number: number, split: split) else {
                    throw .badManifest(path: path, reason: "it names \(shard.name) out of order")
                }
                totals.tokens += shard.tokens
                totals.documents += shard.documents
                totals.bytes += shard.bytes
            }
            guard totals == manifest.totals(of: split) else {
                throw .badManifest(
                    path: path,
                    reason: "its totals of \(split.rawValue) are not those of its shards")
            }
        }
        let files = Set(manifest.files(in: directory))
        let names: [String]
        do {
            names = try FileSystem.namesInDirectory(directory)
        } catch {
            throw .badManifest(path: path, reason: error.description)
        }
        for name in names where ShardManifest.isShardFile(name) {
            let file = directory + "/" + name
            guard files.contains(file) else { throw .strayShard(path: file) }
        }
    }
}
