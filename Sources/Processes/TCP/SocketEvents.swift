#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// What happens on several sockets.
enum SocketEvents {
    /// What is waited for on a socket.
    struct Wish {
        var toSend = false
        var toReceive = false

        /// Nothing but that the other end closes.
        static let hangUp = Wish()
    }

    /// What has happened on one.
    enum Event {
        case nothing
        /// Something can be sent or received.
        case ready
        /// The other end has closed; something may still be there to receive.
        case hungUp
    }

    /// That the other end has closed its half; what Linux calls POLLRDHUP.
    private static var hangUpFlag: Int16 {
        #if os(Linux)
            0x2000
        #else
            0
        #endif
    }

    /// Waits until something happens, or so many milliseconds.
    static func wait(
        for wishes: [(socket: TCPSocket, wish: Wish)], milliseconds: Int
    ) throws(ProcessError) -> [Event] {
        var entries = wishes.map { socket, wish in
            pollfd(
                fd: socket.number,
                events: hangUpFlag | (wish.toSend ? Int16(POLLOUT) : 0)
                    | (wish.toReceive ? Int16(POLLIN) : 0),
                revents: 0)
        }
        let code = unsafe poll(&entries, nfds_t(entries.count), Int32(milliseconds))
        guard code >= 0 || errno == EINTR else {
            throw .system(call: "poll", reason: TCPSocket.systemReason)
        }
        return entries.map { entry in
            let ends = hangUpFlag | Int16(POLLHUP) | Int16(POLLERR)
            if code <= 0 || entry.revents == 0 { return .nothing }
            return entry.revents & ends != 0 ? .hungUp : .ready
        }
    }
}

extension TCPSocket {
    /// That there is room to send.
    static var room: Int16 { Int16(POLLOUT) }
    /// That something has come.
    static var arrival: Int16 { Int16(POLLIN) }
}

/// Sleeps.
func pause(milliseconds: Int) { usleep(UInt32(milliseconds) * 1_000) }
