import Tokenization

/// One thread's part of the work: its documents, its encoder, its output.
final class Worker: @unchecked Sendable {
    // Unchecked, because a worker is used by one thread at a time: by a pass's task, and between
    // passes by the one that waited for it.

    /// Kind of a pass.
    enum Task: Sendable {
        case encode, decode, scan
    }

    private let texts: Texts
    private let documents: ArraySlice<Range<Int>>
    private let vocabulary: Vocabulary
    private var encoder: BytePairEncoder

    /// The ids of all documents, and where each document's end.
    private(set) var ids: [TokenID] = []
    private var ends: [Int] = []
    private(set) var text: [UInt8] = []
    private(set) var pieceCount = 0

    init(_ texts: Texts, _ documents: ArraySlice<Range<Int>>, _ vocabulary: Vocabulary) {
        self.texts = texts
        self.documents = documents
        self.vocabulary = vocabulary
        encoder = BytePairEncoder(vocabulary)
        // Not touched, so that the first pass meets fresh pages as any program's would.
        ids.reserveCapacity(byteCount)
        ends.reserveCapacity(documents.count)
    }

    var byteCount: Int { documents.reduce(0) { $0 + $1.count } }

    /// Makes everything that decoding needs and is not to be timed.
    func prepare(for task: Task) {
        guard task == .decode else { return }
        encode()
    }

    /// Does `task`; the caller measures the time.
    func run(_ task: Task) throws {
        switch task {
        case .encode: encode()
        case .decode: try decode()
        case .scan: scan()
        }
    }

    /// Whether decoding gave the text back.
    var isTextRestored: Bool {
        guard let first = documents.first, let last = documents.last else { return text.isEmpty }
        return texts.bytes[first.lowerBound..<last.upperBound].elementsEqual(text)
    }

    private func encode() {
        ids.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
        let bytes = texts.bytes
        let span = bytes.span
        for document in documents {
            encoder.encode(span.extracting(document), into: &ids)
            ends.append(ids.count)
        }
    }

    private func decode() throws {
        text.removeAll(keepingCapacity: true)
        let ids = ids
        let span = ids.span
        var start = 0
        for end in ends {
            try vocabulary.decode(span.extracting(start..<end), into: &text)
            start = end
        }
    }

    private func scan() {
        pieceCount = 0
        let bytes = texts.bytes
        let span = bytes.span
        var count = 0
        for document in documents {
            vocabulary.pattern.forEachPiece(of: span.extracting(document)) { _ in count += 1 }
        }
        pieceCount = count
    }
}
