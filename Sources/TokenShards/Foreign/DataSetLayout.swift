/// Whose files a data set consists of.
public enum DataSetLayout: String, Codable, Sendable {
    /// Shards with indices and a manifest.
    case quern
    /// llm.c's shards: ids after a header that counts them.
    case llmc = "llm.c"
    /// nanoGPT's `train.bin` and `val.bin`: 16-bit ids and nothing else.
    case nanogpt = "nanoGPT"
    /// Megatron-LM's indexed data set.
    case megatron = "Megatron-LM"
}
