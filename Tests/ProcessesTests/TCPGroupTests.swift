import Bytes
import Foundation
import Testing
import Work

@testable import Processes

@Suite struct TCPGroupTests {
    @Test(arguments: [2, 3, 4, 5, 8])
    func `all ranks meet and tell each other what they have`(count: Int) throws {
        let results = try LoopbackGroups.run(count) { group in
            #expect(group.count == count)
            let counts = (0..<count).map { $0 + 1 }
            let numbers = try group.share(
                (0...group.rank).map { Double(10 * group.rank + $0) }, counts: counts)
            let texts = try group.gather(
                Array(String(repeating: "x", count: 3 * group.rank).utf8))
            let word = try group.broadcast(group.rank == 0 ? Array("begin".utf8) : [])
            return (group.rank, numbers, texts.map(\.count), String(decoding: word, as: UTF8.self))
        }
        let expected = (0..<count).flatMap { rank in (0...rank).map { Double(10 * rank + $0) } }
        for (rank, result) in results.enumerated() {
            let (own, numbers, lengths, word) = try result.get()
            #expect(own == rank)
            #expect(numbers == expected)
            #expect(lengths == (0..<count).map { 3 * $0 })
            #expect(word == "begin")
        }
    }

    /// The system may choose the port that is asked for as the other end's own.
    @Test func `a process does not meet itself at a port where nobody listens`() throws {
        let listener = try TCPSocket.listening(host: "127.0.0.1", port: 0)
        // Connections begin at even ports as long as there are any.
        var port = try #require(listener.port) & ~1
        while (try? TCPSocket.connecting(host: "127.0.0.1", port: port)) != nil { port -= 2 }
        let metCount = (0..<40_000).count { _ in
            (try? TCPSocket.connecting(host: "127.0.0.1", port: port)) != nil
        }
        #expect(metCount == 0)
    }

    /// Parts of very different sizes, so that every other order of addition gives other bits.
    private static func part(_ rank: Int, _ floatCount: Int) -> [Float] {
        var generator = RandomGenerator(seed: UInt64(rank) + 1)
        return (0..<floatCount).map { _ in
            let size = Float(sign: .plus, exponent: Int(generator.next() % 20), significand: 1)
            return Float(generator.normal()) * size
        }
    }

