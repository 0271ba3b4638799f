import Testing
import Tokens

@testable import Training

@Suite struct PairAccuracyTests {
    @Test("the distance is the fewest edits, for every short pair of texts")
    func distance() {
        /// The definition, without a table.
        func plain(_ a: ArraySlice<TokenID>, _ b: ArraySlice<TokenID>) -> Int {
            guard let x = a.first else { return b.count }
            guard let y = b.first else { return a.count }
            let (a1, b1) = (a.dropFirst(), b.dropFirst())
            return x == y ? plain(a1, b1) : 1 + min(plain(a1, b), plain(a, b1), plain(a1, b1))
        }
        func texts(_ length: Int) -> [[TokenID]] {
            length == 0 ? [[]] : [[]] + texts(length - 1).flatMap { [$0 + [0], $0 + [1]] }
        }
        for a in texts(4) {
            for b in texts(4) { #expect(PairAccuracy.distance(a, b) == plain(a[...], b[...])) }
        }
    }

    @Test("shares of nothing are nothing")
    func empty() {
        #expect(PairAccuracy().exactShare == 0)
        #expect(PairAccuracy().errorRate == 0)
    }
}
