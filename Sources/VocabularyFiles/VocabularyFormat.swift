/// A form in which programs keep vocabularies.
public enum VocabularyFormat: String, CaseIterable, Sendable {
    /// Ranks in base64, `.tiktoken`; Meta's `tokenizer.model` is one too. No pattern, no special
    /// tokens.
    case tiktoken
    /// Hugging Face's `tokenizer.json`.
    case huggingface
    /// GPT-2's `vocab.json` and `merges.txt`. No pattern, no special tokens.
    case gpt2
    /// Mistral's `tekken.json`.
    case tekken
    /// llama.cpp's GGUF: the tokenizer in a model's file. It is read only.
    case gguf
}
