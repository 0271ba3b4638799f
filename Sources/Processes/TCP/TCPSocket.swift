#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// A socket of TCP, closed with its last owner.
///
/// A class, because a connection is listed by rank and waited for at the same time.
final class TCPSocket: Sendable {
    /// Number of the file.
    let number: Int32

    /// Takes over an open socket.
    init(taking number: Int32) { self.number = number }

    deinit { close(number) }

    // MARK: Making

    /// The addresses of `host` and `port`, as the system resolves them.
    private static func withAddresses<Result>(
        host: String?, port: Int, _ body: (addrinfo) -> Result?
    ) throws(ProcessError) -> Result? {
        var hints = unsafe addrinfo()
        #if canImport(Glibc)
            unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
            hints.ai_socktype = SOCK_STREAM
        #endif
        unsafe hints.ai_flags = host == nil ? AI_PASSIVE : 0
        var list: UnsafeMutablePointer<addrinfo>?
        let code = unsafe getaddrinfo(host, "\(port)", &hints, &list)
        guard code == 0 else {
            throw .notReached(
                address: "\(host ?? "*"):\(port)",
                reason: unsafe String(cString: gai_strerror(code)))
        }
        defer { unsafe freeaddrinfo(list) }
        var next = unsafe list
        while let entry = unsafe next {
            if let result = unsafe body(entry.pointee) { return result }
            unsafe next = entry.pointee.ai_next
        }
        return nil
    }

    /// Listens at a port of this machine; 0 for any that is free.
    ///
    /// - Parameter host: an address of this machine; nil for all of them.
    static func listening(host: String?, port: Int) throws(ProcessError) -> TCPSocket {
        var reason = "no address"
        let found = try unsafe withAddresses(host: host, port: port) { address -> TCPSocket? in
            let number = unsafe socket(
                address.ai_family, address.ai_socktype, address.ai_protocol)
            guard number >= 0 else {
                reason = systemReason
                return nil
            }
            let made = TCPSocket(taking: number)
            made.set(SOL_SOCKET, SO_REUSEADDR, 1)
            guard unsafe bind(number, address.ai_addr, address.ai_addrlen) == 0,
                listen(number, 1_024) == 0
            else {
                reason = systemReason
                return nil
            }
            return made
        }
        guard let found else { throw .system(call: "listening at port \(port)", reason: reason) }
        found.closeInPrograms()
        return found
    }

    /// Connects to a process that listens, if one does.
    static func connecting(host: String, port: Int) throws(ProcessError) -> TCPSocket {
        var reason = "no address"
        let found = try unsafe withAddresses(host: host, port: port) { address -> TCPSocket? in
            let number = unsafe socket(
                address.ai_family, address.ai_socktype, address.ai_protocol)
            guard number >= 0 else {
                reason = systemReason
                return nil
            }
            let made = TCPSocket(taking: number)
            guard unsafe connect(number, address.ai_addr, address.ai_addrlen) == 0 else {
                reason = systemReason
                return nil
            }
            guard !made.isItsOwnPeer else {
                reason = unsafe String(cString: strerror(ECONNREFUSED))
                return nil
            }
            return made
        }
        guard let found else { throw .notReached(address: "\(host):\(port)", reason: reason) }
        found.closeInPrograms()
        return found
    }

    /// The next process that connects; nil if none does before `deadline`.
    func accept(before deadline: ContinuousClock.Instant) throws(ProcessError) -> TCPSocket? {
        while true {
            guard try waits(for: Int16(POLLIN), before: deadline) else { return nil }
            let number = Self.systemAccept(self.number)
            if number >= 0 {
                let made = TCPSocket(taking: number)
                made.closeInPrograms()
                return made
            }
            // Who connected may have gone again.
            guard [EINTR, EAGAIN, ECONNABORTED].contains(errno) else {
                throw .system(call: "accept", reason: Self.systemReason)
            }
        }
    }

    private static func systemAccept(_ number: Int32) -> Int32 {
        #if canImport(Darwin)
            unsafe Darwin.accept(number, nil, nil)
        #elseif canImport(Musl)
            unsafe Musl.accept(number, nil, nil)
        #else
            Glibc.accept(number, nil, nil)
        #endif
    }

    // MARK: Settings

