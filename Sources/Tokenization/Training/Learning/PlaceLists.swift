/// The lists of all pairs' places, one after another.
struct PlaceLists: ~Copyable {
    private var buffer: OwnedBuffer<UInt32>
    private(set) var count = 0

    init(capacity: Int) {
        buffer = OwnedBuffer(uninitializedCount: capacity)
    }

    var view: BufferView<UInt32> { buffer.view }

    mutating func reserve(_ size: Int) -> UInt32 {
        defer { count += size }
        return UInt32(count)
    }

    mutating func makeRoom(for size: Int) {
        guard count + size > view.count else { return }
        let grown = OwnedBuffer<UInt32>(uninitializedCount: (count + size) * 2)
        for index in 0..<count { grown.view[index] = view[index] }
        buffer = grown
    }
}
