import Foundation
import Testing
import Tokenization

@testable import Server

@Suite struct PlaygroundWindowsTests {
    private let fixture: PlaygroundFixture
    private var playground: Playground { fixture.playground }

    init() throws { fixture = try PlaygroundFixture() }

    private func windows(
        _ text: String, length: Int, stride: Int
    ) throws -> (ids: [Int], windows: [[String: Any]]) {
        let answer = try object(
            playground.windows(
                body(["model": "mill", "text": text, "length": length, "stride": stride])))
        return (
            try tokens(answer["tokens"]).ids,
            try #require(answer["windows"] as? [[String: Any]])
        )
    }

    @Test func `four tokens have two windows of two`() throws {
        // By hand: "zxzx", of which no two letters are merged.
        let (ids, found) = try windows("zxzx", length: 2, stride: 1)
        #expect(ids.count == 4)
        #expect(found.map { $0["first"] as? Int } == [0, 1])
        #expect(found.map { $0["targets"] as? [Int] } == [[ids[1], ids[2]], [ids[2], ids[3]]])
    }

    @Test func `windows are all that fit, and targets are the inputs shifted by one`() throws {
        for text in ["", "z", "zx", "the mill turns and grinds"] {
            for length in 1...5 {
                for stride in 1...6 {
                    let (ids, found) = try windows(text, length: length, stride: stride)
                    var first = 0
                    var expected: [(Int, [Int])] = []
                    while first + length < ids.count {
                        expected.append((first, (1...length).map { ids[first + $0] }))
                        first += stride
                    }
                    #expect(found.map { $0["first"] as? Int } == expected.map(\.0))
                    #expect(found.map { $0["targets"] as? [Int] } == expected.map(\.1))
                }
            }
        }
    }

    @Test func `numbers that cannot be are refused, and so is too much`() throws {
        for (length, stride, parameter) in [
            (0, 1, "length"), (-1, 1, "length"), (4_097, 1, "length"), (1, 0, "stride"),
            (1, Int.max, "stride"), (Int.min, 1, "length"), (4_096, 1, "stride"),
        ] {
            let data = try body([
                "model": "mill", "text": String(repeating: "zx", count: 8_000), "length": length,
                "stride": stride,
            ])
            let error = refusal { () throws(PlaygroundError) in try playground.windows(data) }
            #expect(error?.parameter == parameter)
        }
    }
}
