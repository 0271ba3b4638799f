import Testing
import Work

@testable import Refinement

@Suite struct SparseUnionFindTests {
    @Test(arguments: [4, 40, 4_000])
    func `sets are those of the plain one`(count: Int) {
        var random = SplitMix64(seed: UInt64(count))
        var plain = UnionFind(count: count)
        var sparse = SparseUnionFind()
        // Far apart, as documents with others are among many.
        func number(_ place: Int) -> UInt64 { UInt64(place) * 1_000_003 }
        for _ in 0..<count {
            let one = Int.random(in: 0..<count, using: &random)
            let other = Int.random(in: 0..<count, using: &random)
            #expect(sparse.root(of: number(one)) == number(plain.root(of: one)))
            plain.unite(one, other)
            sparse.unite(number(one), number(other))
        }
        for place in 0..<count {
            #expect(sparse.root(of: number(place)) == number(plain.root(of: place)))
        }
        #expect(Set(sparse.members).count == sparse.members.count)
        #expect(sparse.members.count <= count)
    }

    @Test func `a number that was never united takes no memory`() {
        var sets = SparseUnionFind()
        let byteCount = sets.byteCount
        #expect(sets.root(of: 7) == 7)
        #expect(sets.members.isEmpty && sets.byteCount == byteCount)
    }
}