    private func set(_ level: Int32, _ option: Int32, _ value: Int32) {
        var value = value
        unsafe _ = setsockopt(
            number, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
    }

    private func closeInPrograms() { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }

    /// Settings of a connection that lasts: nothing waits to be sent together with more, no call
    /// blocks, and that the other machine has gone is noticed in some seconds.
    func prepareForMessages() {
        let tcp = Int32(IPPROTO_TCP)
        set(tcp, TCP_NODELAY, 1)
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        #if canImport(Darwin)
            set(SOL_SOCKET, SO_NOSIGPIPE, 1)
            set(tcp, TCP_KEEPALIVE, 3)
        #else
            set(tcp, TCP_KEEPIDLE, 3)
        #endif
        set(tcp, TCP_KEEPINTVL, 2)
        set(tcp, TCP_KEEPCNT, 3)
        _ = fcntl(number, F_SETFL, fcntl(number, F_GETFL) | O_NONBLOCK)
    }

    /// Bytes that were sent, of which the other machine has not said that it has them.
    var unacknowledgedByteCount: Int {
        var count: Int32 = 0
        #if canImport(Darwin)
            var length = socklen_t(MemoryLayout<Int32>.size)
            unsafe _ = getsockopt(number, SOL_SOCKET, SO_NWRITE, &count, &length)
        #else
            unsafe _ = ioctl(number, UInt(TIOCOUTQ), &count)
        #endif
        return Int(count)
    }

    /// The port of this end.
    var port: Int? { Self.address(self, isPeer: false)?.port }

    /// Whether both ends are this one. A connection to a port of this machine at which nobody
    /// listens is made where the system happens to choose the same port for its beginning.
    private var isItsOwnPeer: Bool {
        let (own, other) = (
            Self.address(self, isPeer: false), Self.address(self, isPeer: true)
        )
        return own?.port == other?.port && own?.host == other?.host
    }

    /// The address of the other end, as numbers.
    var peerHost: String? { Self.address(self, isPeer: true)?.host }

    private static func address(
        _ made: TCPSocket, isPeer: Bool
    ) -> (host: String, port: Int)? {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        var service = [CChar](repeating: 0, count: 32)
        let isKnown = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                let code =
                    isPeer
                    ? unsafe getpeername(made.number, address, &length)
                    : unsafe getsockname(made.number, address, &length)
                guard code == 0 else { return false }
                return unsafe getnameinfo(
                    address, length, &host, socklen_t(host.count), &service,
                    socklen_t(service.count), NI_NUMERICHOST | NI_NUMERICSERV) == 0
            }
        }
        func text(_ characters: [CChar]) -> String {
            String(
                decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) },
                as: UTF8.self)
        }
        guard isKnown, let port = Int(text(service)) else { return nil }
        return (text(host), port)
    }

    // MARK: Bytes

    /// Waits until some of `events` has come; false if none does before `deadline`.
    func waits(
        for events: Int16, before deadline: ContinuousClock.Instant
    ) throws(ProcessError) -> Bool {
        while true {
            let left = (deadline - .now) / .seconds(1)
            guard left > 0 else { return false }
            var entry = pollfd(fd: number, events: events, revents: 0)
            let code = unsafe poll(&entry, 1, Int32(min(left * 1_000, 1_000).rounded(.up)))
            if code > 0 { return true }
            guard code == 0 || errno == EINTR else {
                throw .system(call: "poll", reason: Self.systemReason)
            }
        }
    }

    /// Result of a call that does not wait.
    enum Progress {
        /// So many bytes were moved.
        case moved(Int)
        /// None can be moved now.
        case blocked
        /// The other end is gone.
        case closed
    }

    /// Sends as many of `bytes` as there is room for.
    func send(_ bytes: UnsafeRawBufferPointer) -> Progress {
        #if canImport(Darwin)
            let flags: Int32 = 0
        #else
            let flags = Int32(MSG_NOSIGNAL)
        #endif
        #if canImport(Darwin)
            let sent = unsafe Darwin.send(number, bytes.baseAddress, bytes.count, flags)
        #elseif canImport(Musl)
            let sent = unsafe Musl.send(number, bytes.baseAddress, bytes.count, flags)
        #else
            let sent = unsafe Glibc.send(number, bytes.baseAddress, bytes.count, flags)
        #endif
        if sent >= 0 { return .moved(sent) }
        return [EAGAIN, EWOULDBLOCK, EINTR].contains(errno) ? .blocked : .closed
    }

    /// Receives as many bytes as have come, up to the room that there is.
    func receive(_ bytes: UnsafeMutableRawBufferPointer) -> Progress {
        let count = unsafe recv(number, bytes.baseAddress, bytes.count, 0)
        if count > 0 { return .moved(count) }
        if count == 0 { return .closed }
        return [EAGAIN, EWOULDBLOCK, EINTR].contains(errno) ? .blocked : .closed
    }

    /// Says that nothing more will be sent.
    func endSending() { _ = shutdown(number, Int32(SHUT_WR)) }

    /// The reason of the last call that failed.
    static var systemReason: String { unsafe String(cString: strerror(errno)) }
}
