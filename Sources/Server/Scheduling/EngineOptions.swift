public import Models

/// Settings of a ``TextEngine``. None but the formats of weights and cache change a text.
public struct EngineOptions: Sendable, Equatable {
    /// The numbers that the model's matrices are rounded to.
    public var weights = WeightFormat.float32
    /// The numbers that keys and values are kept in, of texts and of earlier prompts.
    public var cache = CacheFormat.float32
    /// Threads that compute; 0 means one for each processor.
    public var threadCount = 0
    /// Texts that are drawn at once, from 1 to ``maximumSlotCount``.
    public var slotCount = 8
    /// Requests that wait while every slot is taken.
    public var queueLength = 64
    /// Most bytes that are kept of prompts for later ones that begin alike; 0 keeps nothing.
    public var cacheByteCount = 256 << 20
    /// Most tokens of prompts that are read between two steps of the texts that are drawn.
    public var chunkLength = 512

    /// The most texts at once.
    public static let maximumSlotCount = 64

    /// The defaults.
    public init() {}

    /// Throws `ModelError.badConfiguration` unless every number is in its range.
    func validate() throws(ModelError) {
        guard threadCount >= 0, 1...Self.maximumSlotCount ~= slotCount, queueLength >= 0,
            cacheByteCount >= 0, chunkLength > 0
        else {
            throw .badConfiguration(
                reason: "an engine has 1 to \(Self.maximumSlotCount) slots and chunks of at least "
                    + "one token, and no negative numbers")
        }
    }
}
