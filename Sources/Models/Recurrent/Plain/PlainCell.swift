/// One step of a cell in simple loops, forward and backward, of one sequence.
///
/// x is (E), h and c are (H). Gates stand in PyTorch's order of rows; a row of a weight is what one
/// hidden unit's gate multiplies by.
struct PlainCell<Scalar: PlainScalar> {
    typealias Matrix = PlainMatrix<Scalar>

    let architecture: RecurrentArchitecture
    let inputWeight: Matrix  // (G·H, E)
    let hiddenWeight: Matrix  // (G·H, H)
    let inputBias: [Scalar]  // (G·H)
    let hiddenBias: [Scalar]  // (G·H)

    var unitCount: Int { hiddenWeight.columns }

    /// What a layer remembers between steps.
    struct State {
        var h: [Scalar]
        var c: [Scalar]  // zeros where the cell is no LSTM
    }

    /// Values of a step that its backward needs.
    struct Trace {
        let x: [Scalar]
        let before: State
        var after: State
        /// Each gate behind its function, (H) each; of the GRU a fourth: the hidden sum of the
        /// third.
        var gates: [[Scalar]]
    }

    /// The gradients of a layer's parameters.
    struct Gradients {
        var inputWeight: Matrix
        var hiddenWeight: Matrix
        var inputBias: [Scalar]
        var hiddenBias: [Scalar]
    }

    var zeroGradients: Gradients {
        Gradients(
            inputWeight: Matrix(inputWeight.rows, inputWeight.columns),
            hiddenWeight: Matrix(hiddenWeight.rows, hiddenWeight.columns),
            inputBias: inputBias.map { _ in 0 }, hiddenBias: hiddenBias.map { _ in 0 })
    }

    var zeroState: State {
        let zeros = [Scalar](repeating: 0, count: unitCount)
        return State(h: zeros, c: zeros)
    }

    private static func logistic(_ x: Scalar) -> Scalar { 1 / (1 + Scalar.exponential(-x)) }

    /// The state after `before` and x.
    ///
    /// RNN: h = tanh(W x + b + U h' + b'). LSTM: c = f·c' + i·g, h = o·tanh(c). GRU:
    /// n = tanh(W x + b + r·(U h' + b')), h = (1 - z)·n + z·h'.
    func forward(_ x: [Scalar], _ before: State) -> Trace {
        let count = unitCount
        var trace = Trace(x: x, before: before, after: before, gates: [])
        func sum(_ gate: Int, _ unit: Int) -> (input: Scalar, hidden: Scalar) {
            let row = gate * count + unit
            var (input, hidden) = (inputBias[row], hiddenBias[row])
            for i in x.indices { input += inputWeight[row, i] * x[i] }
            for i in 0..<count { hidden += hiddenWeight[row, i] * before.h[i] }
            return (input, hidden)
        }
        func gate(_ number: Int, _ function: (Scalar) -> Scalar) -> [Scalar] {
            (0..<count).map { unit in
                let sums = sum(number, unit)
                return function(sums.input + sums.hidden)
            }
        }
        switch architecture {
        case .rnn:
            trace.after.h = gate(0, Scalar.hyperbolicTangent)
        case .lstm:
            trace.gates = [
                gate(0, Self.logistic), gate(1, Self.logistic), gate(2, Scalar.hyperbolicTangent),
                gate(3, Self.logistic),
            ]
            let (i, f, g, o) = (trace.gates[0], trace.gates[1], trace.gates[2], trace.gates[3])
            for u in 0..<count {
                trace.after.c[u] = f[u] * before.c[u] + i[u] * g[u]
                trace.after.h[u] = o[u] * Scalar.hyperbolicTangent(trace.after.c[u])
            }
        case .gru:
            let (r, z) = (gate(0, Self.logistic), gate(1, Self.logistic))
            let sums = (0..<count).map { sum(2, $0) }
            let n = (0..<count).map {
                Scalar.hyperbolicTangent(sums[$0].input + r[$0] * sums[$0].hidden)
            }
            trace.gates = [r, z, n, sums.map(\.hidden)]
            for u in 0..<count { trace.after.h[u] = (1 - z[u]) * n[u] + z[u] * before.h[u] }
        }
        return trace
    }

    /// From the gradient of the loss by the state after a step: that by x and that by the state
    /// before it. Adds to the gradients of the parameters.
    func backward(
        _ trace: Trace, _ dAfter: State, _ gradients: inout Gradients
    ) -> (dx: [Scalar], dBefore: State) {
        let count = unitCount
        var dBefore = zeroState
        // Gradients of the sums of each gate: the input's and the hidden one.
        var dInput = [[Scalar]](repeating: zeroState.h, count: architecture.gateCount)
        var dHidden = dInput
        for u in 0..<count {
            let dh: Scalar = dAfter.h[u]
            let gates: [Scalar] = trace.gates.map { $0[u] }
            var d: [Scalar]
            switch architecture {
            case .rnn:
                let h: Scalar = trace.after.h[u]
                d = [dh * (1 - h * h)]
            case .lstm:
                let (i, f, g, o) = (gates[0], gates[1], gates[2], gates[3])
                let squashed = Scalar.hyperbolicTangent(trace.after.c[u])
                let slope: Scalar = o * (1 - squashed * squashed)
                let dc: Scalar = dAfter.c[u] + dh * slope
                let di: Scalar = dc * g * i * (1 - i)
                let df: Scalar = dc * trace.before.c[u] * f * (1 - f)
                let dg: Scalar = dc * i * (1 - g * g)
                let dO: Scalar = dh * squashed * o * (1 - o)
                d = [di, df, dg, dO]
                dBefore.c[u] = dc * f
            case .gru:
                let (r, z, n, sum) = (gates[0], gates[1], gates[2], gates[3])
                let dn: Scalar = dh * (1 - z) * (1 - n * n)
                let dz: Scalar = dh * (trace.before.h[u] - n) * z * (1 - z)
                let dr: Scalar = dn * sum * r * (1 - r)
                d = [dr, dz, dn]
                dBefore.h[u] = dh * z
            }
            for gate in d.indices {
                dInput[gate][u] = d[gate]
                dHidden[gate][u] = d[gate]
            }
            if architecture == .gru { dHidden[2][u] = d[2] * gates[0] }
        }
        var dx = trace.x.map { _ in Scalar(0) }
        for gate in 0..<architecture.gateCount {
            for u in 0..<count {
                let row = gate * count + u
                let (ofInput, ofHidden) = (dInput[gate][u], dHidden[gate][u])
                for i in dx.indices {
                    dx[i] += inputWeight[row, i] * ofInput
                    gradients.inputWeight[row, i] += ofInput * trace.x[i]
                }
                for i in 0..<count {
                    dBefore.h[i] += hiddenWeight[row, i] * ofHidden
                    gradients.hiddenWeight[row, i] += ofHidden * trace.before.h[i]
                }
                gradients.inputBias[row] += ofInput
                gradients.hiddenBias[row] += ofHidden
            }
        }
        return (dx, dBefore)
    }
}
