import Work

/// Comparison of what a model of a shape takes with the memory that there is, before anything of
/// it is allocated.
extension ModelShape {
    /// Bytes of what the model keeps of a text of `tokenCount` tokens, as float32.
    public func stateByteCount(tokenCount: Int) -> Int {
        stateByteCount(tokenCount: tokenCount, cache: .float32)
    }

    /// Throws ``ModelError/tooLittleMemory(_:)`` unless there is memory for the parameters.
    ///
    /// - Parameter layout: their layout.
    func checkParameterMemory(_ layout: ParameterLayout) throws(ModelError) {
        try check(
            4 * layout.floatCount, "the model, of \(layout.parameterCount) parameters,",
            "take a smaller model")
    }

    /// Throws ``ModelError/tooLittleMemory(_:)`` unless there is memory for what the model keeps of
    /// texts.
    ///
    /// - Parameters:
    ///   - tokenCount: tokens of each text.
    ///   - textCount: texts at once.
    ///   - cache: the numbers of keys and values.
    public func checkStateMemory(
        tokenCount: Int, textCount: Int, cache: CacheFormat = .float32
    ) throws(ModelError) {
        let tokenCount = min(tokenCount, contextLimit ?? tokenCount)
        let (all, overflows) = stateByteCount(tokenCount: tokenCount, cache: cache)
            .multipliedReportingOverflow(by: textCount)
        try check(
            overflows ? .max >> 1 : all, "keeping \(textCount) texts of \(tokenCount) tokens",
            "draw fewer tokens, or fewer samples at once")
    }

    private func check(
        _ byteCount: Int, _ purpose: String, _ advice: String
    ) throws(ModelError) {
        do {
            try AvailableMemory.require(byteCount, for: purpose, advice: advice)
        } catch {
            throw .tooLittleMemory(error)
        }
    }
}
