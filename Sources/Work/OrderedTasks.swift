import Synchronization

/// Work done in tasks of a group, whose results are taken in the order in which the work was given.
///
/// At most `width` tasks run at once, and at most twice as many results are under way, so memory is
/// bounded by their size. With a width of one everything happens on the calling task.
package struct OrderedTasks<Result: Sendable> {
    package typealias Group = ThrowingTaskGroup<(number: Int, result: Result), any Error>

    private let width: Int
    private var waiting: [Int: Result] = [:]
    private var (givenCount, finishedCount, takenCount) = (0, 0, 0)

    /// No work yet.
    package init(width: Int) { self.width = width }

    /// Adds work, after having waited for room for it.
    ///
    /// - Parameter take: takes each result that is there, in order.
    package mutating func add(
        to group: inout Group, _ work: @escaping @Sendable () throws -> Result,
        take: (Result) async throws -> Void
    ) async throws {
        guard width > 1 else {
            try await take(try work())
            return
        }
        while givenCount - finishedCount >= width || givenCount - takenCount >= 2 * width,
            let finished = try await group.next()
        {
            try await settle(finished, take)
        }
        let number = givenCount
        group.addTask { (number, try work()) }
        givenCount += 1
    }

    /// Waits for all work.
    package mutating func finish(
        _ group: inout Group, take: (Result) async throws -> Void
    ) async throws {
        while let finished = try await group.next() { try await settle(finished, take) }
    }

    private mutating func settle(
        _ finished: (number: Int, result: Result), _ take: (Result) async throws -> Void
    ) async throws {
        waiting[finished.number] = finished.result
        finishedCount += 1
        while let next = waiting.removeValue(forKey: takenCount) {
            takenCount += 1
            try await take(next)
        }
    }
}

/// Tools that are costly to make and serve one task at a time: encoders, counters.
///
/// Unchecked, because an item is in the pool or with the one task that took it, never both.
package final class Pool<Item>: @unchecked Sendable {
    private let items = Mutex<[Unchecked]>([])
    private let make: @Sendable () -> Item

    private struct Unchecked: @unchecked Sendable { let item: Item }

    package init(_ make: @escaping @Sendable () -> Item) { self.make = make }

    /// Lends an item to `body`.
    package func withItem<Result>(_ body: (Item) throws -> Result) rethrows -> Result {
        let item = items.withLock { $0.popLast() }?.item ?? make()
        defer {
            let back = Unchecked(item: item)
            items.withLock { $0.append(back) }
        }
        return try body(item)
    }

    /// Every item, when all tasks are done.
    package func drain() -> [Item] {
        items.withLock { items in
            defer { items.removeAll() }
            return items
        }.map(\.item)
    }
}
