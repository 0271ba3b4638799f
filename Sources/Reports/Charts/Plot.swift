import Pipeline

/// A chart of curves for the page.
struct Plot {
    /// What stands above it.
    var title: String
    /// A sentence below it; empty for none.
    var note = ""
    /// Meaning and unit of the horizontal axis.
    var xTitle: String
    /// Meaning and unit of the vertical axis.
    var yTitle: String
    /// Spacing along the horizontal axis.
    var xScale = ChartAxis.Scale.linear
    /// Spacing along the vertical axis.
    var yScale = ChartAxis.Scale.linear
    /// Values that the vertical axis covers; nil for all that are drawn.
    var yCovers: [Double]?
    /// The curves.
    var curves: [Curve]
    /// Steps of a run that are marked along the horizontal axis.
    var marks: [Double] = []
    /// Whether steps are along the horizontal axis, instead of which the reader may have tokens,
    /// minutes and operations.
    var isAlongSteps = false
    /// Whether a diagonal is drawn, on which both axes are equal.
    var hasDiagonal = false

    /// A curve.
    struct Curve {
        /// Way in which it is drawn.
        enum Style {
            /// A line.
            case line
            /// A thin line in the background.
            case faint
            /// A line with a mark at each point.
            case marked
        }

        /// Its name; empty where the title says it.
        var name: String
        /// Its points, ascending; at most about a thousand, see ``BoundedSeries``.
        var points: [BoundedSeries.Point]
        /// Way in which it is drawn.
        var style = Style.line
        /// Number of its colour and its dash.
        var number = 0
        /// Number of its run, by which steps become tokens.
        var run = 0
        /// Half of the bar around each point; none where it is empty.
        var errors: [Double] = []
    }

    /// Whether there is nothing to draw.
    var isEmpty: Bool { curves.allSatisfy(\.points.isEmpty) }
}

extension Plot {
    /// The values between the hundredth that is least and that is greatest, behind the first of
    /// `values`: without the fall of the first steps, and without single spikes.
    ///
    /// - Parameter skipped: the share of values at the beginning that are not looked at.
    static func core(_ values: [Double], skipping skipped: Double = 0.1) -> [Double] {
        let rest = values.dropFirst(Int(Double(values.count) * skipped)).filter(\.isFinite).sorted()
        guard rest.count > 4 else { return rest }
        let edge = rest.count / 100
        return [rest[edge], rest[rest.count - 1 - edge]]
    }
}
