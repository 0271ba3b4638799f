extension GPTConfiguration {
    /// The fields of `Gemma3Config`, whose model sees images too: the part that reads text is a
    /// model of its own, and what it makes of a text without images is the same.
    struct GemmaWithImages: Decodable {
        var tie_word_embeddings: Bool?
        var eos_token_id: ConfigurationData.EndTokens?

        /// The value of `model_type`.
        static let modelType = "gemma3"

        /// The keys that are read here, and those that only images need.
        private static let keys: Set<String> = [
            "text_config", "vision_config", "mm_tokens_per_image", "boi_token_index",
            "eoi_token_index", "image_token_index", "boi_token_id", "eoi_token_id",
            "image_token_id",
        ]

        /// The shape of the part that reads text.
        static func contents(_ file: ConfigurationData) throws -> Contents {
            let fields = try file.decode(Self.self)
            guard let text = try file.member("text_config") else {
                throw Unsupported("it has no text_config")
            }
            guard (text.modelType ?? Architecture.gemma3.rawValue) == Architecture.gemma3.rawValue
            else {
                throw Unsupported(
                    "the model_type of its text_config is \(text.modelType ?? "missing")")
            }
            let contents = try GemmaFields.contents(text)
            try file.check(known: keys)
            var configuration = contents.configuration
            if let isTied = fields.tie_word_embeddings { configuration.tiesEmbeddings = isTied }
            return Contents(
                configuration: configuration, endToken: fields.eos_token_id ?? contents.endToken)
        }

        /// Where the part lies in the checkpoint, by the names of today's Transformers and by those
        /// of published files.
        static let part = CheckpointPart(
            prefixes: [("model.language_model.", "model."), ("language_model.", "")],
            others: [
                "vision_tower.", "multi_modal_projector.", "model.vision_tower.",
                "model.multi_modal_projector.",
            ])
    }

    /// The architectures, and the type of the model that has one of them as a part.
    public static var modelTypes: [String] { architectures + [GemmaWithImages.modelType] }

    /// Where the part that reads text lies.
    public static func part(ofModelType modelType: String) -> CheckpointPart? {
        modelType == GemmaWithImages.modelType ? GemmaWithImages.part : nil
    }
}
