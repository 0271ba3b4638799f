extension PlainGPT {
    /// The logits after each of `ids`, (count, V) row-major.
    public func logits(for ids: [TokenID], documentStarts: [Int32]? = nil) -> [Scalar] {
        forward(sequence(ids, documentStarts, nil)).logits.elements
    }

    /// The loss of each position: the negative logarithm of the probability of its target; 0 where
    /// the target is `TokenID.ignored`.
    ///
    /// - Parameters:
    ///   - ids: the tokens of one sequence.
    ///   - targets: for each position the token to predict, or `TokenID.ignored`.
    ///   - documentStarts: for each position the first of its document; nil if all are of one.
    ///   - dropout: dropout in a batch whose first sequence this is.
    public func losses(
        _ ids: [TokenID], targets: [TokenID], documentStarts: [Int32]? = nil,
        dropout: Dropout? = nil
    ) -> [Scalar] {
        let logits = forward(sequence(ids, documentStarts, dropout)).logits
        return targets.indices.map { t in
            guard targets[t] != .ignored else { return 0 }
            return -Scalar.logarithm(Self.softmax(logits, row: t)[targets[t].index])
        }
    }

    static func softmax(_ logits: Matrix, row: Int) -> [Scalar] {
        let values = (0..<logits.columns).map { logits[row, $0] }
        let greatest = values.max() ?? 0
        let powers = values.map { Scalar.exponential($0 - greatest) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }

    // MARK: Tensors by name

    /// A tensor as a matrix.
    func matrix(_ name: String) -> Matrix {
        let tensor = place(name)
        return Matrix(tensor.shape[0], tensor.shape[1], parameters[tensor.range])
    }

    /// A tensor as a vector.
    func vector(_ name: String) -> [Scalar] { Array(parameters[place(name).range]) }

    func place(_ name: String) -> ParameterLayout.Tensor {
        guard let tensor = layout.tensor(named: name) else {
            preconditionFailure("the model has no tensor \(name)")
        }
        return tensor
    }

    var epsilon: Scalar { Scalar(configuration.layerNormEpsilon) }

    /// The head's tensor: its own, or the embedding that it shares.
    var headName: String { configuration.tiesEmbeddings ? names.tokens : names.head }

    /// LayerNorm where there is a bias, else RMSNorm.
    func norm(_ x: Matrix, _ tensors: [String]) -> Matrix {
        tensors.count == 2
            ? PlainLayerNorm.forward(x, vector(tensors[0]), vector(tensors[1]), epsilon)
            : PlainRMSNorm.forward(x, factors(tensors[0]), epsilon)
    }

    /// The factors of an RMSNorm, which an architecture may store less a number.
    func factors(_ name: String) -> [Scalar] {
        vector(name).map { $0 + Scalar(configuration.architecture.normOffset) }
    }

    /// A product with each of the weights, side by side, plus the bias.
    func linear(_ x: Matrix, _ tensors: TensorNames.Linear) -> Matrix {
        let parts = tensors.weights.enumerated().map { index, name in
            PlainLinear.forward(
                x, weight(name), tensors.biases.isEmpty ? nil : vector(tensors.biases[index]))
        }
        var y = Matrix(x.rows, parts.reduce(0) { $0 + $1.columns })
        var column = 0
        for part in parts {
            y[columns: column..<column + part.columns] = part
            column += part.columns
        }
        return y
    }

    /// A weight as (in, out), whichever way round it is stored.
    func weight(_ name: String) -> Matrix {
        names.storesOutputRows ? matrix(name).transposed : matrix(name)
    }
}
