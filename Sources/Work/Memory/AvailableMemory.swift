import CKernels
import Foundation

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#endif

/// Memory that the machine has to give to this process.
package enum AvailableMemory {
    /// One of the bounds of memory: what is left below it, and its name for a person.
    package struct Bound: Equatable, Sendable {
        /// Bytes that are left.
        package let byteCount: Int
        /// Who sets it, such as "ulimit -v".
        package let name: String
    }

    /// Bytes that new work can have without others being pushed out: the least that the kernel's
    /// estimate, the control groups and the limits of the process leave; all memory where nothing
    /// is known.
    package static var byteCount: Int { tightest.byteCount }

    /// The bound that leaves least.
    package static var tightest: Bound {
        let physical = Int(clamping: ProcessInfo.processInfo.physicalMemory)
        let estimate = SystemText.number(in: "/proc/meminfo", after: "MemAvailable:")
        let machine = Bound(
            byteCount: estimate.map { $0 * 1_024 } ?? physical, name: "the machine's free memory")
        let bounds = [machine] + MemoryGroups().bounds + processBounds
        return bounds.min { $0.byteCount < $1.byteCount } ?? machine
    }

    /// Bounds of `ulimit -v` and `ulimit -d`, less what the process has of either.
    private static var processBounds: [Bound] {
        let pages = SystemText.text(of: "/proc/self/statm")?.split(separator: " ").map { Int($0) }
        func used(_ field: Int) -> Int {
            guard let pages, pages.count > field, let count = pages[field] else { return 0 }
            return count * Int(sysconf(Int32(_SC_PAGESIZE)))
        }
        return limits.map { Bound(byteCount: max(0, $0.byteCount - used($0.field)), name: $0.name) }
    }

    /// Limits of the process's address space and of its data that are set, and the field of
    /// `/proc/self/statm` that counts against each.
    private static var limits: [(byteCount: Int, name: String, field: Int)] {
        var limits: [(byteCount: Int, name: String, field: Int)] = []
        var limit = rlimit()
        #if canImport(Glibc)
            let (space, data) = (Int32(RLIMIT_AS.rawValue), Int32(RLIMIT_DATA.rawValue))
        #else
            let (space, data) = (RLIMIT_AS, RLIMIT_DATA)
        #endif
        for (resource, name, field) in [(space, "ulimit -v", 0), (data, "ulimit -d", 5)] {
            guard unsafe getrlimit(resource, &limit) == 0, limit.rlim_cur < rlim_t(Int.max >> 1)
            else { continue }
            limits.append((Int(limit.rlim_cur), name, field))
        }
        return limits
    }

    /// Makes the program ready for `ulimit -v` and `ulimit -d`, if one is set: address space is
    /// spared, and an allocation that fails where nothing can be thrown ends the process with a
    /// sentence instead of a signal. Call it first, from the program alone.
    ///
    /// - Returns: what is missing for any work, as a sentence; nil if nothing is.
    package static func prepareForProcessLimits() -> String? {
        let texts = limits.map { "\($0.name) \($0.byteCount / 1_024)" }
        guard !texts.isEmpty else { return nil }
        qk_spare_addresses()
        let bounds = texts.joined(separator: " and ")
        unsafe qk_end_faults_with(
            "Error: out of memory under \(bounds), or a fault for want of it; allow more, or use "
                + "fewer threads\n")
        // Threads that cannot be started are waited for without an end.
        guard let least = processBounds.min(by: { $0.byteCount < $1.byteCount }),
            least.byteCount < leastByteCount
        else { return nil }
        return
            "\(least.name) leaves \(ByteSize(byteCount: (least.byteCount >> 20) << 20)) of memory, "
            + "and any work takes \(ByteSize(byteCount: leastByteCount)); allow more"
    }

    /// Memory without which no work is begun.
    private static let leastByteCount = 24 << 20

    /// Gives back to the system what the allocator keeps of freed memory: between kinds of work
    /// that hold much, each its own.
    package static func giveBack() { qk_trim_memory() }

    /// As many of `wanted` threads as there is memory for, at least one.
    package static func threadCount(_ wanted: Int) -> Int {
        max(1, min(wanted, byteCount / threadByteCount))
    }

    /// Memory that a thread's stack, caches and documents may take.
    private static let threadByteCount = 96 << 20

    /// Need of less is not compared with what there is.
    private static let smallByteCount = 4 << 20

    /// Throws unless there is so much memory.
    ///
    /// - Parameters:
    ///   - needed: bytes.
    ///   - purpose: what they are for, such as "the model's parameters".
    ///   - advice: what else can be done than giving more memory.
    package static func require(
        _ needed: Int, for purpose: String, advice: String
    ) throws(MemoryShortage) {
        guard needed > smallByteCount else { return }
        let bound = tightest
        guard needed > bound.byteCount else { return }
        throw MemoryShortage(
            purpose: purpose, needed: ByteSize(byteCount: needed).roundedUp,
            available: ByteSize(byteCount: (bound.byteCount >> 20) << 20), bound: bound.name,
            advice: advice)
    }
}

/// Need of more memory than there is.
public struct MemoryShortage: Error, Equatable, Sendable, CustomStringConvertible {
    /// Use of the memory.
    public let purpose: String
    /// Memory that it takes.
    public let needed: ByteSize
    /// Memory that is left.
    public let available: ByteSize
    /// Bound that leaves no more, such as "ulimit -v".
    public let bound: String
    /// What else can be done than giving more memory.
    public let advice: String

    /// One sentence for a person.
    public var description: String {
        "\(purpose) takes \(needed) of memory, and \(bound) leaves \(available); allow more, or "
            + advice
    }
}
