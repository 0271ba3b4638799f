/// GELU by the tanh formula: close to x for large x, close to 0 for very negative x, smooth
/// between. Hendrycks and Gimpel, <https://arxiv.org/abs/1606.08415>.
enum PlainGELU<Scalar: PlainScalar> {
    private static var root: Scalar { (2 / Scalar.pi).squareRoot() }
    private static var cubic: Scalar { Scalar(44715) / 1_000_000 }

    /// gelu(x) = x/2·(1 + tanh u) with u = √(2/π)·(x + 0.044715·x³)
    static func forward(_ x: Scalar) -> Scalar {
        x / 2 * (1 + .hyperbolicTangent(root * (x + cubic * x * x * x)))
    }

    /// gelu'(x) = (1 + tanh u)/2 + x/2·(1 - tanh² u)·u'
    static func derivative(_ x: Scalar) -> Scalar {
        let t = Scalar.hyperbolicTangent(root * (x + cubic * x * x * x))
        return (1 + t) / 2 + x / 2 * (1 - t * t) * root * (1 + 3 * cubic * x * x)
    }
}
