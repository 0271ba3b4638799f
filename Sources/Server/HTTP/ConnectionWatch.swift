#if Server
    import Bytes
    import HTTPTypes
    import NIOCore
    import NIOHTTP1
    import NIOHTTPTypes
    import NIOHTTPTypesHTTP1

    /// Watches a connection's clock and its errors: a client that is slow to ask or does not read
    /// is dropped, one that asks what is not HTTP gets an answer that says so, and one that goes is
    /// told to whoever works for it.
    final class ConnectionWatch: ChannelDuplexHandler {
        typealias InboundIn = HTTPRequestPart
        typealias InboundOut = HTTPRequestPart
        typealias OutboundIn = HTTPResponsePart
        typealias OutboundOut = HTTPResponsePart

        private enum Reading {
            /// Between requests, of which nothing has come.
            case idle
            case head
            case body
            /// Everything else that comes is thrown away.
            case nothing
        }

        private let limits: ServerOptions.Limits
        private let presence: ClientPresence
        private let refused: @Sendable (_ status: Int) -> Void
        private var reading = Reading.idle
        /// Requests whose heads have come and whose answers are not written.
        private var unansweredCount = 0
        /// Whether a part of an answer is written, and not its end.
        private var isAnswering = false
        private var readDeadline: Scheduled<Void>?
        private var writeDeadline: Scheduled<Void>?
        /// Seconds in which a client may read an answer behind which the connection ends.
        private static let lingering = TimeAmount.seconds(1)

        /// A watch of a new connection.
        ///
        /// - Parameter refused: called with the status of an answer that this gives by itself.
        init(
            _ limits: ServerOptions.Limits, _ presence: ClientPresence,
            refused: @escaping @Sendable (_ status: Int) -> Void
        ) {
            self.limits = limits
            self.presence = presence
            self.refused = refused
        }

        // MARK: What comes

        /// Bytes have come, of whatever.
        func bytesArrived() {
            guard reading == .idle, let context = self.context else { return }
            reading = .head
            setReadDeadline(context, limits.headerSeconds, "the headers")
        }

        private var context: ChannelHandlerContext?

        func handlerAdded(context: ChannelHandlerContext) {
            self.context = context
            // Of a client that connects and says nothing.
            setReadDeadline(context, limits.headerSeconds, nil)
        }

        func handlerRemoved(context: ChannelHandlerContext) {
            readDeadline?.cancel()
            writeDeadline?.cancel()
            self.context = nil
            presence.leave()
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard reading != .nothing else { return }
            switch unwrapInboundIn(data) {
            case .head(let head):
                unansweredCount += 1
                reading = .body
                setReadDeadline(context, limits.bodySeconds, "the body")
                answerExpectation(head, context)
            case .body: break
            case .end:
                readDeadline?.cancel()
                reading = .idle
            }
            context.fireChannelRead(data)
        }

        func channelInactive(context: ChannelHandlerContext) {
            presence.leave()
            context.fireChannelInactive()
        }

        func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
            if let event = event as? ChannelEvent, event == .inputClosed { presence.leave() }
            context.fireUserInboundEventTriggered(event)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            guard reading != .nothing else { return }
            let isOverflow = (error as? HTTPParserError) == .headerOverflow
            let fault =
                isOverflow
                ? APIError.badRequest(
                    "the headers have more than \(limits.headerByteCount) bytes, or are more than "
                        + "\(limits.headerCount)", status: 431)
                : APIError.badRequest("this is not a request of HTTP/1.1")
            // Only a connection's reset has nobody who would read the answer.
            guard error is HTTPParserError || error is HTTP1TypeConversionError else {
                reading = .nothing
                return context.close(promise: nil)
            }
            refuse(fault, context)
        }

        // MARK: What goes

        func write(
            context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
        ) {
            switch unwrapOutboundIn(data) {
            case .head(let head) where head.status.code >= 200: isAnswering = true
            case .end:
                isAnswering = false
                unansweredCount -= 1
                if reading == .body, unansweredCount == 0 {
                    // The answer came before the whole request, of which no more is read.
                    context.write(data, promise: promise)
                    context.flush()
                    return endSoon(context)
                }
            default: break
            }
            context.write(data, promise: promise)
        }

        func channelWritabilityChanged(context: ChannelHandlerContext) {
            writeDeadline?.cancel()
            writeDeadline = nil
            if !context.channel.isWritable {
                let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
                writeDeadline = context.eventLoop.scheduleTask(in: Self.time(limits.writeSeconds)) {
                    bound.value.close(promise: nil)
                }
            }
            context.fireChannelWritabilityChanged()
        }

        // MARK: Refusals

        private static func time(_ seconds: Double) -> TimeAmount {
            .nanoseconds(Int64(seconds * 1e9))
        }

        private func setReadDeadline(
            _ context: ChannelHandlerContext, _ seconds: Double, _ part: String?
        ) {
            readDeadline?.cancel()
            let bound = NIOLoopBound((watch: self, context: context), eventLoop: context.eventLoop)
            readDeadline = context.eventLoop.scheduleTask(in: Self.time(seconds)) {
                let (watch, context) = bound.value
                guard let part else {
                    if watch.reading == .idle { context.close(promise: nil) }
                    return
                }
                watch.refuse(
                    .badRequest("\(part) did not come within \(Int(seconds)) s", status: 408),
                    context)
            }
        }

        /// Refuses a body that is too large before it is sent, or asks for it.
        private func answerExpectation(_ head: HTTPRequest, _ context: ChannelHandlerContext) {
            guard head.headerFields[.expect]?.lowercased() == "100-continue",
                unansweredCount == 1
            else { return }
            let count = head.headerFields[.contentLength].flatMap { Int($0) } ?? 0
            guard count <= limits.bodyByteCount else { return }
            context.writeAndFlush(
                wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
        }

        /// Answers that a request is refused, and ends the connection.
        private func refuse(_ fault: APIError, _ context: ChannelHandlerContext) {
            // Answers to requests before it are not written yet, or one is half written.
            let earlierCount = unansweredCount - (reading == .body ? 1 : 0)
            guard earlierCount == 0, !isAnswering else {
                reading = .nothing
                return context.close(promise: nil)
            }
            reading = .nothing
            refused(fault.status)
            let body = ByteBuffer(bytes: fault.json)
            let head = HTTPResponse(
                status: .init(code: fault.status),
                headerFields: [
                    .contentType: "application/json", .connection: "close",
                    .contentLength: String(body.readableBytes),
                    .xContentTypeOptions: "nosniff",
                ])
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(body)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            endSoon(context)
        }

        /// Ends the connection once the client has had time to read: one that is closed while it
        /// still sends may lose the answer.
        private func endSoon(_ context: ChannelHandlerContext) {
            reading = .nothing
            readDeadline?.cancel()
            context.close(mode: .output, promise: nil)
            let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
            readDeadline = context.eventLoop.scheduleTask(in: Self.lingering) {
                bound.value.close(promise: nil)
            }
        }
    }

    /// Tells a ``ConnectionWatch`` of bytes, before they are read as HTTP.
    final class ArrivalHandler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let watch: ConnectionWatch

        init(_ watch: ConnectionWatch) { self.watch = watch }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            watch.bytesArrived()
            context.fireChannelRead(data)
        }
    }
#endif
