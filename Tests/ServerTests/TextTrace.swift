import Models
import Testing

@testable import Server

/// All that the events of a request tell, but for times and what was known of the prompt.
struct TextTrace: Equatable {
    struct Piece: Equatable {
        var token: ScoredToken?
        var bytes: [UInt8]
    }

    var prompt: [ScoredToken] = []
    /// Pieces of each text.
    var pieces: [[Piece]]
    var reasons: [FinishReason?]
    var completionCount = 0
    var failure: EngineFailure?
    var cachedCount = 0

    init(sampleCount: Int) {
        pieces = Array(repeating: [], count: sampleCount)
        reasons = Array(repeating: nil, count: sampleCount)
    }

    /// Reads the events of a request to their end, and checks their order.
    init(_ events: AsyncStream<TextEvent>, sampleCount: Int) async {
        self.init(sampleCount: sampleCount)
        var isOver = false
        var hasPrompt = false
        for await event in events {
            #expect(!isOver, "nothing comes behind the last event")
            switch event {
            case .promptRead(let count, let tokens):
                #expect(!hasPrompt)
                hasPrompt = true
                (prompt, cachedCount) = (tokens, count)
            case .piece(let sample, let token, let bytes):
                #expect(hasPrompt && reasons[sample] == nil)
                pieces[sample].append(Piece(token: token, bytes: bytes))
            case .ended(let sample, let reason):
                #expect(hasPrompt && reasons[sample] == nil)
                reasons[sample] = reason
            case .finished(let usage):
                isOver = true
                completionCount = usage.completionTokenCount
                #expect(usage.cachedTokenCount == cachedCount)
                #expect(
                    min(usage.waitingSeconds, usage.promptSeconds, usage.drawingSeconds) >= 0)
            case .failed(let reason):
                isOver = true
                failure = reason
            }
        }
        #expect(isOver || Task.isCancelled, "a stream ends with its last event")
    }

    /// The bytes of each text.
    var texts: [[UInt8]] { pieces.map { $0.flatMap(\.bytes) } }
    /// The tokens of each text.
    var tokens: [[ScoredToken]] { pieces.map { $0.compactMap(\.token) } }

    /// The same without what depends on the cache.
    var withoutCache: TextTrace {
        var other = self
        other.cachedCount = 0
        return other
    }
}

extension TextEngine {
    /// Everything that comes of a request.
    func trace(_ request: TextRequest) async throws -> TextTrace {
        await TextTrace(try submit(request), sampleCount: request.sampleCount)
    }

    /// Everything that comes of requests that are made at once, in some order of arrival.
    func traces(_ requests: [TextRequest], order: [Int]? = nil) async throws -> [TextTrace] {
        var streams = [AsyncStream<TextEvent>?](repeating: nil, count: requests.count)
        for place in order ?? Array(requests.indices) {
            streams[place] = try submit(requests[place])
        }
        var traces: [TextTrace] = []
        for (request, stream) in zip(requests, streams) {
            traces.append(
                await TextTrace(try #require(stream), sampleCount: request.sampleCount))
        }
        return traces
    }
}
