import CKernels

/// Rows that ``Kernels/round(_:rows:for:into:)`` has rounded to integers of eight bits, for one
/// product after another.
@safe final class RoundedRows {
    private var bytes = ByteBuffer(count: 0)
    private(set) var rows = 0
    private(set) var columns = 0

    /// Takes room for so many rows; what was there is lost.
    func resize(rows: Int, columns: Int) {
        let count = rows * qk_rounded_bytes(columns)
        if bytes.count < count { bytes = ByteBuffer(count: max(count, 2 * bytes.count)) }
        (self.rows, self.columns) = (rows, columns)
    }

    /// The bytes of a row and of those behind it.
    func row(_ index: Int) -> UnsafeMutablePointer<UInt8> {
        precondition((0...rows).contains(index), "no such row")
        return unsafe bytes.base + index * qk_rounded_bytes(columns)
    }
}
