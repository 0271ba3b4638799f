/// The layout of another program's token files.
public enum ExportFormat: String, Sendable, CaseIterable {
    /// nanoGPT: `train.bin` and `val.bin`, 16-bit ids and nothing else.
    case nanogpt
    /// Megatron-LM's indexed data set: `train_text_document.bin` and `.idx`, and the same for `val`.
    case megatron
    /// datatrove and nanotron: `train/00000_unshuffled.ds` with `.index` and `.metadata`.
    case datatrove
    /// dolma and OLMo-core: `train/part-00-00000.npy` (raw ids in spite of the name) and `.csv.gz`.
    case olmo
    /// MosaicML Streaming: `train/index.json` and `train/shard.00000.mds`.
    case mds
}
