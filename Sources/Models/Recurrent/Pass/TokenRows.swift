/// The different tokens of some sequences, each with a row: what the first layer computes of a
/// token is the same wherever the token stands, and so is computed once.
final class TokenRows {
    /// The tokens, by row.
    private(set) var ids: IDSlice
    /// The row of each place that was asked for.
    let places: IDBuffer
    private let idBuffer: IDBuffer
    private let rows: IDBuffer
    private(set) var count = 0

    /// Room for `placeCount` places.
    init(placeCount: Int, vocabularySize: Int) {
        places = IDBuffer(count: placeCount)
        idBuffer = IDBuffer(count: min(placeCount, vocabularySize))
        rows = IDBuffer(count: vocabularySize)
        for id in 0..<vocabularySize { rows[id] = -1 }
        ids = idBuffer.slice(0..<0)
    }

    /// Finds the rows of the first `tokens.count` places. O(tokens).
    func find(_ tokens: IDSlice) {
        for row in 0..<count { rows[Int(idBuffer[row])] = -1 }
        count = 0
        for index in 0..<tokens.count {
            let id = Int(tokens[index])
            if rows[id] < 0 {
                rows[id] = Int32(count)
                idBuffer[count] = Int32(id)
                count += 1
            }
            places[index] = rows[id]
        }
        ids = idBuffer.slice(0..<count)
    }
}
