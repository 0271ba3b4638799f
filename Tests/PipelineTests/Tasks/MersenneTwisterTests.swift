import Testing

@testable import Pipeline

/// Numbers that Python 3.12 gives for the same calls.
@Suite struct MersenneTwisterTests {
    @Test(
        "seeds of one and two words give Python's bits",
        arguments: [
            (0, [3_626_764_237, 1_654_615_998, 3_255_389_356], 0.890243920837131),
            (1_337, [2_653_228_291, 3_975_144_315, 2_290_358_181], 0.7098799822170164),
            (0xFFFF_FFFF, [2_728_839_433, 2_661_025_012, 872_737_089], 0.21534345751528883),
            (1 << 32, [485_306_839, 1_508_871_100, 1_794_561_286], 0.9347212762883035),
            (
                (1 << 63) + 12_345, [1_308_997_459, 1_668_775_168, 912_389_232],
                0.15495100367090353
            ),
        ] as [(UInt64, [UInt64], Double)])
    func bits(seed: UInt64, words: [UInt64], real: Double) {
        var random = MersenneTwister(seed: seed)
        #expect((0..<3).map { _ in random.bits(32) } == words)
        #expect(random.real() == real)
    }

    @Test func `numbers of more than one word begin with the low one`() {
        var random = MersenneTwister(seed: 1_234)
        for _ in 0..<3 { _ = random.bits(32) }
        _ = random.real()
        #expect(random.bits(5) == 2)
        #expect(random.bits(50) == 1_061_200_137_140_336)
        #expect(random.bits(64) == 14_886_566_920_684_039_889)
    }

    @Test func `the state is stirred anew after 624 words`() {
        var random = MersenneTwister(seed: 3)
        for _ in 0..<1_000 { _ = random.real() }
        #expect(random.real() == 0.20235759117000895)
    }

    @Test func `numbers below a bound are Python's`() {
        var random = MersenneTwister(seed: 7)
        let bounds = [1, 2, 3, 10, 255, 256, 257, 1 << 40, 1 << 62]
        #expect(
            bounds.map { random.below($0) }
                == [0, 0, 1, 0, 18, 48, 187, 127_057_107_037, 345_836_454_132_741_580])
    }

    @Test func `an order is Python's`() {
        var random = MersenneTwister(seed: 1_337)
        var numbers = Array(0..<20)
        random.shuffle(&numbers)
        #expect(
            numbers == [13, 1, 2, 9, 7, 8, 0, 18, 3, 14, 4, 16, 12, 15, 6, 10, 5, 11, 17, 19])
    }

    @Test(
        "samples are Python's, from a pool and from a set",
        arguments: [
            (10, [7, 1, 0]), (21, [14, 3, 0, 2, 1]), (22, [14, 3, 0, 2, 18]),
            (100, [99, 56, 14, 0, 11]), (85, [56, 14, 0, 11, 74, 4]),
            (1_000, [989, 796, 451, 119, 7, 92, 932, 965, 961, 826]), (5, [3, 0, 4, 2, 1]),
            (
                300,
                [
                    225, 59, 3, 46, 298, 17, 42, 50, 181, 121, 8, 15, 177, 247, 237, 76, 93, 58, 7,
                    257,
                ]
            ),
        ])
    func sample(count: Int, expected: [Int]) {
        var random = MersenneTwister(seed: 1_234)
        #expect(random.sample(expected.count, of: count) == expected)
    }
}
