import Foundation

/// An axis of a chart: what it covers, where its ticks stand, and where a value lies on it.
package struct ChartAxis: Equatable {
    /// Spacing of values along an axis.
    package enum Scale: Sendable {
        /// Equal steps for equal differences, with ticks at 1, 2 or 5 times a power of ten.
        case linear
        /// Equal steps for equal factors, with ticks at powers of two.
        case logarithmic
        /// The same, with ticks at powers of ten.
        case decades
    }

    package let scale: Scale
    /// Values that have a tick, ascending; the first and the last bound the axis.
    package let ticks: [Double]

    /// An axis that covers `values` with about `tickCount` ticks.
    ///
    /// What is not finite is left out, and of a logarithmic axis what is not positive.
    package init(_ scale: Scale, covering values: [Double], tickCount: Int = 6) {
        self.scale = scale
        let values = values.filter { $0.isFinite && (scale == .linear || $0 > 0) }
        let (low, high) = (values.min() ?? 1, values.max() ?? 2)
        switch scale {
        case .linear:
            let step = Self.step(for: (high - low) / Double(max(tickCount - 1, 1)))
            let first = (low / step).rounded(.down)
            let last = max((high / step).rounded(.up), first + 1)
            ticks = (0...Int(last - first)).map { (first + Double($0)) * step }
        case .decades:
            let first = log10(low).rounded(.down)
            let last = max(log10(high).rounded(.up), first + 1)
            let stride = Int(((last - first) / 12).rounded(.up))
            let count = (Int(last - first) + stride - 1) / stride
            ticks = (0...count).map { pow(10, first + Double($0 * stride)) }
        case .logarithmic:
            let first = log2(low).rounded(.down)
            let last = max(log2(high).rounded(.up), first + 1)
            // Every second power where there are too many, and so on.
            let stride = Int(((last - first) / 12).rounded(.up))
            let count = (Int(last - first) + stride - 1) / stride
            ticks = (0...count).map { exp2(first + Double($0 * stride)) }
        }
    }

    /// The smallest of 1, 2 and 5 times a power of ten that is at least `span`.
    private static func step(for span: Double) -> Double {
        guard span > 0 else { return 1 }
        let power = pow(10, log10(span).rounded(.down))
        return [1, 2, 5, 10].map { $0 * power }.first { $0 >= span * 0.999_999 } ?? 10 * power
    }

    /// The place of `value`, from 0 at the first tick to 1 at the last.
    package func share(of value: Double) -> Double {
        let (low, high) = (ticks[0], ticks[ticks.count - 1])
        return switch scale {
        case .linear: (value - low) / (high - low)
        case .logarithmic, .decades: log2(value / low) / log2(high / low)
        }
    }

    /// Text of a tick, with as many digits behind the point as tell the ticks apart.
    package func label(_ tick: Double) -> String {
        let step = ticks[1] - ticks[0]
        let digits =
            scale != .linear ? 0 : max(0, Int(-log10(step * 1.000_001).rounded(.down)))
        let isSmall = scale != .linear && tick < 1
        return isSmall ? String(format: "%g", tick) : String(format: "%.\(digits)f", tick)
    }
}
