import Models

extension TextRequest {
    /// Throws unless a model of `shape` that keeps texts in `cache` can be asked this.
    func check(for shape: any ModelShape, cache: CacheFormat) throws(EngineRefusal) {
        do throws(ModelError) {
            try generation.validate()
        } catch {
            throw .badRequest(reason: error.description)
        }
        try require(
            1...Self.maximumSampleCount ~= sampleCount,
            "a request is for 1 to \(Self.maximumSampleCount) texts, not \(sampleCount)")
        if let alternativeCount {
            try require(
                0...Self.maximumAlternativeCount ~= alternativeCount,
                "0 to \(Self.maximumAlternativeCount) alternatives can be told, "
                    + "not \(alternativeCount)")
        }
        try require(adjustments.areFinite, "a penalty or a bias is not finite")
        guard !prompt.isEmpty else { throw .promptIsEmpty }
        if let token = prompt.first(where: { $0.index >= shape.vocabularySize }) {
            throw .unknownToken(token, count: shape.vocabularySize)
        }
        if let target = shape.startTokenID.map({ TokenID($0) }), !prompt.contains(target) {
            throw .noTarget(target)
        }
        try checkRoom(of: shape, cache)
    }

    private func checkRoom(
        of shape: any ModelShape, _ cache: CacheFormat
    ) throws(EngineRefusal) {
        let most = generation.maximumTokenCount
        if let limit = shape.contextLimit, prompt.count + most > limit {
            throw .doesNotFit(promptCount: prompt.count, tokenCount: most, limit: limit)
        }
        do throws(ModelError) {
            try shape.checkStateMemory(
                tokenCount: prompt.count + most, textCount: sampleCount, cache: cache)
        } catch {
            throw .tooLittleMemory(reason: error.description)
        }
    }

    private func require(_ condition: Bool, _ reason: String) throws(EngineRefusal) {
        if !condition { throw .badRequest(reason: reason) }
    }
}
