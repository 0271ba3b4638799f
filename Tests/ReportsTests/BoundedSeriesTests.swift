import Testing
import Work

@testable import Reports

@Suite struct BoundedSeriesTests {
    @Test(arguments: [0, 1, 2, 999, 1_000])
    func `of few values every one is drawn, in its order`(count: Int) {
        var series = BoundedSeries()
        var generator = RandomGenerator(seed: 3)
        let values = (0..<count).map { _ in generator.normal() }
        for (index, value) in values.enumerated() { series.add(Double(index), value) }
        #expect(series.points().map(\.y) == values)
        #expect(series.points().map(\.x) == (0..<count).map(Double.init))
        #expect(series.last?.y == values.last)
    }

    @Test(arguments: [1_001, 4_096, 4_097, 10_000, 100_003])
    func `of many values few are drawn, and the extremes are among them`(count: Int) {
        var series = BoundedSeries()
        var generator = RandomGenerator(seed: UInt64(count))
        var values = (0..<count).map { _ in generator.normal() }
        // A spike up and a spike down, each of a single step.
        values[count / 3] = 1_000
        values[count / 2] = -1_000
        for (index, value) in values.enumerated() { series.add(Double(index), value) }
        let points = series.points()
        #expect(points.count <= 1_000)
        #expect(points.contains(.init(x: Double(count / 3), y: 1_000)))
        #expect(points.contains(.init(x: Double(count / 2), y: -1_000)))
        #expect(zip(points, points.dropFirst()).allSatisfy { $0.x < $1.x })
        // Every point is one of the values.
        #expect(points.allSatisfy { values[Int($0.x)] == $0.y })
        let mean = values.reduce(0, +) / Double(count)
        #expect(abs((series.mean ?? .nan) - mean) < 1e-9)
        #expect(series.means().count <= 1_000)
    }

    @Test func `what is not finite is left out`() {
        var series = BoundedSeries()
        for value in [1, .nan, Double.infinity, -Double.infinity, 2] { series.add(value, value) }
        #expect(series.points().map(\.y) == [1, 2])
    }

    @Test func `the smoothed curve of equal values is their value`() {
        var smoothing = Smoothing()
        for _ in 0..<5 { #expect(abs(smoothing.add(3.5) - 3.5) < 1e-12) }
        // By hand: 0.9 · 0 + 0.1 · 1, over 0.1; then 0.09 + 0.2, over 0.19.
        var other = Smoothing()
        #expect(abs(other.add(1) - 1) < 1e-12)
        #expect(abs(other.add(2) - 0.29 / 0.19) < 1e-12)
    }
}
