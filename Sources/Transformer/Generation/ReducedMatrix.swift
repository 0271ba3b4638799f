import CKernels
import Work

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

/// A fixed number of bytes in one allocation, aligned to a cache line, for weights of few bits.
@safe final class ByteBuffer: @unchecked Sendable {
    // Unchecked because it is written only by its maker, before others have it.
    let base: UnsafeMutablePointer<UInt8>
    let count: Int

    init(count: Int) {
        let bytes = UnsafeMutableRawPointer.allocate(byteCount: max(count, 1), alignment: 64)
        unsafe base = bytes.bindMemory(to: UInt8.self, capacity: max(count, 1))
        self.count = count
    }

    deinit { unsafe UnsafeMutableRawPointer(base).deallocate() }
}
