import Work

/// Comparison of what a model of a shape takes with the memory that there is, before anything of
/// it is allocated.
extension ModelShape {
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
    public func checkStateMemory(tokenCount: Int, textCount: Int) throws(ModelError) {
        let tokenCount = min(tokenCount, contextLimit ?? tokenCount)
        let (all, overflows) = stateByteCount(tokenCount: tokenCount)
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
