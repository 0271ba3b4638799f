#if Server
    import Foundation
    import Testing

    @testable import Server

    #if canImport(Glibc)
        import Glibc
    #elseif canImport(Darwin)
        import Darwin
    #elseif canImport(Musl)
        import Musl
    #endif

    /// Connection to a server on this machine, on which any bytes can be sent.
    ///
    /// Unchecked: a test uses it from one place at a time.
    final class RawConnection: @unchecked Sendable {
        private let descriptor: Int32
        private var received: [UInt8] = []
        private var isAtEnd = false
        private var isClosed = false

        /// Nothing listens at the port.
        struct Refused: Error {
            let reason: String
        }

        init(port: Int) throws {
            #if canImport(Glibc)
                descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            #else
                descriptor = socket(AF_INET, SOCK_STREAM, 0)
            #endif
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_port = in_port_t(port).bigEndian
            address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            // A client that waits for ever is a test that does.
            var time = timeval(tv_sec: 120, tv_usec: 0)
            setsockopt(
                descriptor, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
            let status = withUnsafePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
                }
            }
            guard status == 0 else { throw Refused(reason: String(cString: strerror(errno))) }
        }

        deinit { close() }

        func close() {
            guard !isClosed else { return }
            isClosed = true
            #if canImport(Glibc)
                _ = Glibc.close(descriptor)
            #elseif canImport(Darwin)
                _ = Darwin.close(descriptor)
            #else
                _ = Musl.close(descriptor)
            #endif
        }

        /// Says all it will say.
        func closeOutput() { shutdown(descriptor, Int32(SHUT_WR)) }

        /// Sends all of `text`; false where the other side takes no more.
        @discardableResult func send(_ text: String) -> Bool {
            let bytes = Array(text.utf8)
            var start = 0
            while start < bytes.count {
                let count = bytes[start...].withUnsafeBytes {
                    Foundation.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                start += count
            }
            return true
        }

        /// The next answer; nil where the connection ends before one.
        func answer(toHead isHead: Bool = false) async throws -> RawAnswer? {
            try await BlockingWork.result { try self.readAnswer(isHead) }.get()
        }

        /// Everything until the connection ends.
        func rest() async throws -> [UInt8] {
            try await BlockingWork.result {
                while try self.readMore() {}
                defer { self.received = [] }
                return self.received
            }.get()
        }

        /// Bytes until `text` is among them.
        func read(until text: String) async throws {
            try await BlockingWork.result {
                while self.received.firstRange(of: Array(text.utf8)) == nil {
                    try #require(try self.readMore(), "the connection ended before \(text)")
                }
            }.get()
        }

        private func readMore() throws -> Bool {
            guard !isAtEnd else { return false }
            var buffer = [UInt8](repeating: 0, count: 1 << 16)
            let count = recv(descriptor, &buffer, buffer.count, 0)
            if count < 0, errno == EAGAIN {
                Issue.record(
                    "nothing came for 120 s; so far: \(String(decoding: received, as: UTF8.self))")
                throw CancellationError()
            }
            isAtEnd = count <= 0
            if count > 0 { received += buffer[..<count] }
            return !isAtEnd
        }

        private func readAnswer(_ isHead: Bool) throws -> RawAnswer? {
            let mark = Array("\r\n\r\n".utf8)
            var end = received.firstRange(of: mark)
            while end == nil {
                guard try readMore() else { return nil }
                end = received.firstRange(of: mark)
            }
            let head = String(decoding: received[..<end!.lowerBound], as: UTF8.self)
            received.removeFirst(end!.upperBound)
            var answer = try RawAnswer(head: head)
            if answer.status < 200 { return answer }
            if isHead || answer.status == 204 { return answer }
            if let length = answer.headers["content-length"].flatMap({ Int($0) }) {
                while received.count < length { try #require(try readMore()) }
                answer.body = Array(received.prefix(length))
                received.removeFirst(length)
            } else if answer.headers["transfer-encoding"] == "chunked" {
                while let chunk = try readChunk() { answer.body += chunk }
            } else {
                while try readMore() {}
                (answer.body, received) = (received, [])
            }
            return answer
        }

        private func readChunk() throws -> [UInt8]? {
            let lineEnd = Array("\r\n".utf8)
            while received.firstRange(of: lineEnd) == nil { try #require(try readMore()) }
            let line = received.firstRange(of: lineEnd)!
            let size = String(decoding: received[..<line.lowerBound], as: UTF8.self)
            let count = try #require(Int(size, radix: 16))
            received.removeFirst(line.upperBound)
            while received.count < count + 2 { try #require(try readMore()) }
            defer { received.removeFirst(count + 2) }
            return count == 0 ? nil : Array(received.prefix(count))
        }
    }

    /// Answer of a server.
    struct RawAnswer {
        let status: Int
        /// By names in small letters.
        let headers: [String: String]
        let version: String
        var body: [UInt8] = []

        init(head: String) throws {
            var lines = head.components(separatedBy: "\r\n")
            let first = lines.removeFirst().split(separator: " ")
            version = String(try #require(first.first))
            status = try #require(Int(first[1]))
            headers = Dictionary(
                lines.map { line in
                    let parts = line.split(separator: ":", maxSplits: 1)
                    return (
                        parts[0].lowercased(),
                        parts[1].trimmingCharacters(in: .whitespaces)
                    )
                }, uniquingKeysWith: { "\($0), \($1)" })
        }

        var text: String { String(decoding: body, as: UTF8.self) }

        /// The value at a path of keys and numbers, such as "choices.0.text".
        func value(_ path: String) throws -> Any? {
            try Self.value(path, in: JSONSerialization.jsonObject(with: Data(body)))
        }

        static func value(_ path: String, in json: Any) -> Any? {
            path.split(separator: ".").reduce(json as Any?) { value, key in
                if let list = value as? [Any], let index = Int(key) {
                    return list.indices.contains(index) ? list[index] : nil
                }
                let member = (value as? [String: Any])?[String(key)]
                return member is NSNull ? nil : member
            }
        }

        /// The data of the events in the body, without the one behind the last.
        func events() throws -> [Any] {
            let lines = text.components(separatedBy: "\n\n").filter { !$0.isEmpty }
            return try lines.filter { $0.hasPrefix("data: {") }.map {
                try JSONSerialization.jsonObject(with: Data($0.dropFirst(6).utf8))
            }
        }
    }

    /// A port that nothing listens at.
    enum FreePort {
        static func take() throws -> Int {
            #if canImport(Glibc)
                let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            #else
                let descriptor = socket(AF_INET, SOCK_STREAM, 0)
            #endif
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let status = withUnsafeMutablePointer(to: &address) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                    bind(descriptor, $0, length) + getsockname(descriptor, $0, &length)
                }
            }
            try #require(status == 0)
            shutdown(descriptor, Int32(SHUT_RDWR))
            #if canImport(Glibc)
                _ = Glibc.close(descriptor)
            #elseif canImport(Darwin)
                _ = Darwin.close(descriptor)
            #else
                _ = Musl.close(descriptor)
            #endif
            return Int(in_port_t(bigEndian: address.sin_port))
        }
    }
#endif
