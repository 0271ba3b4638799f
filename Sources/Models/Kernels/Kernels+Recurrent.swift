import CKernels

/// Operands of a recurrent layer's step; rows are sequences, H hidden units, G gates.
struct RecurrentStep {
    let architecture: RecurrentArchitecture
    /// The hidden units that are computed.
    let units: Range<Int>
    /// The input's products with biases, (rows, G·H); or those of all tokens, of which `places`
    /// says the row.
    let inputs: Matrix
    var places: PlacesOfStep?
    /// Products of the last h, of these units, and the floats from a sequence and from a gate to
    /// the next.
    let products: FloatSlice
    let productRow: Int
    let productGate: Int
    /// What the GRU adds to those of its third gate, (H).
    let bias: FloatSlice?
    /// Room for the gates' values, (rows, G·H), of the GRU (rows, 4·H); nil to keep none.
    let gates: Matrix?
    /// c before, (rows, H), and where it goes: so many floats behind.
    let cells: Matrix?
    let nextCells: Int
    /// h before.
    let before: Matrix  // (rows, H)
    /// h as the layer's output, and as the next step reads it.
    let hidden: Matrix  // (rows, H)
    let after: Matrix  // (rows, H)
    /// Where the state is zero; nil for nowhere.
    let fresh: PlacesOfStep?
}

/// One number for each sequence, a fixed number of places apart.
struct PlacesOfStep {
    let slice: IDSlice
    let stride: Int
}

/// Operands of the gradient of a step.
struct RecurrentStepGradient {
    let architecture: RecurrentArchitecture
    let units: Range<Int>
    /// The gradient of h by the layer's output.
    let dOut: Matrix  // (rows, H)
    /// That by the next step's products, (rows, units).
    let products: FloatSlice
    /// The gates' values, which the gradients of their sums replace.
    let gates: Matrix  // (rows, G·H), of the GRU (rows, 4·H)
    let cells: Matrix?  // (rows, H), before the step
    let nextCells: Int
    let hidden: Matrix  // (rows, H), before the step
    let nextHidden: Int
    let carried: Matrix  // (rows, H)
    let after: Matrix  // (rows, G·H)
    let fresh: PlacesOfStep?
}

extension Kernels {
    /// A step of some hidden units.
    func step(_ s: RecurrentStep) {
        let (first, n) = (s.units.lowerBound, s.units.count)
        let (rows, hidden) = (s.hidden.rows, s.hidden.columns)
        let gateCount = s.architecture.gateCount
        precondition(
            s.units.upperBound <= hidden && s.inputs.columns >= gateCount * hidden
                && s.products.count
                    >= (rows - 1) * s.productRow + (gateCount - 1) * s.productGate + n
                && s.after.columns >= hidden
                && s.before.columns >= hidden && (s.places != nil || s.inputs.rows >= rows)
                && s.bias.map { $0.count >= hidden } ?? true
                && s.gates.map { $0.rows >= rows } ?? true, "a step that does not fit")
        check(s.places, rows, last: 0)
        check(s.fresh, rows, last: 1)
        var step = unsafe qk_recurrent_step()
        unsafe (step.rows, step.n) = (rows, n)
        unsafe step.inputs = UnsafePointer(s.inputs.slice.base + first)
        unsafe (step.inputs_row, step.inputs_gate) = (s.inputs.rowStride, hidden)
        if let places = s.places {
            unsafe step.places = UnsafePointer(places.slice.base)
            unsafe step.places_row = places.stride
        }
        unsafe step.products = UnsafePointer(s.products.base)
        unsafe (step.products_row, step.products_gate) = (s.productRow, s.productGate)
        if let bias = s.bias { unsafe step.bias = UnsafePointer(bias.base + first) }
        if let gates = s.gates {
            unsafe step.gates = gates.slice.base + first
            unsafe (step.gates_row, step.gates_gate) = (gates.rowStride, hidden)
        }
        if let cells = s.cells {
            unsafe step.cells = cells.slice.base + first
            unsafe (step.cells_row, step.cells_next) = (cells.rowStride, s.nextCells)
        }
        unsafe step.before = UnsafePointer(s.before.slice.base + first)
        unsafe step.before_row = s.before.rowStride
        unsafe (step.hidden, step.hidden_row) = (s.hidden.slice.base + first, s.hidden.rowStride)
        unsafe (step.after, step.after_row) = (s.after.slice.base + first, s.after.rowStride)
        if let fresh = s.fresh {
            unsafe step.fresh = UnsafePointer(fresh.slice.base)
            unsafe step.fresh_row = fresh.stride
        }
        switch s.architecture {
        case .rnn: unsafe qk_numeric(level).pointee.rnn_step(&step)
        case .lstm: unsafe qk_numeric(level).pointee.lstm_step(&step)
        case .gru: unsafe qk_numeric(level).pointee.gru_step(&step)
        }
    }

    /// The gradient of a step of some hidden units.
    func stepBackward(_ s: RecurrentStepGradient) {
        let (first, n) = (s.units.lowerBound, s.units.count)
        let (rows, hidden) = (s.dOut.rows, s.dOut.columns)
        precondition(
            s.units.upperBound <= hidden && s.gates.columns >= s.architecture.gateCount * hidden
                && s.gates.rows >= rows && s.products.count >= rows * n
                && s.after.columns >= s.architecture.gateCount * hidden
                && s.carried.columns >= hidden, "a step that does not fit")
        check(s.fresh, rows, last: 0)
        var step = unsafe qk_recurrent_gradient()
        unsafe (step.rows, step.n) = (rows, n)
        unsafe step.dout = UnsafePointer(s.dOut.slice.base + first)
        unsafe step.dout_row = s.dOut.rowStride
        unsafe (step.products, step.products_row) = (UnsafePointer(s.products.base), n)
        unsafe step.gates = s.gates.slice.base + first
        unsafe (step.gates_row, step.gates_gate) = (s.gates.rowStride, hidden)
        if let cells = s.cells {
            unsafe step.cells = UnsafePointer(cells.slice.base + first)
            unsafe (step.cells_row, step.cells_next) = (cells.rowStride, s.nextCells)
        }
        unsafe step.hidden = UnsafePointer(s.hidden.slice.base + first)
        unsafe (step.hidden_row, step.hidden_next) = (s.hidden.rowStride, s.nextHidden)
        unsafe step.carried = s.carried.slice.base + first
        unsafe step.carried_row = s.carried.rowStride
        unsafe step.after = s.after.slice.base + first
        unsafe (step.after_row, step.after_gate) = (s.after.rowStride, hidden)
        if let fresh = s.fresh {
            unsafe step.fresh = UnsafePointer(fresh.slice.base)
            unsafe step.fresh_row = fresh.stride
        }
        switch s.architecture {
        case .rnn: unsafe qk_numeric(level).pointee.rnn_step_backward(&step)
        case .lstm: unsafe qk_numeric(level).pointee.lstm_step_backward(&step)
        case .gru: unsafe qk_numeric(level).pointee.gru_step_backward(&step)
        }
    }

    private func check(_ places: PlacesOfStep?, _ rows: Int, last: Int) {
        guard let places else { return }
        precondition(
            (rows - 1) * places.stride + last < places.slice.count, "places of another count")
    }
}
