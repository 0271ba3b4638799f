/// Finds the steps whose loss or gradient is far outside of what came before.
///
/// One broken document can undo hours of training: its gradient is hundreds of times as long as the
/// others, and the optimizer's running means remember it. The last values of both figures are kept,
/// those of skipped steps included, so that a lasting change is an outlier for a while only.
public struct OutlierDetector: Codable, Equatable, Sendable {
    /// Reason for which a step is not taken.
    public enum Finding: Codable, Equatable, Sendable {
        /// The loss or the gradient's norm is not a number, or infinite.
        case notFinite
        /// The loss lies so many standard deviations above the mean of the last steps.
        case loss(deviations: Double)
        /// The gradient's norm does.
        case gradientNorm(deviations: Double)
    }

    /// Steps that are remembered.
    static let windowSize = 128
    /// Steps after which there is enough to compare with.
    static let neededCount = 64

    private var losses: [Double] = []
    private var gradientNorms: [Double] = []

    init() {}

    enum CodingKeys: String, CodingKey {
        case losses
        case gradientNorms = "gradient_norms"
    }

    /// Whether what is remembered is what ``check(loss:gradientNorm:limit:)`` can have remembered.
    var isSound: Bool {
        [losses, gradientNorms].allSatisfy { values in
            values.count <= Self.windowSize && values.allSatisfy(\.isFinite)
        }
    }

    /// Fault of a step, if there is one; remembers the step's figures. O(window).
    ///
    /// - Parameter limit: the standard deviations above the mean from which on a figure is an
    ///   outlier; 0 for none.
    mutating func check(loss: Double, gradientNorm: Double, limit: Double) -> Finding? {
        guard loss.isFinite, gradientNorm.isFinite else { return .notFinite }
        guard limit > 0 else { return nil }
        defer {
            Self.append(loss, to: &losses)
            Self.append(gradientNorm, to: &gradientNorms)
        }
        if let deviations = Self.deviations(of: loss, in: losses), deviations > limit {
            return .loss(deviations: deviations)
        }
        if let deviations = Self.deviations(of: gradientNorm, in: gradientNorms),
            deviations > limit
        {
            return .gradientNorm(deviations: deviations)
        }
        return nil
    }

    private static func append(_ value: Double, to values: inout [Double]) {
        if values.count == windowSize { values.removeFirst() }
        values.append(value)
    }

    /// Standard deviations by which `value` lies above the mean of `values`; nil when they are too
    /// few or all the same.
    private static func deviations(of value: Double, in values: [Double]) -> Double? {
        guard values.count >= neededCount else { return nil }
        let count = Double(values.count)
        let mean = values.reduce(0, +) / count
        let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / (count - 1)
        return variance > 0 ? (value - mean) / variance.squareRoot() : nil
    }
}

extension OutlierDetector.Finding: CustomStringConvertible {
    /// The reason in words.
    public var description: String {
        func rounded(_ value: Double) -> String { "\((value * 10).rounded() / 10)" }
        return switch self {
        case .notFinite: "its loss or gradient is not finite"
        case .loss(let deviations):
            "its loss lies \(rounded(deviations)) standard deviations above that of the steps "
                + "before"
        case .gradientNorm(let deviations):
            "its gradient is \(rounded(deviations)) standard deviations longer than in the steps "
                + "before"
        }
    }
}
