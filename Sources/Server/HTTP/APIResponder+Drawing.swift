#if Server
    import HTTPTypes
    import Hummingbird
    import HummingbirdCore
    import NIOCore

    extension APIResponder {
        /// The answer with the texts of `prepared`, whole or as events.
        func draw(
            _ prepared: PreparedAnswer, _ model: ServedModel
        ) async throws(APIError) -> Response {
            let drawing: TextDrawing
            do throws(EngineRefusal) {
                drawing = try TextDrawing(
                    prepared.parts, with: model.engine,
                    pace: prepared.isStreamed
                        ? .init(
                            tickSeconds: state.options.limits.pingSeconds,
                            unreadCount: state.options.limits.unreadEventCount) : nil)
            } catch {
                throw APIError(error)
            }
            guard prepared.isStreamed else {
                defer { drawing.cancel() }
                return Self.response(try await Self.whole(prepared, drawing, model))
            }
            return Response(
                status: .ok,
                headers: [.contentType: "text/event-stream", .cacheControl: "no-cache"],
                body: ResponseBody { writer in
                    defer { drawing.cancel() }
                    try await Self.stream(prepared, drawing, model, &writer)
                    try await writer.finish(nil)
                })
        }

        private static func whole(
            _ prepared: PreparedAnswer, _ drawing: TextDrawing, _ model: ServedModel
        ) async throws(APIError) -> [UInt8] {
            var assemblies = prepared.parts.map { TextAssembly($0.form, model.vocabulary) }
            var choices = JoinedChoices()
            while let signals = try await drawing.next() {
                for signal in signals {
                    switch signal {
                    case .event(let number, let event):
                        for part in try assemblies[number].take(event) { choices.join(part) }
                    case .tick: break
                    case .gone: throw .badRequest("the client went away", status: 499)
                    }
                }
            }
            var usage = AnswerUsage()
            for assembly in assemblies {
                guard let part = assembly.usage else {
                    throw .serverFault("the texts ended early")
                }
                usage.add(part)
            }
            return prepared.head.answer(choices.all, usage)
        }

        /// The time that a stream lets pass where events come one on the other's heels: a small
        /// model draws several tokens in the time that it takes to wake a reader for each.
        private static let gatheringTime = Duration.milliseconds(2)

        @concurrent private static func stream(
            _ prepared: PreparedAnswer, _ drawing: TextDrawing, _ model: ServedModel,
            _ writer: inout any ResponseBodyWriter
        ) async throws {
            let head = prepared.head
            let tellsNoUsage = prepared.includesUsage
            var assemblies = prepared.parts.map { TextAssembly($0.form, model.vocabulary) }
            var hasWritten = false
            var usage = AnswerUsage()
            if head.kind == .chat {
                for index in 0..<(prepared.parts.first?.form.sampleCount ?? 0) {
                    let chunk = head.roleChunk(index: index, tellsNoUsage: tellsNoUsage)
                    try await writer.write(ByteBuffer(bytes: ServerSentEvent.data(chunk)))
                }
            }
            var bytes: [UInt8] = []
            var lastWrite: ContinuousClock.Instant?
            do {
                while let signals = try await drawing.next() {
                    for signal in signals {
                        switch signal {
                        case .event(let number, let event):
                            for choice in try assemblies[number].take(event) {
                                bytes += head.parts(of: choice, tellsNoUsage: tellsNoUsage)
                            }
                            hasWritten = hasWritten || !bytes.isEmpty
                        case .tick:
                            if !hasWritten { bytes += ServerSentEvent.ping }
                            hasWritten = false
                        case .gone: throw CancellationError()
                        }
                    }
                    guard !bytes.isEmpty else { continue }
                    try await writer.write(ByteBuffer(bytes: bytes))
                    bytes.removeAll(keepingCapacity: true)
                    if let last = lastWrite, .now - last < Self.gatheringTime {
                        try await Task.sleep(for: Self.gatheringTime)
                    }
                    lastWrite = .now
                }
                for assembly in assemblies {
                    guard let part = assembly.usage else {
                        throw APIError.serverFault(
                            "the texts ended early: they were not read as quickly as they came")
                    }
                    usage.add(part)
                }
            } catch let error as APIError {
                // Behind what came before it.
                return try await writer.write(
                    ByteBuffer(bytes: bytes + ServerSentEvent.data(error.json)))
            }
            if prepared.includesUsage { bytes += ServerSentEvent.data(head.usageChunk(usage)) }
            try await writer.write(ByteBuffer(bytes: bytes + ServerSentEvent.done))
        }
    }

    extension AnswerHead {
        /// The events of a part of an answer. In a conversation the end has one of its own, with
        /// nothing in it; what is left to say comes before.
        fileprivate func parts(of choice: Choice, tellsNoUsage: Bool) -> [UInt8] {
            guard kind == .chat, choice.finishReason != nil else {
                return ServerSentEvent.data(chunk(choice, tellsNoUsage: tellsNoUsage))
            }
            var bytes: [UInt8] = []
            let rest = choice.tokens?.filter { !$0.isEnd } ?? []
            var end = choice
            if !rest.isEmpty {
                var last = choice
                last.finishReason = nil
                last.tokens = rest
                bytes += ServerSentEvent.data(chunk(last, tellsNoUsage: tellsNoUsage))
                end.ids = choice.ids == nil ? nil : []
            }
            end.tokens = nil
            return bytes + ServerSentEvent.data(chunk(end, tellsNoUsage: tellsNoUsage))
        }
    }
#endif