    /// ((0+1)+(2+3))+…, written down as a recursion.
    private static func tree(_ parts: ArraySlice<[Float]>, width: Int) -> [Float]? {
        guard let first = parts.first else { return nil }
        guard width > 1 else { return first }
        let middle = min(parts.startIndex + width / 2, parts.endIndex)
        guard let lower = tree(parts[..<middle], width: width / 2) else { return nil }
        guard let upper = tree(parts[middle...], width: width / 2) else { return lower }
        return zip(lower, upper).map { $0 + $1 }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 8], [1, 1_000, 300_001])
    func `a sum is the tree over the ranks, bit for bit`(count: Int, floatCount: Int) throws {
        // Two ranges for each rank, of different lengths, of which some are empty.
        let cuts = (0...2 * count).map { floatCount * $0 * $0 / (4 * count * count) }
        let division = Division(
            (0..<count).map { rank in
                [rank, 2 * count - 1 - rank].map { cuts[$0]..<cuts[$0 + 1] }
            })
        let results = try LoopbackGroups.run(count) { group in
            var floats = Self.part(group.rank, floatCount)
            var span = floats.mutableSpan
            try group.sum(&span, into: division)
            let before = Self.part(group.rank, floatCount)
            for other in division.ranges.indices where other != group.rank {
                for range in division.ranges[other] {
                    let isSame = range.allSatisfy { span[$0].bitPattern == before[$0].bitPattern }
                    #expect(isSame)
                }
            }
            try group.share(&span, of: division)
            return floats
        }
        let parts = (0..<count).map { Self.part($0, floatCount) }
        let expected = try #require(Self.tree(parts[...], width: 8)).map(\.bitPattern)
        for result in results { #expect(try result.get().map(\.bitPattern) == expected) }
        if count > 3, floatCount > 1 {
            let chain = parts.dropFirst().reduce(parts[0]) { zip($0, $1).map { $0 + $1 } }
            #expect(chain.map(\.bitPattern) != expected, "the parts tell orders apart")
        }
    }

    @Test(arguments: [1, 2, 3, 8], [1, 1_000, 600_001])
    func `a sum of rounded parts is the tree over them`(count: Int, floatCount: Int) throws {
        let cuts = (0...count).map { floatCount * $0 / count }
        let division = Division((0..<count).map { [cuts[$0]..<cuts[$0 + 1]] })
        let results = try LoopbackGroups.run(count) { group in
            var floats = Self.part(group.rank, floatCount)
            var span = floats.mutableSpan
            try group.sum(&span, into: division, as: .bfloat16)
            let own = division.ranges[group.rank][0].map { span[$0].bitPattern }
            try group.share(&span, of: division, as: .bfloat16)
            return (own, floats.map(\.bitPattern))
        }
        // One process alone sends nothing, and rounds nothing.
        func sent(_ float: Float) -> Float {
            count == 1
                ? float : HalfPrecision.float(bfloat16: HalfPrecision.bfloat16(float))
        }
        let parts = (0..<count).map { Self.part($0, floatCount).map(sent) }
        let sums = try #require(Self.tree(parts[...], width: 8))
        let shared = sums.map { sent($0).bitPattern }
        for (rank, result) in results.enumerated() {
            let (own, all) = try result.get()
            #expect(own == division.ranges[rank][0].map { sums[$0].bitPattern })
            #expect(all == shared)
        }
    }

    @Test func `floats move between two divisions of a buffer`() throws {
        let owned = Division([[0..<10], [10..<20, 28..<30], [20..<28], []])
        let wanted = Division([[0..<4, 19..<21], [4..<13], [13..<19, 21..<25], [25..<30]])
        #expect(wanted.count(of: 2) == 10)
        let results = try LoopbackGroups.run(4) { group in
            var floats = (0..<30).map { place in
                owned.ranges[group.rank].contains { $0.contains(place) } ? Float(place) : -1
            }
            var span = floats.mutableSpan
            try group.move(&span, from: owned, to: wanted)
            return floats
        }
        for (rank, result) in results.enumerated() {
            let floats = try result.get()
            for place in wanted.ranges[rank].joined() { #expect(floats[place] == Float(place)) }
        }
    }

    @Test func `rank 0 receives what another sends`() throws {
        let floats = Self.part(7, 300_000)
        let results = try LoopbackGroups.run(3) { group -> [Float] in
            if group.rank == 2 { try group.send(floats.span) }
            guard group.rank == 0 else { return [] }
            var room = [Float](repeating: 0, count: floats.count)
            var span = room.mutableSpan
            try group.receive(0..<floats.count, of: &span, from: 2)
            return room
        }
        #expect(try results[0].get() == floats)
    }

    // MARK: Ends

    @Test func `a rank that ends is named by all others`() throws {
        struct Sudden: Error {}
        let results = try LoopbackGroups.run(4) { group in
            try group.barrier()
            if group.rank == 2 { throw Sudden() }
            for _ in 0..<3 { try group.barrier() }
        }
        for (rank, result) in results.enumerated() where rank != 2 {
            #expect(throws: ProcessError.ended(rank: 2)) { try result.get() }
        }
    }

    @Test func `the end of a rank is told to one that waits for nobody`() throws {
        let port = try LoopbackGroups.freePort()
        let told = Monitor<Int?>(nil)
        let isReady = Monitor(false)
        WorkerThread.start(named: "rank 1") {
            let group = try? TCPGroup(
                rank: 1, count: 2, host: "127.0.0.1", port: port, secret: LoopbackGroups.secret,
                watchdogSeconds: 30)
            _ = isReady.wait { $0 ? true : nil }
            // Nobody holds its connections any more.
            withExtendedLifetime(group) {}
        }
        let group = try TCPGroup(
            rank: 0, count: 2, host: "127.0.0.1", port: port, secret: LoopbackGroups.secret,
            watchdogSeconds: 30
        ) { rank in
            told.withLock { $0 = rank }
            told.notifyAll()
        }
        isReady.withLock { $0 = true }
        isReady.notifyAll()
        #expect(told.wait { $0 } == 1)
        withExtendedLifetime(group) {}
    }

    @Test func `a rank that hangs is named after the time of the watchdog`() throws {
        let start = ContinuousClock.now
        let results = try LoopbackGroups.run(3, watchdogSeconds: 2) { group in
            try group.barrier()
            if group.rank == 1 { Thread.sleep(forTimeInterval: 6) }
            try group.barrier()
        }
        #expect(ContinuousClock.now - start < .seconds(20))
        for rank in [0, 2] {
            let error = #expect(throws: ProcessError.self) { try results[rank].get() }
            // The one of them that gave up first may have told the other.
            #expect(error?.culprit == 1)
        }
    }

    @Test func `who waits without an end waits longer than the watchdog`() throws {
        let results = try LoopbackGroups.run(2, watchdogSeconds: 1) { group in
            if group.rank == 0 { Thread.sleep(forTimeInterval: 2.5) }
            return try group.broadcast([7], patience: group.rank == 0 ? .watched : .unlimited)
        }
        for result in results { #expect(try result.get() == [7]) }
    }

    @Test func `ranks that do different things say so`() throws {
        let results = try LoopbackGroups.run(2) { group in
            _ = try group.share(
                [Double](repeating: 1, count: 1 + group.rank),
                counts: group.rank == 0 ? [1, 1] : [2, 2])
        }
        let errors = results.compactMap { result -> ProcessError? in
            if case .failure(let error) = result { error as? ProcessError } else { nil }
        }
        #expect(errors.contains { if case .outOfStep = $0 { true } else { false } })
    }

    // MARK: Strangers

    @Test func `a process with another secret stays outside`() throws {
        let results = try LoopbackGroups.run(
            2, watchdogSeconds: 3,
            secretOf: { rank in
                rank == 0 ? LoopbackGroups.secret : Array("a secret of other tests".utf8)
            }
        ) { try $0.barrier() }
        #expect(throws: ProcessError.missing(ranks: [1], seconds: 3)) { try results[0].get() }
        let error = #expect(throws: ProcessError.self) { try results[1].get() }
        #expect(error?.description.contains("it has another secret") == true)
    }

    @Test func `a short secret is none`() {
        #expect(throws: ProcessError.self) {
            try TCPGroup(
                rank: 0, count: 2, host: "127.0.0.1", port: 1, secret: Array("short".utf8),
                watchdogSeconds: 1)
        }
    }

    @Test func `strangers that send anything at all change nothing`() throws {
        let port = try LoopbackGroups.freePort()
        WorkerThread.start(named: "strangers") {
            var generator = RandomGenerator(seed: 5)
            for number in 0..<60 {
                let stranger = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
                var address = sockaddr_in()
                address.sin_family = sa_family_t(AF_INET)
                address.sin_addr.s_addr = inet_addr("127.0.0.1")
                address.sin_port = UInt16(port).bigEndian
                let isConnected = withUnsafePointer(to: &address) { pointer in
                    pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                        connect(stranger, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
                    }
                }
                var bytes = (0..<Int(generator.next() % 200)).map { _ in
                    UInt8(truncatingIfNeeded: generator.next())
                }
                // Some know how a connection begins.
                if number % 2 == 0 { bytes = Array("QUERNP01".utf8) + bytes }
                let flags = Int32(MSG_NOSIGNAL)
                if isConnected { _ = send(stranger, bytes, bytes.count, flags) }
                close(stranger)
                usleep(2_000)
            }
        }
        let results = try LoopbackGroups.run(3, port: port) { group in
            try group.share([Double(group.rank)], counts: [1, 1, 1])
        }
        for result in results { #expect(try result.get() == [0, 1, 2]) }
    }

    @Test func `two processes of one rank are not taken for two`() throws {
        let port = try LoopbackGroups.freePort()
        let outcome = Monitor<[ProcessError]>([])
        for _ in 0..<2 {
            WorkerThread.start(named: "rank 1") {
                do throws(ProcessError) {
                    _ = try TCPGroup(
                        rank: 1, count: 3, host: "127.0.0.1", port: port,
                        secret: LoopbackGroups.secret, watchdogSeconds: 3)
                } catch {
                    outcome.withLock { $0.append(error) }
                    outcome.notifyAll()
                }
            }
        }
        #expect(throws: ProcessError.missing(ranks: [2], seconds: 3)) {
            try TCPGroup(
                rank: 0, count: 3, host: "127.0.0.1", port: port, secret: LoopbackGroups.secret,
                watchdogSeconds: 3)
        }
        let errors = outcome.wait { $0.count == 2 ? $0 : nil }
        #expect(errors.contains { $0.description.contains("another process has come as rank 1") })
    }
}
