extension KeyedDecodingContainer {
    /// Reads what stands at `key` into `value`, which keeps what it has where nothing stands there.
    package func read<Value: Decodable>(_ key: Key, into value: inout Value) throws {
        value = try decodeIfPresent(Value.self, forKey: key) ?? value
    }
}
