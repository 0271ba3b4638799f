import CKernels
import Work

/// A product's matrix (in, out) and its bias (out), as generation multiplies by them: where they
/// lie, or a copy of fewer bits.
struct InferenceLinear {
    /// The matrix as it was trained; its shape, if there is a reduced one.
    let matrix: Matrix
    let reduced: ReducedMatrix?
    let bias: FloatSlice?

    /// `matrix` in numbers of `format`; the model's parameters must not change meanwhile.
    init(_ matrix: Matrix, _ bias: FloatSlice?, _ format: WeightFormat, team: ThreadTeam) {
        self.matrix = matrix
        self.bias = bias
        reduced = format.reducedFormat.map { ReducedMatrix(matrix, format: $0, team: team) }
    }

    /// What makes the products of linear layers: in numbers of `format`, on the threads of `team`.
    static func maker(
        _ format: WeightFormat, team: ThreadTeam
    ) -> (ParameterSlices.Linear) -> InferenceLinear {
        { InferenceLinear($0.weight, $0.bias, format, team: team) }
    }

    /// Bytes that are read for a token.
    var byteCount: Int { reduced?.byteCount ?? 4 * matrix.rows * matrix.columns }
}

/// A matrix (inputs, outputs) rounded to fewer bits, in panels of columns.
@safe struct ReducedMatrix {
    let format: Int32
    let rows: Int
    let columns: Int
    private let storage: ByteBuffer

    /// Columns of a panel.
    static let panelColumns = Int(QK_REDUCED_COLUMNS)

    /// Rounds `matrix`, panels on all threads.
    init(_ matrix: Matrix, format: Int32, team: ThreadTeam) {
        let (rows, columns) = (matrix.rows, matrix.columns)
        let storage = ByteBuffer(count: qk_reduced_bytes(format, rows, columns))
        let panelBytes = qk_reduced_bytes(format, rows, 1)
        team.run((columns + Self.panelColumns - 1) / Self.panelColumns) { panel in
            let first = panel * Self.panelColumns
            let part = matrix.columns(first..<min(first + Self.panelColumns, columns))
            unsafe qk_reduce(
                format, rows, part.columns, part.slice.base, part.rowStride, part.columnStride,
                storage.base + panel * panelBytes)
        }
        self.format = format
        self.rows = rows
        self.columns = columns
        self.storage = storage
    }

    /// Whether its numbers are integers with a scale, which multiply rows of integers.
    var isOfIntegers: Bool { format == Int32(QK_INT8) || format == Int32(QK_Q4_0) }

    /// Bytes of the panels.
    var byteCount: Int { storage.count }

    /// The panels from the one that begins with the first of `columns`.
    func panels(from columns: Range<Int>) -> UnsafePointer<UInt8> {
        precondition(
            columns.lowerBound % Self.panelColumns == 0 && columns.upperBound <= self.columns,
            "columns that begin inside of a panel")
        let offset = qk_reduced_bytes(format, rows, columns.lowerBound)
        return unsafe UnsafePointer(storage.base + offset)
    }
}

/// A fixed number of bytes in one allocation, aligned to a cache line, for numbers of few bits.
@safe final class ByteBuffer: @unchecked Sendable {
    // Unchecked because its owner writes it while no other thread reads it.
    let base: UnsafeMutablePointer<UInt8>
    let count: Int

    init(count: Int) {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 64)
        unsafe base = bytes.bindMemory(to: UInt8.self, capacity: max(count, 1))
        self.count = count
    }

    deinit { unsafe UnsafeMutableRawPointer(base).deallocate() }
}

/// The numbers that the matrices of a model are kept in while it generates.
///
/// For one token every weight is read once and used once, so that memory sets the speed: half the
/// bytes are nearly twice the tokens a second. Sums of products are made in float32; those of
/// integers in blocks of 32, exactly, before float32 adds up the blocks. For them the rows that are
/// multiplied are rounded to eight bits as well, in blocks of 32 with a scale each: products of
/// many rows take a third of the time with AVX-512 VNNI. The bits are then the same at every
/// ``KernelLevel``.
public enum WeightFormat: String, CaseIterable, Sendable {
    /// As trained.
    case float32
    /// Half the bytes, eleven bits of precision; for weights up to 65,504 in size.
    case float16
    /// The upper half of a float32: half the bytes, eight bits of precision.
    case bfloat16
    /// Blocks of 32 inputs that share a scale: integers from -127 to 127, a bit more than a quarter
    /// of the bytes.
    case int8
    /// Blocks of 32 inputs that share a scale: integers from -8 to 7, a seventh of the bytes. They
    /// are those of ggml's Q4_0, so that a model that was read from a file of that type keeps its
    /// numbers.
    case blocks4 = "q4_0"

    /// The number that C has for it; nil for float32, which stays where it is.
    var reducedFormat: Int32? {
        switch self {
        case .float32: nil
        case .float16: Int32(QK_FLOAT16)
        case .bfloat16: Int32(QK_BFLOAT16)
        case .int8: Int32(QK_INT8)
        case .blocks4: Int32(QK_Q4_0)
        }
    }
}
