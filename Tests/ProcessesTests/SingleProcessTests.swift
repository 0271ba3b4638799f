import Processes
import Testing

@Suite struct SingleProcessTests {
    @Test func `one process alone has everything already`() throws {
        let group = SingleProcess()
        #expect(group.rank == 0 && group.count == 1)
        var floats: [Float] = [1, -0.0, .infinity]
        var span = floats.mutableSpan
        let all = Division([[0..<3]])
        try group.sum(&span, into: all)
        try group.share(&span, of: all)
        try group.move(&span, from: all, to: Division([[1..<2]]))
        #expect(floats.map(\.bitPattern) == [1, -0.0, .infinity].map { Float($0).bitPattern })
        #expect(try group.share([4, 5], counts: [2]) == [4, 5])
        #expect(try group.gather([1, 2, 3]) == [[1, 2, 3]])
        #expect(try group.broadcast([9]) == [9])
        try group.barrier()
        try group.finish()
    }
}
