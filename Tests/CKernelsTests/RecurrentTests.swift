import CKernels
import Testing

/// A cell of a recurrent layer, by its kernels.
enum Cell: CaseIterable {
    case rnn, lstm, gru

    /// Gates of the products.
    var gates: Int { self == .rnn ? 1 : self == .lstm ? 4 : 3 }

    func step(_ level: Int32, _ step: inout qk_recurrent_step) {
        let kernels = unsafe qk_numeric(level).pointee
        switch self {
        case .rnn: unsafe kernels.rnn_step(&step)
        case .lstm: unsafe kernels.lstm_step(&step)
        case .gru: unsafe kernels.gru_step(&step)
        }
    }

    func backward(_ level: Int32, _ step: inout qk_recurrent_gradient) {
        let kernels = unsafe qk_numeric(level).pointee
        switch self {
        case .rnn: unsafe kernels.rnn_step_backward(&step)
        case .lstm: unsafe kernels.lstm_step_backward(&step)
        case .gru: unsafe kernels.gru_step_backward(&step)
        }
    }
}

@Suite struct RecurrentTests {
    /// Buffers of a step and its backward over three sequences, with gaps between rows.
    struct Buffers {
        let n: Int
        let (inputs, products, bias): (Floats, Floats, Floats)
        let (gates, cells, before): (Floats, Floats, Floats)
        let (hidden, after): (Floats, Floats)
        let (dOut, dProducts, carried, dAfter): (Floats, Floats, Floats, Floats)
        var row: Int { n + 3 }

        init(_ n: Int) {
            self.n = n
            let size = 3 * 4 * (n + 3)
            inputs = Floats(size, seed: 1)
            products = Floats(size, seed: 2)
            for index in 0..<size {
                inputs[index] *= 3
                products[index] *= 2
            }
            bias = Floats(n, seed: 3)
            gates = Floats(size, seed: 4)
            cells = Floats(2 * size, seed: 5)
            before = Floats(size, seed: 6)
            hidden = Floats(size)
            after = Floats(size)
            dOut = Floats(size, seed: 7)
            dProducts = Floats(size, seed: 8)
            carried = Floats(size, seed: 9)
            dAfter = Floats(size)
        }

        /// Runs a step and its backward.
        func run(_ cell: Cell, _ level: Int32, places: [Int32]?, fresh: [Int32]?) {
            unsafe (places ?? []).withUnsafeBufferPointer { placeBuffer in
                unsafe (fresh ?? []).withUnsafeBufferPointer { freshBuffer in
                    let places = places == nil ? nil : placeBuffer.baseAddress
                    let fresh = fresh == nil ? nil : freshBuffer.baseAddress
                    var step = unsafe qk_recurrent_step()
                    unsafe (step.rows, step.n) = (3, n)
                    unsafe (step.inputs, step.inputs_row, step.inputs_gate) =
                        (UnsafePointer(inputs.base), 4 * row, row)
                    unsafe (step.places, step.places_row) = (places, 2)
                    unsafe (step.products, step.products_row, step.products_gate) =
                        (UnsafePointer(products.base), row, 3 * row)
                    unsafe step.bias = UnsafePointer(bias.base)
                    unsafe (step.gates, step.gates_row, step.gates_gate) =
                        (gates.base, 4 * row, row)
                    unsafe (step.cells, step.cells_row, step.cells_next) =
                        (cells.base, 2 * row, row)
                    unsafe (step.before, step.before_row) = (UnsafePointer(before.base), row)
                    unsafe (step.hidden, step.hidden_row) = (hidden.base, 2 * row)
                    unsafe (step.after, step.after_row) = (after.base, row)
                    unsafe (step.fresh, step.fresh_row) = (fresh, 2)
                    cell.step(level, &step)

                    var gradient = unsafe qk_recurrent_gradient()
                    unsafe (gradient.rows, gradient.n) = (3, n)
                    unsafe (gradient.dout, gradient.dout_row) = (UnsafePointer(dOut.base), row)
                    unsafe (gradient.products, gradient.products_row) =
                        (UnsafePointer(dProducts.base), row)
                    unsafe (gradient.gates, gradient.gates_row, gradient.gates_gate) =
                        (gates.base, 4 * row, row)
                    unsafe (gradient.cells, gradient.cells_row, gradient.cells_next) =
                        (UnsafePointer(cells.base), 2 * row, row)
                    unsafe (gradient.hidden, gradient.hidden_row, gradient.hidden_next) =
                        (UnsafePointer(hidden.base), 2 * row, 0)
                    unsafe (gradient.carried, gradient.carried_row) = (carried.base, row)
                    unsafe (gradient.after, gradient.after_row, gradient.after_gate) =
                        (dAfter.base, 4 * row, row)
                    unsafe (gradient.fresh, gradient.fresh_row) = (fresh, 2)
                    cell.backward(level, &gradient)
                }
            }
        }
    }

    @Test("a step and its gradient", arguments: fastLevels, Cell.allCases)
    func steps(level: Int32, cell: Cell) {
        for n in Array(1...20) + [31, 32, 33, 48, 65] {
            for (places, fresh) in [
                (nil, nil), ([2, 9, 0, 9, 1, 9], nil), (nil, [0, 1, 1, 0, 0, 0]),
            ] as [([Int32]?, [Int32]?)] {
                let (found, expected) = (Buffers(n), Buffers(n))
                found.run(cell, level, places: places, fresh: fresh)
                expected.run(cell, plain, places: places, fresh: fresh)
                for (name, a, b) in [
                    ("gates", found.gates, expected.gates), ("h", found.hidden, expected.hidden),
                    ("cells", found.cells, expected.cells), ("h", found.after, expected.after),
                    ("carried", found.carried, expected.carried),
                    ("passed on", found.dAfter, expected.dAfter),
                ] {
                    #expect(a.error(against: b) < 1e-6, "\(name) of \(n) units")
                }
            }
        }
    }

    @Test("tanh and the logistic function to 1e-6, far from zero too", arguments: availableLevels)
    func functions(level: Int32) {
        let n = 4001
        let buffers = Buffers(n)
        for index in 0..<buffers.inputs.count {
            buffers.inputs[index] = Float(index % buffers.row - 2000) / 100
            if index % buffers.row == 0 { buffers.inputs[index] = -1000 }
            if index % buffers.row == 4000 { buffers.inputs[index] = 1000 }
        }
        buffers.products.fill(0)
        buffers.cells.fill(0)
        buffers.run(.lstm, level, places: nil, fresh: nil)
        let expected = Buffers(n)
        for index in 0..<expected.inputs.count { expected.inputs[index] = buffers.inputs[index] }
        expected.products.fill(0)
        expected.cells.fill(0)
        expected.run(.lstm, plain, places: nil, fresh: nil)
        #expect(buffers.hidden.error(against: expected.hidden) < 1e-6)
        #expect(buffers.cells.error(against: expected.cells) < 1e-6)
        #expect(buffers.gates.error(against: expected.gates) < 1e-6)
    }

    @Test("an LSTM by hand: open gates add the value to the cell", arguments: availableLevels)
    func byHand(level: Int32) {
        let buffers = Buffers(1)
        buffers.products.fill(0)
        for (gate, sum) in [Float(100), 100, 0.5, 100].enumerated() {
            buffers.inputs[gate * buffers.row] = sum
        }
        buffers.cells[0] = 0.25
        buffers.run(.lstm, level, places: nil, fresh: nil)
        #expect(abs(buffers.cells[buffers.row] - 0.7121172) < 1e-6)
        #expect(abs(buffers.hidden[0] - 0.6120027) < 1e-6)
    }
}
