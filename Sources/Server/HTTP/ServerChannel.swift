#if Server
    import HummingbirdCore
    import Logging
    import NIOCore
    import NIOHTTP1
    import NIOHTTPTypes
    import NIOHTTPTypesHTTP1

    /// Connection with the bounds of ``ServerOptions/Limits``: what Hummingbird's own has, and
    /// deadlines for headers, bodies and clients that do not read.
    struct ServerChannel: ServerChildChannel, HTTPChannelHandler {
        /// A connection and its client.
        struct Value: ServerChildChannelValue {
            let connection: NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>
            let presence: ClientPresence

            var channel: any Channel { connection.channel }
        }

        let responder: HTTPChannelHandler.Responder
        let limits: ServerOptions.Limits
        /// Takes the status of an answer to what is no whole request.
        let refused: @Sendable (_ status: Int) -> Void

        func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
            channel.eventLoop.makeCompletedFuture {
                var decoder = NIOHTTPDecoderLimitConfiguration()
                decoder.maxHeaderFieldSize = limits.headerByteCount
                decoder.maxHeaderListSize = limits.headerByteCount
                decoder.maxHeaderFieldCount = limits.headerCount
                let presence = ClientPresence()
                let watch = ConnectionWatch(limits, presence, refused: refused)
                let pipeline = channel.pipeline.syncOperations
                try pipeline.addHandler(ArrivalHandler(watch))
                try pipeline.configureHTTPServerPipeline(
                    withPipeliningAssistance: false, withErrorHandling: false,
                    withOutboundHeaderValidation: false, withEncoderConfiguration: .init(),
                    withDecoderLimitConfiguration: decoder)
                try pipeline.addHandler(ProtocolVersionHandler())
                try pipeline.addHandler(HTTP1ToHTTPServerCodec(secure: false))
                try pipeline.addHandler(watch)
                try pipeline.addHandler(
                    HTTPConnectionStateHandler(
                        idleTimeout: .seconds(limits.idleSeconds), logger: logger))
                return Value(
                    connection: try NIOAsyncChannel(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true)),
                    presence: presence)
            }
        }

        func handle(value: Value, logger: Logger) async {
            await ClientPresence.$current.withValue(value.presence) {
                await handleHTTP(asyncChannel: value.connection, logger: logger)
            }
            value.presence.leave()
        }
    }

    /// Keeps a connection to the version that its client speaks, which what stands behind does not
    /// know: HTTP/1.0 has no chunks, and ends the connection with the answer unless it says else.
    private final class ProtocolVersionHandler: ChannelDuplexHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias InboundOut = HTTPServerRequestPart
        typealias OutboundIn = HTTPServerResponsePart
        typealias OutboundOut = HTTPServerResponsePart

        /// For each request that is not answered yet: whether it is of HTTP/1.0, and whether the
        /// connection ends with its answer.
        private var requests: [(isOld: Bool, isLast: Bool)] = []

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard case .head(var head) = unwrapInboundIn(data) else {
                return context.fireChannelRead(data)
            }
            // The decoder stops behind a request to speak another protocol, which is not granted.
            let isOld = head.version.minor == 0
            let isLast = !head.isKeepAlive || isOld || head.headers.contains(name: "upgrade")
            requests.append((isOld, isLast))
            if isLast { head.headers.replaceOrAdd(name: "connection", value: "close") }
            if !isOld, head.headers["host"].count != 1 {
                // What the refusal is made of, further on.
                head.headers.remove(name: "host")
                head.headers.add(name: "host", value: "")
            }
            context.fireChannelRead(wrapInboundOut(.head(head)))
        }

        func write(
            context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?
        ) {
            switch unwrapOutboundIn(data) {
            case .head(var head) where head.status.code >= 200:
                if let request = requests.first {
                    if request.isOld { head.version = .http1_0 }
                    if request.isLast {
                        head.headers.replaceOrAdd(name: "connection", value: "close")
                    }
                }
                context.write(wrapOutboundOut(.head(head)), promise: promise)
            case .end:
                if !requests.isEmpty { requests.removeFirst() }
                context.write(data, promise: promise)
            default: context.write(data, promise: promise)
            }
        }
    }
#endif
